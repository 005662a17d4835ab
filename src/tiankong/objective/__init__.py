"""What each task predicts from a prepared corpus, and how a model of it is described: one file per task (no torch)."""
