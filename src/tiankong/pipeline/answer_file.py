"""A file of texts to a file of answers."""

from __future__ import annotations

import inspect
import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tiankong.artifact.built_in import model_path
from tiankong.child_processes import can_start
from tiankong.corpus.archives import display_name
from tiankong.corpus.columns import Columns, FullRow
from tiankong.corpus.full_rows import read_full_rows, suffixes_of
from tiankong.corpus.reader import describe_sources
from tiankong.errors import FolderError, MissingPackageError, OptionError, SentenceError, SourceError
from tiankong.folder import as_path
from tiankong.machine import allowed_threads
from tiankong.pipeline.answer_formats.answer_table import AnswerTable
from tiankong.pipeline.answering import NO_FIELDS, Answerer, AnsweringProcesses, Answers, Row, Setup, joined, setup_of
from tiankong.pipeline.answering_work import RowError, holds_unfinished, started_work, work_folder
from tiankong.pipeline.progress import OnProgress, Progress, check_progress, notes
from tiankong.pipeline.records import ERROR, RECORD_KINDS, RecordKind
from tiankong.registry.answer_formats import ANSWER_FORMATS, AnswerFormatSpec
from tiankong.request.options import check_threads
from tiankong.text.blanks import check_text
from tiankong.text.script import AUTO, Script, check_script
from tiankong.version import VERSION

LONGEST_TEXT = 1 << 20
"""The most characters of a row's text: its answer is in memory as a whole."""

_ROWS_TOGETHER = 256
_BYTES_TOGETHER = 1 << 17
_CHUNKS_PER_PROCESS = 2


@dataclass(frozen=True)
class AnsweredFile:
    """A file of answers: its path, its ``rows``, how many of them have an error instead of an answer (``failed``), and
    the first ten of these.
    """

    path: Path
    rows: int
    failed: int
    first_failed: list[RowError]


def answer_file(
    method: str,
    input: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | None = None,
    words: Sequence[str] = (),
    script: Script = AUTO,
    column: str | None = None,
    sheet: str | int | None = None,
    encoding: str | None = None,
    threads: int = 0,
    resume: bool = False,
    force: bool = False,
    progress: OnProgress | None = None,
    wording: Callable[[str], str] | None = None,
    **options: Any,
) -> AnsweredFile:
    """Answers every row of a file and writes the file ``output``, in the order of the rows and in constant memory.

    >>> answered = tiankong.answer_file("fill", "reviews.csv", "answers.jsonl", column="review", top_k=3)
    >>> answered.rows, answered.failed

    A row without an answer has the reason in its field ``error``, and the others are answered. Each processor is used
    by a process of its own. While it runs, the folder ``OUTPUT.answering`` holds what is done. If it is stopped, the
    same call with ``resume=True`` continues, also after a crash; what comes out is the same.

    :param method: ``fill``, ``check``, ``classify`` or ``embed``, the method of :class:`Model` that answers.
    :param input: a file in one of the formats that ``tiankong prepare`` reads. Of a ``.txt`` file, each line that is
        not blank is a text.
    :param output: the file to make: ``.jsonl``, ``.csv``, ``.tsv`` or ``.parquet``.
    :param model: the name of a built-in model, or a model folder (default: that of the command).
    :param words: extra words for the vocabulary.
    :param script: as for :func:`tiankong.load`.
    :param column: the text column of files with columns (default: the one with a usual name, such as ``text``). The
        other columns are carried over.
    :param sheet: the sheet of a workbook, by name or by number, from 1 (default: the first that is shown).
    :param encoding: the encoding of a file that is neither UTF-8 nor GB18030.
    :param threads: processors to use (0: all that this process may use).
    :param resume: continue the unfinished run for this ``output``, if there is one.
    :param force: start over, and replace ``output`` if it is a file.
    :param progress: called with a :class:`tiankong.Progress`. The stages are ``answering``, in bytes of the input, and
        ``writing``, in rows.
    :param wording: applied to what is wrong with a row before it is written.
    :param options: those of the method, such as ``top_k=3``; of ``fill`` also ``joint=True``, to fill the blanks of a
        row together as well.
    :raises OptionError: there is no such method or option; the run to resume was started with others; the suffix of
        ``output`` is unknown.
    :raises SourceError: ``input`` can't be read, has no text column, has a column with the name of an answer's, or was
        changed meanwhile.
    :raises FolderError: ``output`` exists, is ``input`` or can't be written; there is an unfinished run for it (without
        ``resume`` or ``force``); the model can't be used.
    :raises MissingPackageError: an optional package of a format is not installed.
    :raises TiankongError: a process was killed.
    :raises KeyboardInterrupt: after Ctrl-C.
    """
    input, output = as_path(input, "input"), as_path(output, "output")
    check_threads(threads)
    check_script(script)
    check_progress(progress)
    kind = _kind(method, options)
    spec = _format(output)
    _check_output(input, output, force=force)
    folder = model_path(kind.default_model(options) if model is None else model)
    setup = setup_of(str(folder), list(words), script, method, options)
    workers = _Workers(setup, threads)
    source = _Source(input, Columns(column, None, sheet), encoding, kind, spec, setup.options)
    stated = {
        "tiankong": VERSION,
        "method": method,
        "input": [source.description.bytes, source.description.sha256],
        "model": workers.model_sha256,
        "settings": {
            "output": output.suffix.lower(),
            **{"words": setup.words, "script": script, "column": column, "sheet": sheet, "encoding": encoding},
            **setup.options,
        },
    }
    rows = source.rows(notes(progress))
    first = next(rows, None)  # what is wrong with the file shows before anything is written
    if first is None:
        raise SourceError(f"{source.name} holds no text: there is nothing to answer")
    report = progress or (lambda _: None)
    try:
        with started_work(output, stated, resume=resume, force=force) as work:
            for chunk, answers in workers.answered(islice(chain([first], rows), work.rows, None)):
                lines, errors = _with_errors(answers, chunk.places, wording or str)
                if work.add(lines, len(chunk.places), errors):
                    source.check_unchanged()
                report(Progress("answering", chunk.read, source.description.bytes))
            work.close()
            source.check_unchanged()
            made = work.answers
            if spec.module:
                table = AnswerTable(work.answers, work.rows, kind, setup.options, source.typed)
                module = import_module(spec.module)
                module.write(
                    table, work.output, output.suffix.lower(), lambda done: report(Progress("writing", done, work.rows))
                )
                made = work.output
            _check_output(input, output, force=force)
            made.replace(output.resolve())
            return AnsweredFile(output, work.rows, work.failed, work.named)
    except KeyboardInterrupt:
        if not holds_unfinished(output):
            raise
        raise KeyboardInterrupt(
            f"the run was stopped: the same call with resume=True continues from {work_folder(output)}"
        ) from None


