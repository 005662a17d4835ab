"""Shares the rows to answer among processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import chain, islice
from typing import NamedTuple

from tiankong.child_processes import can_start
from tiankong.machine import allowed_threads
from tiankong.pipeline.answer_input import ReadRow
from tiankong.pipeline.answering import Answerer, AnsweringProcesses, Answers, Setup

_ROWS_TOGETHER = 256
_BYTES_TOGETHER = 1 << 17
_CHUNKS_PER_PROCESS = 2


class Chunk(NamedTuple):
    """Rows that are answered together, in JSON; where they stand; and how much of the file has been read."""

    content: bytes
    places: list[str]
    read: int


class Workers:
    """What answers chunks: this process, or several beside it."""

    def __init__(self, setup: Setup, threads: int) -> None:
        """Loads the model, so that what is wrong with it or the options shows at once."""
        self._setup = setup
        self._processes = (threads or allowed_threads()) if can_start() else 1
        self._answerer: Answerer | None = Answerer(setup)
        self.model_sha256 = self._answerer.model.folder.sha256

    def answered(self, rows: Iterator[ReadRow]) -> Iterator[tuple[Chunk, Answers]]:
        """The chunks of ``rows`` and their answers, in order."""
        chunks = _chunks(rows)
        first = list(islice(chunks, 2))
        if self._processes == 1 or len(first) < 2:
            assert self._answerer is not None
            for chunk in chain(first, chunks):
                yield chunk, self._answerer.answer(chunk.content)
            return
        self._answerer = None  # each process has a model of its own
        with AnsweringProcesses(self._processes, self._setup) as processes:
            running: deque[tuple[Chunk, Future[Answers]]] = deque()
            for chunk in chain(first, chunks):
                running.append((chunk, processes.answer(chunk.content)))
                if len(running) >= _CHUNKS_PER_PROCESS * self._processes:
                    done, answers = running.popleft()
                    yield done, answers.result()
            for done, answers in running:
                yield done, answers.result()


def _chunks(rows: Iterator[ReadRow]) -> Iterator[Chunk]:
    """Groups rows. Where a chunk ends depends on the rows since the last end alone, so that a run which goes on there
    has the same chunks.
    """
    contents: list[bytes] = []
    places: list[str] = []
    size = 0
    for row in rows:
        contents.append(row.content)
        places.append(row.place)
        size += len(row.content)
        if len(contents) == _ROWS_TOGETHER or size >= _BYTES_TOGETHER:
            yield Chunk(b"[%b]" % b",".join(contents), places, row.read)
            contents, places, size = [], [], 0
    if contents:
        yield Chunk(b"[%b]" % b",".join(contents), places, row.read)
