"""tiankong (填空): missing words filled in from context by a bidirectional recurrent network."""

__version__ = "0.1.0"
