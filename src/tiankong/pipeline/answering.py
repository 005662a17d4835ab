"""Answers chunks of rows, in this process or in several beside it. A chunk has the same answers in each.

A chunk is a list of rows in JSON, its answers are lines of JSON; both are bytes, as they go through pipes.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import traceback
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

import msgspec

from tiankong import errors
from tiankong.child_processes import ChildProcess, receive, send
from tiankong.errors import MissingPackageError, SentenceError, TiankongError
from tiankong.model import load
from tiankong.pipeline.records import RECORD_KINDS, Record
from tiankong.text.script import Script

NO_FIELDS = msgspec.Raw(b"{}")


class Row(msgspec.Struct, array_like=True):
    """A row to answer. ``fields`` is a JSON object that the answer is added to, without the text unless it
    ``repeats_text``. A row with a ``problem`` has no answer.
    """

    fields: msgspec.Raw
    text: str | None
    problem: str
    repeats_text: bool


class Answers(msgspec.Struct, array_like=True):
    """The ``lines`` of a chunk, one for each row, and by their places those ``failed``, with what is wrong."""

    failed: list[tuple[int, str]]
    lines: bytes


class Setup(msgspec.Struct):
    """What answers rows, and how."""

    model: str
    words: list[str]
    script: Script
    method: str
    options: dict[str, Any]


class _Failure(msgspec.Struct, tag=True):
    """Why a chunk has no answers: an error of this program's, or a ``fault`` of it."""

    kind: str = ""
    message: str = ""
    fault: str = ""


_ROWS = msgspec.json.Decoder(list[Row])
_ENCODER = msgspec.json.Encoder()


class Answerer:
    """Answers chunks, on one processor."""

    def __init__(self, setup: Setup) -> None:
        """Loads the model.

        :raises FolderError: there is no such model, or it can't be used.
        :raises OptionError: the options are unusable.
        """
        self._kind = RECORD_KINDS[setup.method]
        self._options = {**setup.options, "script": setup.script}
        self.model = load(setup.model, threads=1, words=setup.words, script=setup.script)
        self._records([])

    def answer(self, content: bytes) -> Answers:
        """The answers to a chunk."""
        rows = _ROWS.decode(content)
        records = iter(self._records([row.text for row in rows if not row.problem]))
        failed: list[tuple[int, str]] = []
        lines: list[bytes] = []
        for place, row in enumerate(rows):
            record = SentenceError(row.problem) if row.problem else next(records)
            if isinstance(record, SentenceError):
                failed.append((place, str(record)))
                record = {} if row.text is None else {self._kind.text_field: row.text}
            if not row.repeats_text:
                record.pop(self._kind.text_field, None)
            lines.append(joined(bytes(row.fields), _ENCODER.encode(record)))
        return Answers(failed, b"".join(line + b"\n" for line in lines))

    def _records(self, texts: list[Any]) -> list[Record | SentenceError]:
        return self._kind.records(self.model, texts, **self._options)


def joined(first: bytes, second: bytes) -> bytes:
    """Two JSON objects as one."""
    return second if first == b"{}" else first if second == b"{}" else b"%b,%b" % (first[:-1], second[1:])


class AnsweringProcesses:
    """Several processes, each with one chunk at a time. They end with the block, or with this process."""

    def __init__(self, count: int, setup: Setup) -> None:
        """Starts ``count`` processes, each of which answers as :class:`Answerer` does."""
        self._setup = msgspec.json.encode(setup)
        self._processes: list[ChildProcess] = []
        self._idle: queue.SimpleQueue[ChildProcess] = queue.SimpleQueue()
        for _ in range(count):
            process = ChildProcess(__name__)
            self._processes.append(process)
            self._idle.put(process)
        self._without_setup = set(self._processes)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="answering")

    def answer(self, content: bytes) -> Future[Answers]:
        """The answers to a chunk, some time.

        The result raises TiankongError if the process was killed, and what answering raises.
        """
        return self._threads.submit(self._answer, content)

    def _answer(self, content: bytes) -> Answers:
        process = self._idle.get()
        try:
            if process in self._without_setup:
                self._without_setup.discard(process)
                process.send(self._setup)
            process.send(content)
            reply = process.receive()
        finally:
            self._idle.put(process)
        if reply is None:
            raise TiankongError(
                f"a process that answers rows {process.how_it_ended()}, probably because memory ran out: give fewer "
                "`threads` and go on with `resume=True`"
            )
        if reply[:1] == b"{":
            failure = msgspec.json.decode(reply, type=_Failure)
            if failure.fault:
                raise RuntimeError(failure.fault)
            kind = getattr(errors, failure.kind)
            raise (TiankongError if issubclass(kind, MissingPackageError) else kind)(failure.message)
        return msgspec.msgpack.decode(reply, type=Answers)

    def __enter__(self) -> AnsweringProcesses:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.end()
        self._threads.shutdown(cancel_futures=True)


def serve() -> None:
    """Answers chunks from standard input until it ends: the whole life of a process."""
    chunks, replies = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no message
    setup = receive(chunks)
    if setup is None:
        return
    answerer: Answerer | None = None
    while (content := receive(chunks)) is not None:
        try:
            if answerer is None:
                answerer = Answerer(msgspec.json.decode(setup, type=Setup))
            reply = msgspec.msgpack.encode(answerer.answer(content))
        except TiankongError as error:
            reply = msgspec.json.encode(_Failure(type(error).__name__, str(error)))
        except MemoryError:
            return
        except Exception:
            reply = msgspec.json.encode(_Failure(fault=traceback.format_exc()))
        with contextlib.suppress(BrokenPipeError):
            send(replies, reply)


def setup_of(model: str, words: list[str], script: Script, method: str, options: Mapping[str, Any]) -> Setup:
    """What answers rows, with the options as another process gets them.

    :raises OptionError: an option can't be handed to another process.
    """
    try:
        plain = msgspec.json.decode(msgspec.json.encode(options, order="deterministic"))
    except (TypeError, ValueError, OverflowError) as error:
        raise errors.OptionError(f"an option of {method} is unusable: {error}") from None
    return Setup(model, words, script, method, plain)
