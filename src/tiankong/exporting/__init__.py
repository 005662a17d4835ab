"""Trained weights to a model folder: ONNX, parity check, card (torch)."""
