"""One text per line, which may carry a label: see :mod:`tiankong.corpus.label_forms`."""

from __future__ import annotations

from collections.abc import Iterator

from tiankong.corpus.archives import ByteStream, OnBytes
from tiankong.corpus.columns import TOO_LONG, Columns, FullRow, Row
from tiankong.corpus.encoding import CutLine, stream_lines
from tiankong.corpus.label_detection import find_form
from tiankong.corpus.label_forms import LabelForm
from tiankong.corpus.label_words import LabelWords
from tiankong.corpus.labelled_lines import LineReader
from tiankong.text.label_words import take_label_words


def rows(stream: ByteStream, _columns: Columns, codec: str, on_bytes: OnBytes | None) -> Iterator[Row]:
    """See :mod:`tiankong.corpus.formats`."""
    form = _form(stream, codec)
    reader = LineReader(form, stream.name, stream.on_note)
    label_words = LabelWords(stream.name, stream.on_note)
    for number, line in enumerate(stream_lines(stream, codec, on_bytes), 1):
        text = line.rstrip("\r\n")
        if "__" in text:  # which label words have, and few lines
            row = label_words.read(Row(text, None, number))
            text = row.text
            if row.label is not None:
                yield row
                continue
        yield Row(*reader.read(text, number), number)
    reader.finish()


def full_rows(stream: ByteStream, _columns: Columns, codec: str, on_bytes: OnBytes | None) -> Iterator[FullRow]:
    """See :mod:`tiankong.corpus.formats`. A line is a text as a whole, without labels; blank lines are no rows."""
    for number, line in enumerate(stream_lines(stream, codec, on_bytes, damaged=True), 1):
        if isinstance(line, CutLine):
            yield FullRow(None, None, number, TOO_LONG)
        elif not line.isspace():
            yield FullRow(line.rstrip("\r\n"), None, number)


def _form(stream: ByteStream, codec: str) -> LabelForm | None:
    lines = stream_lines(stream, codec, None)
    try:
        without_label_words = ((number, take_label_words(line).text) for number, line in enumerate(lines, 1))
        return find_form(without_label_words, stream.name, on_note=stream.on_note)
    finally:
        lines.close()
