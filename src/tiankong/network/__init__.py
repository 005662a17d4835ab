"""The network: embedding, encoder, heads (torch)."""
