"""From a byte stream to rows of text, by the format that the suffix of its name stands for."""

from __future__ import annotations

from collections.abc import Iterator

from tiankong.corpus.archives import ByteStream, OnBytes
from tiankong.corpus.bad_rows import BadRows
from tiankong.corpus.columns import Columns, Row
from tiankong.corpus.encoding import check_encoding, detect_encoding
from tiankong.corpus.formats import format_module
from tiankong.corpus.label_words import LabelWords
from tiankong.errors import SourceError
from tiankong.registry.formats import FORMATS
from tiankong.text.normalise import unreadable_character


def read_rows(stream: ByteStream, columns: Columns, encoding: str | None, on_bytes: OnBytes | None) -> Iterator[Row]:
    """Yield the rows of a stream, blank texts included.

    Raises:
        SourceError: the stream can't be read as its suffix says; the message names the line.
        OptionError: the encoding given is unknown.
        MissingPackageError: the package of the stream's format is not installed.
    """
    spec = FORMATS[stream.suffix]
    module = format_module(stream.suffix)
    codec = None
    if spec.is_text:
        codec = check_encoding(encoding) if encoding else detect_encoding(stream.open, stream.name)
    label_words = LabelWords(stream.name, stream.on_note)
    bad = BadRows()
    for raw in module.rows(stream, columns, codec, on_bytes):
        row = label_words.read(raw)
        if character := unreadable_character(row.text) or unreadable_character(row.label or ""):
            place = f"{spec.unit} {row.line}"
            bad.add(place, SourceError(f"{stream.name} holds {character} on {place}: remove it"))
        if not bad:
            yield row
    bad.refuse()
