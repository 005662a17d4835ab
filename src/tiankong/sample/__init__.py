"""The built-in practice corpus: word lists in ``data``, and the grammar that makes reviews of them (no torch)."""
