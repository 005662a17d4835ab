"""From a context vector to words: one interface, one file per head. The registry of heads lists them."""
