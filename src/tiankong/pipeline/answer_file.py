"""A file of texts to a file of answers."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec

from tiankong.artifact.built_in import model_path
from tiankong.corpus.columns import Columns
from tiankong.errors import OptionError, SourceError
from tiankong.folder import as_path
from tiankong.model import Model
from tiankong.pipeline.answer_formats.answer_table import AnswerTable
from tiankong.pipeline.answer_input import InputFile, first_texts
from tiankong.pipeline.answer_output import check_output, output_format
from tiankong.pipeline.answer_workers import Workers
from tiankong.pipeline.answering import Answers, joined, setup_of
from tiankong.pipeline.answering_work import RowError, holds_unfinished, started_work, work_folder
from tiankong.pipeline.progress import OnProgress, Progress, check_progress, notes
from tiankong.pipeline.records import ERROR, RECORD_KINDS, RecordKind
from tiankong.request.loading import LoadOptions
from tiankong.request.options import FillOptions, check_threads
from tiankong.text.script import AUTO, Script, check_script
from tiankong.version import VERSION


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
    model: str | os.PathLike[str] | Model | None = None,
    words: Sequence[str] | None = None,
    script: Script | None = None,
    column: str | None = None,
    sheet: str | int | None = None,
    encoding: str | None = None,
    threads: int = 0,
    answer_prefix: str = "",
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
    :param model: the name of a built-in model, or a model folder (default: the built-in model for the language that
        most of the first rows are in; of ``classify`` that of the prompts, or without prompts the built-in
        classifier); or a loaded model, which each process loads again from its folder.
    :param words: extra words for the vocabulary (default: those of a loaded model, or none).
    :param script: as for :func:`tiankong.load` (default: that of a loaded model, or ``auto``).
    :param column: the text column of files with columns (default: the one with a usual name, such as ``text``). The
        other columns are carried over.
    :param sheet: the sheet of a workbook, by name or by number, from 1 (default: the first that is shown).
    :param encoding: the encoding of a file that is neither UTF-8 nor GB18030.
    :param answer_prefix: what begins the names of the answer's fields, such as ``answer_``, if columns of the input
        have these names.
    :param threads: processors to use (0: all that this process may use).
    :param resume: continue the unfinished run for this ``output``, if there is one.
    :param force: discard unfinished work, unless ``resume`` is given; replace ``output`` if it is a file.
    :param progress: called with a :class:`tiankong.Progress`. The stages are ``checking`` (of the names of fields,
        where each row has its own) and ``answering``, in bytes of the input, and ``writing``, in rows.
    :param wording: applied to what is wrong with a row before it is written.
    :param options: those of the method, such as ``top_k=3``; of ``fill`` also ``joint=True``, to fill the blanks of a
        row together as well.
    :raises OptionError: there is no such method or option; the run to resume was started with others; the suffix of
        ``output`` is unknown.
    :raises SourceError: ``input`` can't be read, has no text column, has a field with the name of an answer's (see
        ``answer_prefix``), or was changed meanwhile.
    :raises FolderError: ``output`` exists, is ``input`` or can't be written; there is an unfinished run for it (without
        ``resume`` or ``force``); the model can't be used.
    :raises MissingPackageError: an optional package of a format is not installed.
    :raises TiankongError: a process was killed.
    :raises KeyboardInterrupt: after Ctrl-C.
    """
    input, output = as_path(input, "input", "file"), as_path(output, "output", "file")
    check_threads(threads)
    loaded = model.load_options if isinstance(model, Model) else LoadOptions(0, (), AUTO)
    words, script = loaded.words if words is None else words, loaded.script if script is None else script
    check_script(script)
    if not isinstance(answer_prefix, str):
        raise OptionError(f"`answer_prefix` must be a string, such as 'answer_', not {answer_prefix!r}")
    check_progress(progress)
    kind = _kind(method, options)
    spec = output_format(output)
    check_output(input, output, force=force)
    columns = Columns(column, None, sheet)
    note = notes(progress, "answering")
    if model is None:
        chosen = kind.default_model(options, first_texts(input, columns, encoding))
        if chosen.note:
            note(chosen.note)
        model = chosen.name
    folder = _model_folder(model)
    setup = setup_of(str(folder), list(words), script, method, options, answer_prefix)
    workers = Workers(setup, threads)
    source = InputFile(input, columns, encoding, kind, spec, setup.options, answer_prefix)
    stated = {
        "tiankong": VERSION,
        "method": method,
        "input": [source.description.bytes, source.description.sha256],
        "model": workers.model_sha256,
        "names": {"input": source.name, "model": os.fspath(folder.name), "method": method},
        "settings": {
            "output": output.suffix.lower(),
            **{"words": setup.words, "script": script, "column": column, "sheet": sheet, "encoding": encoding},
            "answer_prefix": answer_prefix,
            **setup.options,
        },
    }
    report = progress or (lambda _: None)
    rows = source.rows(note)
    first = next(rows, None)  # what is wrong with the file shows before anything is written
    if first is None:
        raise SourceError(f"{source.name} holds no text: there is nothing to answer")
    source.check_names(lambda read: report(Progress("checking", read, source.description.bytes)))
    try:
        with started_work(output, stated, resume=resume, force=force, note=note) as work:
            for chunk, answers in workers.answered(islice(chain([first], rows), work.rows, None)):
                lines, errors = _with_errors(answers, chunk.places, wording or str, f"{answer_prefix}{ERROR}")
                if work.add(lines, len(chunk.places), errors):
                    source.check_unchanged()
                report(Progress("answering", chunk.read, source.description.bytes))
            work.close()
            source.check_unchanged()
            made = work.answers
            if spec.module:
                table = AnswerTable(work.answers, work.rows, kind, setup.options, answer_prefix, source.typed)
                module = import_module(spec.module)
                module.write(
                    table, work.output, output.suffix.lower(), lambda done: report(Progress("writing", done, work.rows))
                )
                made = work.output
            check_output(input, output, force=force)
            made.replace(output.resolve())
            return AnsweredFile(output, work.rows, work.failed, work.named)
    except KeyboardInterrupt:
        if not holds_unfinished(output):
            raise
        raise KeyboardInterrupt(
            f"the run was stopped: the same call with resume=True continues from {work_folder(output)}"
        ) from None