class _Chunk(NamedTuple):
    """Rows that are answered together, in JSON; where they stand; and how much of the file has been read."""

    content: bytes
    places: list[str]
    read: int


class _ReadRow(NamedTuple):
    """A row in JSON, where it stands, and how much of the file has been read."""

    content: bytes
    place: str
    read: int


class _Workers:
    """What answers chunks: this process, or several beside it."""

    def __init__(self, setup: Setup, threads: int) -> None:
        """Loads the model, so that what is wrong with it or the options shows at once."""
        self._setup = setup
        self._processes = (threads or allowed_threads()) if can_start() else 1
        self._answerer: Answerer | None = Answerer(setup)
        self.model_sha256 = self._answerer.model.folder.sha256

    def answered(self, rows: Iterator[_ReadRow]) -> Iterator[tuple[_Chunk, Answers]]:
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
            running: deque[tuple[_Chunk, Future[Answers]]] = deque()
            for chunk in chain(first, chunks):
                running.append((chunk, processes.answer(chunk.content)))
                if len(running) >= _CHUNKS_PER_PROCESS * self._processes:
                    done, answers = running.popleft()
                    yield done, answers.result()
            for done, answers in running:
                yield done, answers.result()


def _chunks(rows: Iterator[_ReadRow]) -> Iterator[_Chunk]:
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
            yield _Chunk(b"[%b]" % b",".join(contents), places, row.read)
            contents, places, size = [], [], 0
    if contents:
        yield _Chunk(b"[%b]" % b",".join(contents), places, row.read)


def _with_errors(answers: Answers, places: list[str], wording: Callable[[str], str]) -> tuple[bytes, list[RowError]]:
    """The lines of a chunk, those of rows without an answer with the reason, and these rows."""
    if not answers.failed:
        return answers.lines, []
    lines = answers.lines.split(b"\n")
    errors = [RowError(places[number], wording(message)) for number, message in answers.failed]
    for (number, _), error in zip(answers.failed, errors, strict=True):
        lines[number] = joined(lines[number], msgspec.json.encode({ERROR: error.message}))
    return b"\n".join(lines), errors


