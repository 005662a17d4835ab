"""Prepared corpus to trained weights: the loop that all tasks share, and one folder per task (torch)."""
