"""Reads a small file of words that a user gives beside the texts."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

from tiankong.config import reason
from tiankong.corpus.encoding import detect_encoding
from tiankong.errors import OptionError

MOST_BYTES = 1 << 26
"""The most bytes of a file of words, many times what a model takes."""


def read_small_file(path: str, what: str) -> list[str]:
    """The lines of a file, read once (a pipe can't be read again), in an encoding that is detected.

    ``what`` names the file in messages, such as ``the user dictionary``.

    :raises OptionError: it can't be read, or is too large.
    :raises SourceError: it is neither UTF-8 nor GB18030.
    """
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise OptionError(f"{what} {path} can't be read: {reason(error)}") from None
    encoding = detect_encoding(partial(io.BytesIO, content), path)
    if len(content) > MOST_BYTES:
        raise OptionError(f"{path} is too large for a list of words: give at most {MOST_BYTES:,} bytes")
    return content.decode(encoding).splitlines()
