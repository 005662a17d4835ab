"""A model folder opened for answering: tokens in, probabilities out (no torch)."""
