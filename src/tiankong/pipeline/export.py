"""A model to a small copy of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tiankong.artifact.built_in import model_path
from tiankong.artifact.model_folder import MODEL, open_model
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import MissingPackageError
from tiankong.evaluation.base import evaluation_of
from tiankong.folder import as_path
from tiankong.pipeline.calls import call_text
from tiankong.pipeline.progress import OnProgress, check_progress, counter
from tiankong.pipeline.results import ExportResult
from tiankong.pipeline.train import error_detection_finder
from tiankong.request.options import check_threads
from tiankong.stop_signals import stop_signals_held_back


def export(
    model: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    prepared: str | os.PathLike[str] | PreparedCorpus,
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
    :param prepared: the prepared corpus that the model was trained on.
    :param force: replace ``output`` if it is a model.
    :param threads: threads to measure with (0: one per processor that this process may use).
    :param progress: called with a :class:`tiankong.Progress`. The stages are ``error detection`` and ``measuring``, in
        texts.
    :param command: the command recorded in the copy's model card (default: this call).
    :raises FolderError: ``prepared`` is not the corpus it was trained on; ``output`` exists or can't be written.
    :raises MissingPackageError: the packages of ``tiankong[train]`` are not installed.
    """
    stated = call_text("export", [model, output], {"prepared": prepared})
    output = as_path(output, "output")
    if not isinstance(prepared, PreparedCorpus):
        prepared = as_path(prepared, "prepared")
    check_threads(threads)
    check_progress(progress)
    source = model_path(model)
    try:
        with stop_signals_held_back():
            from tiankong.exporting.int8_model import write_int8_model  # noqa: PLC0415 - heavy
    except ModuleNotFoundError:
        raise MissingPackageError("exporting", "train") from None
    MODEL.check_output(output, force=force)
    corpus = prepared if isinstance(prepared, PreparedCorpus) else PreparedCorpus(prepared)
    opened = open_model(source)
    evaluation = evaluation_of(opened.task)
    evaluation.check_model(opened, corpus)

    def measure(folder: Path) -> dict[str, Any]:
        advance = counter(progress, "measuring", corpus.manifest.splits["test"].texts)
        return evaluation.measure(evaluation.load(open_model(folder), threads), corpus, "test", on_text=advance)

    metrics = write_int8_model(
        source,
        corpus,
        output,
        force=force,
        measure=measure,
        find_error_detection=error_detection_finder(opened.task, corpus, threads, progress),
        command=command or stated,
    )
    return ExportResult(output, metrics)