def _with_errors(
    answers: Answers, places: list[str], wording: Callable[[str], str], field: str
) -> tuple[bytes, list[RowError]]:
    """The lines of a chunk, those of rows without an answer with the reason as their ``field``, and these rows."""
    if not answers.failed:
        return answers.lines, []
    lines = answers.lines.split(b"\n")
    errors = [RowError(places[number], wording(message)) for number, message in answers.failed]
    for (number, _), error in zip(answers.failed, errors, strict=True):
        lines[number] = joined(lines[number], msgspec.json.encode({field: error.message}))
    return b"\n".join(lines), errors


def _model_folder(model: str | os.PathLike[str] | Model) -> Path:
    """The folder of a model.

    :raises OptionError: it is something else.
    :raises FolderError: there is none.
    """
    if isinstance(model, Model):
        return model.folder.path
    if not isinstance(model, str | os.PathLike):
        raise OptionError(
            f"`model` must be the name of a built-in model, a model folder or a loaded Model, not {model!r}"
        )
    return model_path(model)


def _kind(method: str, options: Mapping[str, Any]) -> RecordKind:
    """What a method gives for a row.

    :raises OptionError: there is no such method, or it has no such options.
    """
    if method not in RECORD_KINDS:
        raise OptionError(f"there is no method {method!r} that answers files: there are {', '.join(RECORD_KINDS)}")
    kind = RECORD_KINDS[method]
    if "on_error" in options:
        raise OptionError("`on_error` is not for files: errors go into the rows; leave it out")
    # Behind the model and its texts.
    known = [name for name in list(inspect.signature(kind.records).parameters)[2:] if name != "on_read"]
    if "options" in known:
        known = [*(name for name in known if name != "options"), *FillOptions.__annotations__]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise OptionError(f"{method} has no option {unknown[0]!r}: its options are {', '.join(dict.fromkeys(known))}")
    return kind
