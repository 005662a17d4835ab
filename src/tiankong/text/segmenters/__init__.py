"""One file per segmenter, each with a row in :mod:`tiankong.registry.segmenters`.

The contract: tokens are exact substrings of the text, in order, and only white space may be left out between them.
"""
