"""The shards of an unfinished preparation: the segmented texts of one chunk each, in a file that is whole or absent.

A shard numbers its surface forms in the order of their code points, so that the tables of all shards can be merged
range by range.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from tiankong.corpus.splits import Hashes
from tiankong.corpus.typed_tokens import TypedTokens
from tiankong.errors import FolderError

_END = "\n"
"""Behind each form: no token holds white space."""

_COUNTED = ("ids", "lengths", "targets", "typed_places")
"""Arrays whose lengths are read with the shard."""


@dataclass(frozen=True)
class Segmented:
    """The texts of a chunk that have a token, segmented.

    ``ids`` (tokens,) are numbers of forms, ``lengths`` (texts,) the tokens of each text, ``hashes`` (texts,) what
    :func:`tiankong.corpus.splits.text_hashes` gives, ``labels`` (texts,) numbers in ``label_names`` or below 0.
    ``forms`` are in the order of their code points, ``targets`` (forms,) are those that can fill a blank, and ``typed``
    the tokens with capital letters. ``places`` says where the first texts without a usable label stand, by number;
    ``empty`` counts the texts without a token, and ``digest`` identifies the chunk.
    """

    ids: NDArray[np.int32]
    lengths: NDArray[np.int32]
    hashes: Hashes
    labels: NDArray[np.int32]
    forms: list[str]
    targets: NDArray[np.bool_]
    typed: TypedTokens
    label_names: list[str]
    places: dict[int, str]
    empty: int
    digest: str

    def write(self, file: Path) -> None:
        """Writes the shard.

        :raises OSError: it can't be written.
        """
        table = np.frombuffer(_END.join([*self.forms, ""]).encode(), dtype=np.uint8)
        starts = np.concatenate([[0], np.flatnonzero(table == ord(_END)) + 1])
        arrays: dict[str, NDArray[Any]] = {
            "ids": self.ids,
            "lengths": self.lengths,
            "hashes": self.hashes,
            "labels": self.labels,
            "table": table,
            "starts": starts,
            "targets": self.targets,
            "typed_places": self.typed.places,
            "typed_numbers": self.typed.numbers,
            "typed_table": np.frombuffer(_END.join([*self.typed.forms, ""]).encode(), dtype=np.uint8),
        }
        stated = {"label_names": self.label_names, "places": list(self.places.items()), "empty": self.empty}
        # Written by Python, whose error tells a full disk from others.
        file.write_bytes(save(arrays, metadata={"shard": json.dumps(stated), "digest": self.digest}))


@dataclass(frozen=True)
class FormTable:
    """The forms of a shard in UTF-8, one behind the other, and where each begins, and the last one ends."""

    content: bytes
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> bytes:
        """A form in UTF-8."""
        return self.content[self.starts[number] : self.starts[number + 1] - len(_END)]


class Shard:
    """A shard on disk. Its arrays are those of :class:`Segmented`, read when asked for."""

    def __init__(self, file: Path) -> None:
        """Opens a file that :meth:`Segmented.write` wrote.

        :raises FolderError: it is missing or damaged.
        """
        self.file = file
        try:
            with safe_open(file, framework="numpy") as opened:
                metadata = opened.metadata()
                sizes = {name: opened.get_slice(name).get_shape()[0] for name in _COUNTED}
                stated = json.loads(metadata["shard"])
                self.digest: str = metadata["digest"]
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise self._damaged(error) from None
        self.tokens, self.texts, self.forms = sizes["ids"], sizes["lengths"], sizes["targets"]
        self.has_typed = sizes["typed_places"] > 0
        self.label_names: list[str] = stated["label_names"]
        self.places: dict[int, str] = dict(stated["places"])
        self.empty: int = stated["empty"]

    def _damaged(self, error: Exception) -> FolderError:
        return FolderError(
            f"{self.file} is missing or damaged ({str(error).lower()}): go on with `resume=True`, which makes it again"
        )

    def array(self, name: str) -> NDArray[np.generic]:
        """A whole array of :class:`Segmented`.

        :raises FolderError: the file is missing or damaged.
        """
        with self._opened() as opened:
            found: NDArray[np.generic] = opened.get_tensor(name)
        return found

    @property
    def ids(self) -> NDArray[np.int32]:
        """See :class:`Segmented`."""
        return self.array("ids").astype(np.int32, copy=False)

    @property
    def lengths(self) -> NDArray[np.int32]:
        """See :class:`Segmented`."""
        return self.array("lengths").astype(np.int32, copy=False)

    @property
    def hashes(self) -> Hashes:
        """See :class:`Segmented`."""
        return self.array("hashes").astype(np.uint64, copy=False)

    @property
    def labels(self) -> NDArray[np.int32]:
        """See :class:`Segmented`."""
        return self.array("labels").astype(np.int32, copy=False)

    @property
    def targets(self) -> NDArray[np.bool_]:
        """See :class:`Segmented`."""
        return self.array("targets").astype(np.bool_, copy=False)

    @property
    def typed(self) -> TypedTokens:
        """See :class:`Segmented`."""
        forms = self.array("typed_table").tobytes().decode().split(_END)[:-1]
        places, numbers = self.array("typed_places"), self.array("typed_numbers")
        return TypedTokens(places.astype(np.int32, copy=False), numbers.astype(np.int32, copy=False), forms)

    def table(self) -> FormTable:
        """All forms, as they are stored."""
        return FormTable(self.array("table").tobytes(), self.array("starts").astype(np.int64, copy=False))

    def forms_between(self, start: int, stop: int) -> list[str]:
        """The forms whose first bytes stand from ``start`` to ``stop`` in the table."""
        if start == stop:
            return []
        with self._opened() as opened:
            content: NDArray[np.uint8] = opened.get_slice("table")[start:stop]
        return content.tobytes().decode().split(_END)[:-1]

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Any]:
        try:
            with safe_open(self.file, framework="numpy") as opened:
                yield opened
        except (OSError, SafetensorError) as error:
            raise self._damaged(error) from None
