"""The built-in practice corpus, written for this project (no torch)."""
