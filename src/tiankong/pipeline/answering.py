"""Answers chunks of rows, in this process or in several beside it. A chunk has the same answers in each.

A chunk is a list of rows in JSON, its answers are lines of JSON; both are bytes, as they go through pipes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import msgspec

from tiankong.child_processes import ChildProcesses, serve_tasks
from tiankong.errors import OptionError, SentenceError
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
    """What answers rows, and how. ``prefix`` begins the names of the fields that an answer has."""

    model: str
    words: list[str]
    script: Script
    method: str
    options: dict[str, Any]
    prefix: str = ""


_ROWS = msgspec.json.Decoder(list[Row])
_ENCODER = msgspec.json.Encoder()
_ANSWERS = msgspec.msgpack.Decoder(Answers)


class Answerer:
    """Answers chunks, on one processor."""

    def __init__(self, setup: Setup) -> None:
        """Loads the model.

        :raises FolderError: there is no such model, or it can't be used.
        :raises OptionError: the options are unusable.
        """
        self._kind = RECORD_KINDS[setup.method]
        self._options = {**setup.options, "script": setup.script}
        self._prefix = setup.prefix
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
            if self._prefix:
                record = {f"{self._prefix}{name}": value for name, value in record.items()}
            lines.append(joined(bytes(row.fields), _ENCODER.encode(record)))
        return Answers(failed, b"".join(line + b"\n" for line in lines))

    def _records(self, texts: list[Any]) -> list[Record | SentenceError]:
        return self._kind.records(self.model, texts, **self._options)


def joined(first: bytes, second: bytes) -> bytes:
    """Two JSON objects as one."""
    return second if first == b"{}" else first if second == b"{}" else b"%b,%b" % (first[:-1], second[1:])


class AnsweringProcesses(ChildProcesses):
    """Several processes, each with one chunk at a time. They end with the block, or with this process."""

    def __init__(self, count: int, setup: Setup) -> None:
        """At most ``count`` processes, as many as there are chunks for; they answer as :class:`Answerer` does."""
        super().__init__(count, __name__, msgspec.json.encode(setup), work="answers rows", option="threads")

    def answer(self, content: bytes) -> Future[Answers]:
        """The answers to a chunk, some time.

        The result raises TiankongError if the process was killed, and what answering raises.
        """
        return self.submit(content, _ANSWERS.decode)


def serve() -> None:
    """Answers chunks from standard input until it ends: the whole life of a process."""
    serve_tasks(_start)


def _start(setup: bytes) -> Callable[[bytes], bytes]:
    answerer = Answerer(msgspec.json.decode(setup, type=Setup))
    return lambda content: msgspec.msgpack.encode(answerer.answer(content))


def setup_of(
    model: str, words: list[str], script: Script, method: str, options: Mapping[str, Any], prefix: str = ""
) -> Setup:
    """What answers rows, with the options as another process gets them.

    :raises OptionError: an option can't be handed to another process.
    """
    try:
        plain = msgspec.json.decode(msgspec.json.encode(options, order="deterministic"))
    except (TypeError, ValueError, OverflowError) as error:
        raise OptionError(f"an option of {method} is unusable: {error}") from None
    return Setup(model, words, script, method, plain, prefix)
