"""Metrics over held-out or given text (no torch)."""
