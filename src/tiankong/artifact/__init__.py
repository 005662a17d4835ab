"""The model folder: layout, version, hashes, loading, validation (no torch)."""
