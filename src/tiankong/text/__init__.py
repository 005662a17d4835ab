"""Text to tokens: normalise, segment, find blanks, count words and characters (no torch)."""
