"""How a request is read: queries, candidates, constraints; and the shapes of answers (no torch)."""
