"""Metrics over held-out or given texts (no torch)."""
