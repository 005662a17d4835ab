"""Prepared corpus to trained weights: the loop that all tasks share, and a folder a task (torch)."""
