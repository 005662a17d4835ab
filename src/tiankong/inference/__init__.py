"""Blanks to ranked words over the exported network (no torch)."""
