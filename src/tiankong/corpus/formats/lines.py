"""One text per line, or one ``text,,label`` per line."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from tiankong.corpus.archives import ByteStream, OnBytes
from tiankong.corpus.columns import Columns, Row, label_text
from tiankong.corpus.encoding import stream_lines
from tiankong.errors import SourceError

_LABELLED = re.compile(r",,\s*[^,\s](?:[^,]{0,38}[^,\s])?\s*$")
_PROBE_LINES = 1000
_LABELLED_SHARE, _MIXED_SHARE = 0.95, 0.5


def rows(stream: ByteStream, _columns: Columns, codec: str, on_bytes: OnBytes | None) -> Iterator[Row]:
    """See :mod:`tiankong.corpus.formats`."""
    labelled = _is_labelled(stream, codec)
    for number, line in enumerate(stream_lines(stream, codec, on_bytes), 1):
        text = line.rstrip("\r\n")
        if labelled and _LABELLED.search(text):
            text, _, label = text.rpartition(",,")
            yield Row(text, label_text(label), number)
        else:
            yield Row(text, None, number)


def _is_labelled(stream: ByteStream, codec: str) -> bool:
    """Tell from the first lines whether the file is in the format ``text,,label``.

    Raises:
        SourceError: most lines are, but too many are not: their labels would be read as words.
    """
    lines = stream_lines(stream, codec, None)
    probed = itertools.islice(((number, line) for number, line in enumerate(lines, 1) if line.strip()), _PROBE_LINES)
    probes = [(number, _LABELLED.search(line) is not None) for number, line in probed]
    lines.close()
    share = sum(labelled for _, labelled in probes) / max(1, len(probes))
    if _MIXED_SHARE <= share < _LABELLED_SHARE:
        without = [number for number, labelled in probes if not labelled]
        raise SourceError(
            f"{len(without):,} of the first {len(probes):,} lines of {stream.name} don't end in ,,label as the others "
            f"do, the first on line {without[0]}: label all of them, or none"
        )
    return share >= _LABELLED_SHARE
