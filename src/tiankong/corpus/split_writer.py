"""Writes the splits of a prepared corpus: shards of word ids, where each text begins, and labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.prepared import SplitCounts
from tiankong.corpus.splits import split_file
from tiankong.text.vocabulary import BEGIN, END, SPECIAL_TOKENS

SHARD_TOKENS = 1 << 26
"""A shard with as many tokens is closed behind the chunk that fills it: files of some 270 MB."""

LEFT_OUT = -1
"""Stands for the id of a form that texts are written without."""


class _ArrayFile:
    """A one-dimensional ``.npy`` file that grows."""

    def __init__(self, file: Path, dtype: type[np.generic]) -> None:
        self._dtype = np.dtype(dtype)
        self._length = 0
        self._out = file.open("wb")
        self._write_header()

    def append(self, values: NDArray[Any]) -> None:
        self._out.write(values.astype(self._dtype, copy=False).tobytes())
        self._length += len(values)

    def close(self) -> None:
        with self._out:
            self._out.seek(0)
            self._write_header()  # as long as before: NumPy leaves room for any length

    def _write_header(self) -> None:
        stated = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self._length,),
        }
        np.lib.format.write_array_header_1_0(self._out, stated)


class SplitWriter:
    """Writes one split, chunk by chunk, and counts what it has written."""

    def __init__(
        self, folder: Path, name: str, words: int, labels: int | None, shard_tokens: int = SHARD_TOKENS
    ) -> None:
        """``words`` is the size of the vocabulary, ``labels`` the number of different labels, ``None`` for no labels.

        ``label_counts`` (labels,) are the texts with each.
        """
        self._folder, self._name, self._shard_tokens = folder, name, shard_tokens
        self._known_below = words + len(SPECIAL_TOKENS)
        self._is_labelled = labels is not None
        self.label_counts = np.zeros(labels or 0, dtype=np.int64)
        self._texts = self._tokens = self._targets = self._known = 0
        self._shard = 0
        self._open()

    def add(
        self,
        ids: NDArray[np.int32],
        lengths: NDArray[np.int32],
        is_target: NDArray[np.bool_],
        labels: NDArray[np.int32],
    ) -> None:
        """Writes texts with ``lengths`` and ``labels`` (texts,), as final ``ids`` (tokens,) of which ``is_target`` says
        what could fill a blank. Words without an id, and then empty texts, are left out.
        """
        has_id = ids != LEFT_OUT
        if not has_id.all():
            before = np.concatenate([[0], np.cumsum(has_id)])
            ends = np.cumsum(lengths)
            lengths = (before[ends] - before[ends - lengths]).astype(np.int32)
            ids, is_target = ids[has_id], is_target[has_id]
            labels, lengths = labels[lengths > 0], lengths[lengths > 0]
        if not len(lengths):
            return
        if self._written >= self._shard_tokens:
            self.close()
            self._shard += 1
            self._open()
        ends = np.cumsum(lengths.astype(np.int64) + 2)
        starts = np.concatenate([[0], ends[:-1]])
        written = np.empty(ends[-1], dtype=np.int32)
        is_word = np.ones(len(written), dtype=np.bool_)
        is_word[starts] = is_word[ends - 1] = False
        written[starts], written[ends - 1], written[is_word] = BEGIN, END, ids
        self._token_file.append(written)
        self._offset_file.append(ends + self._written)
        if self._label_file is not None:
            self._label_file.append(labels)
            self.label_counts += np.bincount(labels, minlength=len(self.label_counts))
        self._written += len(written)
        self._texts += len(lengths)
        self._tokens += len(ids)
        self._targets += int(is_target.sum())
        self._known += int((is_target & (ids >= len(SPECIAL_TOKENS)) & (ids < self._known_below)).sum())

    def close(self) -> None:
        """Completes the last shard."""
        for file in (self._token_file, self._offset_file, self._label_file):
            if file is not None:
                file.close()

    @property
    def counts(self) -> SplitCounts:
        """The sizes of what was written."""
        return SplitCounts(self._texts, self._tokens, self._targets, self._known)

    def _open(self) -> None:
        self._written = 0
        self._token_file = _ArrayFile(self._file("tokens"), np.int32)
        self._offset_file = _ArrayFile(self._file("offsets"), np.int64)
        self._offset_file.append(np.zeros(1, dtype=np.int64))
        self._label_file = _ArrayFile(self._file("labels"), np.int32) if self._is_labelled else None

    def _file(self, part: str) -> Path:
        return self._folder / split_file(self._name, part, self._shard)
