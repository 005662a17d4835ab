"""Groups the texts of a source into chunks, the units in which they are segmented.

Where a chunk ends depends on the texts alone, not on the number of processes.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.archives import OnNote
from tiankong.corpus.labels import LONG_LABEL, LONGEST_LABEL, NO_LABEL, SEVERAL_LABELS
from tiankong.corpus.sources import Source
from tiankong.errors import SourceError

CHARACTERS = 1 << 21
"""Characters of a chunk, and those of its last text that are more."""

LONGEST_TEXT = 1 << 22
"""The most characters of a text: its tokens are in memory together."""

_OVERHEAD = 16
"""Counted for each text, so that a chunk of short ones is not much larger in memory."""

_MOST_PLACES = 10
_BETWEEN = "\0"


class _LabelNumbers(dict[str | None, int]):
    """Numbers of labels in order of appearance."""

    def __init__(self) -> None:
        super().__init__({None: NO_LABEL})
        self.names: list[str] = []

    def __missing__(self, label: str) -> int:
        number = LONG_LABEL
        if len(label) <= LONGEST_LABEL:
            number = len(self.names)
            self.names.append(label)
        self[label] = number
        return number


@dataclass
class Chunk:
    """Texts, and for each the number of its label in ``label_names``, or below 0 why it has none.

    ``places`` says where the first texts without a usable label stand, by their number within the chunk.
    """

    texts: list[str] = field(default_factory=list)
    labels: array[int] = field(default_factory=lambda: array("i"))
    label_names: list[str] = field(default_factory=list)
    places: dict[int, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The chunk for another process; equal chunks are equal bytes."""
        header = json.dumps([len(self.texts), self.label_names, list(self.places.items())], ensure_ascii=True)
        texts = _BETWEEN.join(self.texts).encode()
        return b"".join([header.encode(), b"\n", self.labels.tobytes(), texts])

    @classmethod
    def from_bytes(cls, content: bytes) -> Chunk:
        """What :meth:`to_bytes` gave."""
        end = content.index(b"\n") + 1
        count, names, places = json.loads(content[:end])
        labels = array("i")
        labels.frombytes(content[end : end + count * labels.itemsize])
        texts = content[end + count * labels.itemsize :].decode().split(_BETWEEN)
        return cls(texts, labels, names, dict(places))

    def label_array(self) -> NDArray[np.int32]:
        """The label of each text (texts,)."""
        return np.frombuffer(self.labels, dtype=np.int32)


def digest(content: bytes) -> str:
    """Identifies a chunk by its bytes."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def read_chunks(
    source: Source,
    on_read: Callable[[int], None],
    on_empty: Callable[[], None],
    on_note: OnNote,
    characters: int = CHARACTERS,
) -> Iterator[Chunk]:
    """The texts of ``source`` in chunks of about that many characters. The callbacks are those of :class:`Source`.

    :raises SourceError: something can't be read; a text is too long.
    """
    chunk, numbers, size = Chunk(), _LabelNumbers(), 0
    for text in source.read(on_read, on_empty, on_note):
        content = text.text
        if len(content) > LONGEST_TEXT:
            raise SourceError(
                f"the text on {text.place} has {len(content):,} characters, and the limit is {LONGEST_TEXT:,}: "
                "split it into several texts"
            )
        number = SEVERAL_LABELS if text.has_several_labels else numbers[text.label]
        if number < 0 and len(chunk.places) < _MOST_PLACES:
            chunk.places[len(chunk.texts)] = text.place
        chunk.texts.append(content)
        chunk.labels.append(number)
        size += len(content) + _OVERHEAD
        if size >= characters:
            chunk.label_names = numbers.names
            yield chunk
            chunk, numbers, size = Chunk(), _LabelNumbers(), 0
    if chunk.texts:
        chunk.label_names = numbers.names
        yield chunk
