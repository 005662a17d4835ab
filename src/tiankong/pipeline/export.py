"""A model to a small copy of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tiankong.artifact.built_in import model_path
from tiankong.artifact.model_folder import MODEL, ModelFolder, open_model
from tiankong.config import reason
from tiankong.corpus.mix import CorpusMix
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import FolderError, MissingPackageError, OptionError
from tiankong.evaluation.base import evaluation_of
from tiankong.evaluation.mixed import mixed_metrics
from tiankong.folder import as_path
from tiankong.pipeline.calls import call_text
from tiankong.pipeline.error_detection import error_detection_finder
from tiankong.pipeline.given_corpora import Prepared, listed
from tiankong.pipeline.progress import OnProgress, check_progress, counter
from tiankong.pipeline.results import ExportResult
from tiankong.request.options import check_threads
from tiankong.stop_signals import stop_signals_held_back


def export(
    model: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    prepared: Prepared | Sequence[Prepared],
    notes: str | os.PathLike[str] | None = None,
    force: bool = False,
    threads: int = 0,
    progress: OnProgress | None = None,
    command: str | None = None,
) -> ExportResult:
    """Writes a copy of a model in 8 bits: a quarter of the size, and answers in a fraction of the time.

    >>> tiankong.export("model", "small", prepared="prepared")

    Its answers differ from the original's only by rounding; the effect is measured on the test split. A model that is
    in 8 bits already is copied. Either way, the thresholds of ``check`` are fitted anew.

    :param model: a model folder, or the name of a built-in model.
    :param output: the model folder to make.
    :param prepared: the prepared corpus that the model was trained on. Of a model of several corpora, all of them, so
        that the copy is measured on each, or one.
    :param notes: a Markdown file for the model card: what the model is for, and what not.
    :param force: replace ``output`` if it is a model.
    :param threads: threads to measure with (0: one per processor that this process may use).
    :param progress: called with a :class:`tiankong.Progress`. The stages are ``error detection`` and ``measuring``, in
        texts.
    :param command: the command recorded in the copy's model card (default: this call).
    :raises FolderError: ``prepared`` is not what it was trained on; ``output`` exists or can't be written.
    :raises OptionError: ``notes`` can't be read.
    :raises MissingPackageError: the packages of ``tiankong[train]`` are not installed.
    """
    stated = call_text("export", [model, output], {"prepared": prepared})
    output = as_path(output, "output")
    given_corpora = listed(prepared)
    notes_file = None if notes is None else as_path(notes, "notes")
    check_threads(threads)
    check_progress(progress)
    source = model_path(model)
    try:
        with stop_signals_held_back():
            from tiankong.exporting.int8_model import write_int8_model  # noqa: PLC0415 - heavy
    except ModuleNotFoundError:
        raise MissingPackageError("exporting", "train") from None
    MODEL.check_output(output, force=force)
    card_notes = "" if notes_file is None else read_notes(notes_file)
    corpora = [corpus if isinstance(corpus, PreparedCorpus) else PreparedCorpus(corpus) for corpus in given_corpora]
    opened = open_model(source)
    evaluation = evaluation_of(opened.task)
    corpora = [evaluation.as_read(opened, corpus) for corpus in corpora]
    mix = _mix(opened, corpora)
    for corpus in corpora:
        evaluation.check_model(opened, corpus)

    def measure(folder: Path) -> dict[str, Any]:
        loaded = evaluation.load(open_model(folder), threads)
        advance = counter(progress, "measuring", sum(corpus.manifest.splits["test"].texts for corpus in corpora))
        return mixed_metrics(
            mix, [{"test": evaluation.measure(loaded, corpus, "test", on_text=advance)} for corpus in corpora]
        )

    metrics = write_int8_model(
        source,
        corpora,
        output,
        force=force,
        measure=measure,
        find_error_detection=error_detection_finder(opened.task, mix, threads, progress),
        command=command or stated,
        notes=card_notes,
    )
    return ExportResult(output, metrics)


def read_notes(file: Path) -> str:
    """The Markdown of a model card's notes.

    :raises OptionError: it can't be read, or is empty.
    """
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise OptionError(f"the notes {file} can't be read: {reason(error)}") from None
    if not text:
        raise OptionError(f"the notes {file} are empty: write what the model is for, or leave them out")
    return text


def _mix(model: ModelFolder, corpora: Sequence[PreparedCorpus]) -> CorpusMix:
    """The corpora with the shares that they had in training.

    :raises FolderError: several were given, and they are not those of the model.
    """
    stated = {entry.name: entry.share for entry in model.manifest.corpora}
    mix = CorpusMix(corpora)
    if not mix.is_several:
        return mix
    if sorted(stated) != sorted(part.name for part in mix.parts):
        learned = ", ".join(stated) or "one corpus"
        raise FolderError(
            f"{model.path} was trained on {learned}: give just these corpora, in folders of these names, or one of them"
        )
    return CorpusMix(corpora, [stated[part.name] for part in mix.parts])
