"""One file a verb: what a model answers (no torch)."""
