"""Training a network that fills blanks."""