class _Source:
    """The file to answer, as rows in JSON."""

    def __init__(
        self,
        path: Path,
        columns: Columns,
        encoding: str | None,
        kind: RecordKind,
        spec: AnswerFormatSpec,
        options: Mapping[str, Any],
    ) -> None:
        """Checks that it can be read.

        :raises SourceError: it can't.
        """
        self._path, self._columns, self._encoding = path, columns, encoding
        self._state = _state(path)
        (self.description,) = describe_sources([path])
        self.name = self.description.path
        self._text_field, self._is_table = kind.text_field, spec.is_table
        self._reserved = frozenset((*kind.names(options), ERROR, *spec.columns))
        suffixes = suffixes_of(path)
        keeps_types = spec.keeps_types and len(suffixes) == 1 and suffixes[0] in spec.suffixes
        self.typed = path if keeps_types else None

    def rows(self, on_note: Callable[[str], None]) -> Iterator[_ReadRow]:
        """The rows.

        :raises SourceError: the file can't be read on, or the first row has a field of the answer's.
        """
        read = 0

        def on_bytes(count: int) -> None:
            nonlocal read
            read += count

        is_first = True
        try:
            for row, place in read_full_rows(self._path, self._columns, self._encoding, on_bytes, on_note):
                clashing = self._clashing(row)
                if clashing and is_first:
                    raise SourceError(
                        f"{self.name} has a column {clashing[0]!r}, which is that of an answer: give it another name"
                    )
                is_first = False
                yield _ReadRow(self._encoded(row, clashing), place, min(read, self.description.bytes))
        except SourceError:
            self.check_unchanged()  # which explains it
            raise

    def check_unchanged(self) -> None:
        """Checks that the file is the one that was described.

        :raises SourceError: it was changed since.
        """
        if _state(self._path) != self._state:
            raise SourceError(f"{self.name} was changed while it was read: run this again when it is complete")

    def _clashing(self, row: FullRow) -> list[str]:
        """The fields of a row that the answer has too, and that are not its text."""
        fields = row.fields
        if fields is None or (self._text_field not in fields and self._reserved.isdisjoint(fields)):
            return []
        is_text = fields.get(self._text_field) == row.text
        return [name for name in fields if name in self._reserved or (name == self._text_field and not is_text)]

    def _encoded(self, row: FullRow, clashing: list[str]) -> bytes:
        fields, problem = row.fields, row.problem or _problem(row.text)
        if clashing and fields is not None:
            problem = f"it has fields of the answer's ({', '.join(clashing)}): give them other names"
            fields = {name: value for name, value in fields.items() if name not in clashing}
        repeats_text = fields is None or (not self._is_table and self._text_field not in fields)
        kept = NO_FIELDS if fields is None or self.typed is not None else msgspec.Raw(_encoded(fields))
        return _encoded(Row(kept, row.text, problem, repeats_text))


def _problem(text: str | None) -> str:
    """Why a text can't be answered by any method; empty if it can."""
    if text is None or not text.strip():
        return "there is no text"
    if len(text) > LONGEST_TEXT:
        return f"the text has {len(text):,} characters: split it into texts of at most {LONGEST_TEXT:,}"
    try:
        check_text(text)
    except SentenceError as error:
        return str(error)
    return ""


def _encoded(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError):  # half a surrogate pair, or a large integer
        plain = list(msgspec.structs.astuple(value)) if isinstance(value, Row) else value
        if isinstance(value, Row):
            plain[0] = json.loads(bytes(value.fields))
        return json.dumps(plain, ensure_ascii=False, default=str).encode("utf-8", "replace")


def _state(path: Path) -> tuple[int, ...]:
    """What changes with a file; nothing if it is missing or unreadable."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _kind(method: str, options: Mapping[str, Any]) -> RecordKind:
    """What a method gives for a row.

    :raises OptionError: there is no such method, or it has no such options.
    """
    if method not in RECORD_KINDS:
        raise OptionError(f"there is no method {method!r} that answers files: there are {', '.join(RECORD_KINDS)}")
    kind = RECORD_KINDS[method]
    known = inspect.signature(kind.records).parameters
    unknown = sorted(set(options) - set(known)) if "options" not in known else []
    if unknown or "on_read" in options:
        raise OptionError(f"{method} has no option {(unknown or ['on_read'])[0]!r}")
    return kind


def _format(output: Path) -> AnswerFormatSpec:
    """The format of ``output``.

    :raises OptionError: its suffix is that of none.
    :raises MissingPackageError: the package that writes it is not installed.
    """
    suffix = output.suffix.lower()
    if suffix not in ANSWER_FORMATS:
        raise OptionError(
            f"{display_name(output)} has a suffix that is not written ({suffix or 'none'}): "
            f"name it as one of {', '.join(ANSWER_FORMATS)}"
        )
    spec = ANSWER_FORMATS[suffix]
    if spec.module:
        try:
            import_module(spec.module)
        except ModuleNotFoundError:
            if not spec.extra:
                raise
            raise MissingPackageError(f"writing {suffix} files", spec.extra) from None
    return spec


def _check_output(input: Path, output: Path, *, force: bool) -> None:
    """Fails early if ``output`` could not be written later.

    :raises FolderError: it exists (without ``force``), is ``input`` or no ordinary file, or can't be written.
    """
    name = display_name(output)
    try:
        if output.is_dir():
            raise FolderError(f"{name} is a folder: name a file to make")
        if output.exists() or output.is_symlink():
            if not output.is_file():
                raise FolderError(f"{name} exists and is no ordinary file: choose another output")
            if input.exists() and output.samefile(input):
                raise FolderError(f"{name} is the input itself: choose another output")
            if not force:
                raise FolderError(f"{name} exists: add `force=True` to replace it, or choose another output")
        parent = output.resolve().parent
        if not parent.is_dir():
            raise FolderError(f"there is no folder {display_name(output.parent)}: make it, or choose another output")
        output.lstat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise FolderError(f"{name} can't be written ({reason}): choose another output") from None
    if not os.access(output.resolve().parent, os.W_OK | os.X_OK):
        raise FolderError(f"{name} can't be written: {display_name(output.parent)} is not a folder you may write to")
