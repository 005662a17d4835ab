"""Prepared corpus to trained weights: batches, Lightning module, resume, curves (torch)."""
