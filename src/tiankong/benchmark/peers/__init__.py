"""What people would use instead, each trained on the same words."""
