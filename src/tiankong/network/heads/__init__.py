"""From a context vector to words: one interface, one file a head. The registry of heads lists them."""
