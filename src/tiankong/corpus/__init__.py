"""User files to a prepared corpus: read, split, count, give codes (no torch)."""
