"""Segments chunks in other processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

import msgspec

from tiankong.child_processes import ChildProcesses, serve_tasks
from tiankong.config import PrepareConfig
from tiankong.corpus.segmenting import ChunkSegmenter


class _Setup(msgspec.Struct):
    """How to segment."""

    config: PrepareConfig
    user_words: list[str]


class _Task(msgspec.Struct, array_like=True):
    """The bytes of a chunk, and the file to write its shard to."""

    file: bytes
    content: bytes


class SegmentingProcesses(ChildProcesses):
    """Several processes, each with one chunk at a time. They end with the block, or with this process."""

    def __init__(self, count: int, config: PrepareConfig, user_words: Sequence[str]) -> None:
        """At most ``count`` processes, as many as there are chunks for; they segment as :class:`ChunkSegmenter`."""
        setup = msgspec.json.encode(_Setup(config, list(user_words)))
        super().__init__(count, __name__, setup, work="segments texts", option="processes")

    def write(self, content: bytes, file: Path) -> Future[None]:
        """Writes the shard of the chunk with these bytes, some time.

        The result raises TiankongError if the process was killed, and what writing the file raises.
        """
        return self.submit(msgspec.msgpack.encode(_Task(os.fsencode(file), content)), lambda _: None)


def serve() -> None:
    """Segments chunks from standard input until it ends: the whole life of a process."""
    serve_tasks(_start)


def _start(setup: bytes) -> Callable[[bytes], bytes]:
    stated = msgspec.json.decode(setup, type=_Setup)
    segmenter = ChunkSegmenter(stated.config, stated.user_words)

    def write(content: bytes) -> bytes:
        task = msgspec.msgpack.decode(content, type=_Task)
        segmenter.segment(task.content).write(Path(os.fsdecode(task.file)))
        return b""

    return write
