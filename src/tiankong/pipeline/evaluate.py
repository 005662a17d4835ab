"""A model measured on a prepared corpus or on other texts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from tiankong.artifact.built_in import model_path
from tiankong.artifact.general_model import MOST_TEXTS, ChosenModel, choose_general_model, is_choice
from tiankong.artifact.model_folder import open_model
from tiankong.config import DEFAULT_MODEL
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.splits import SPLITS
from tiankong.errors import OptionError, SourceError
from tiankong.evaluation.base import evaluation_of
from tiankong.evaluation.labelled import Labelled, measure_labelled, read_labelled
from tiankong.evaluation.measure import measure_texts
from tiankong.model import Model, load
from tiankong.pipeline.label_names import parse_label_names
from tiankong.pipeline.progress import OnProgress, Progress, check_progress, counter, notes
from tiankong.pipeline.records import classifying_model
from tiankong.pipeline.results import Evaluation
from tiankong.pipeline.sources import TextSource, open_source
from tiankong.registry.tasks import LABELS
from tiankong.request.answers import LabelShare
from tiankong.request.options import check_threads, is_whole
from tiankong.request.prompts import label_question
from tiankong.text.script import AUTO, ChineseScript, Script, check_script, script_of_characters

ALL = "all"
"""Stands for every text of ``labelled``, whichever split it falls into."""

_MOST_LISTED = 10


def evaluate(
    model: str | os.PathLike[str] | None = None,
    *,
    prepared: str | os.PathLike[str] | PreparedCorpus | None = None,
    text: TextSource | None = None,
    labelled: TextSource | None = None,
    split: str | None = None,
    limit: int = 0,
    prompts: Sequence[str] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
    blank: str | None = None,
    column: str | None = None,
    label_column: str | None = None,
    label_names: Mapping[Any, str] | None = None,
    sheet: str | int | None = None,
    encoding: str | None = None,
    threads: int = 0,
    script: Script = AUTO,
    progress: OnProgress | None = None,
) -> Evaluation:
    """Blanks every word of texts in turn and ranks the vocabulary for it, or classifies texts and compares the labels.

    >>> tiankong.evaluate("model", prepared="prepared").metrics["top10"]
    >>> tiankong.evaluate("model", text=["物流很快", "质量不错"]).metrics["perplexity"]
    >>> tiankong.evaluate(labelled=[("物流很快", "好评"), ("质量很差", "差评")], split="all").metrics["accuracy"]

    Give one of ``prepared``, ``text`` and ``labelled``. The metrics of blanks are ``sentences``, ``targets``,
    ``oov_targets``, ``top1``, ``top5``, ``top10``, ``mrr``, ``perplexity``, ``seconds`` and ``targets_per_second``;
    targets are the tokens with a letter, and those outside the vocabulary count as misses. Those of labels are
    ``texts``, ``accuracy`` with its 95 % interval, ``macro_f1`` and ``confusion``; both have ``calibration_error``.

    :param model: a built-in model's name or a model folder (default: the built-in model for the language that most of
        the first texts, or the prompts, are in; for ``prepared`` that for Chinese; for ``labelled`` without prompts
        the built-in classifier).
    :param prepared: the prepared corpus that the model was trained on, or that a classifier is to label.
    :param text: files or texts, as for :func:`tiankong.prepare`, whose words are blanked.
    :param labelled: files or ``(text, label)`` pairs, to be classified. Texts that repeat an earlier one are left out.
    :param split: ``train``, ``validation`` or ``test`` (the default). For ``labelled``, only texts that
        :func:`tiankong.prepare` would assign to it are measured; ``all`` measures every text.
    :param limit: measure only this many texts, spread over the split, or the first of ``text`` (0: all).
    :param prompts: classify ``labelled`` without training, as :meth:`tiankong.Model.classify` does.
    :param labels: with ``prompts``: each label and the words that indicate it.
    :param blank: with ``prompts``: how they write their blank, as for :meth:`tiankong.Model.fill`.
    :param column: the text column of files with columns.
    :param label_column: the label column.
    :param label_names: new names for the labels, as in :func:`tiankong.prepare`.
    :param sheet: the sheet of workbooks, by name or by number, from 1 (default: the first visible one).
    :param encoding: the encoding of files that are neither UTF-8 nor GB18030.
    :param threads: threads to compute with (0: one per processor that this process may use).
    :param script: how ``text`` and ``labelled`` are read, as for :func:`tiankong.load`.
    :param progress: called with a :class:`tiankong.Progress`. The stages are ``reading`` and ``measuring`` (in texts).
    :raises OptionError: the arguments do not go together, or the labels are not the model's.
    :raises SourceError: something can't be read as text, or has nothing to measure.
    :raises FolderError: the model or the corpus can't be used, or the model was not trained on the corpus.
    """
    if isinstance(prompts, str):
        prompts = [prompts]
    if isinstance(model, os.PathLike):
        model = os.fspath(model)
    check_progress(progress)
    _check(prepared, text, labelled, split, limit)
    check_threads(threads)
    check_script(script)
    _check_label_arguments(labelled is not None, prompts, labels, label_column, label_names)
    if blank is not None and not prompts:
        raise OptionError("`blank` is for `prompts`: leave it out, the texts have no blanks")
    if prompts:
        label_question(prompts, labels, blank)
    if prepared is not None:
        if column or encoding or sheet is not None:
            raise OptionError("`column`, `sheet` and `encoding` are for files: leave them out")
        return _on_split(DEFAULT_MODEL if model is None else model, prepared, split or "test", limit, threads, progress)
    if text is not None:
        source = open_source(text, column=column, sheet=sheet, encoding=encoding)
        contents: Iterator[str] = (entry.text for entry in source.read(on_note=notes(progress)))
        if model is None:
            first = list(islice(contents, MOST_TEXTS)) if is_choice() else []
            model, contents = _noted(choose_general_model(first), progress), chain(first, contents)
        loaded = load(model, threads=threads, script=script)
        converted = _Converted(loaded)
        advance = counter(progress, "measuring", limit)
        measured = measure_texts(
            loaded.predictor, map(converted.counted, contents), limit=limit, script=script, on_text=advance
        )
        converted.report(progress)
        return Evaluation(loaded.folder.path, measured)
    assert labelled is not None
    if model is None:
        model = _noted(classifying_model({"prompts": prompts, "labels": labels, "blank": blank}), progress)
    loaded = _classifying(load(model, threads=threads, script=script), prompts)
    texts = read_labelled(
        open_source(labelled, column=column, label_column=label_column, sheet=sheet, encoding=encoding).read(
            on_note=notes(progress)
        ),
        split=None if split == ALL else split or "test",
        prepare=loaded.folder.manifest.prepare,
        limit=limit,
        label_names=parse_label_names(label_names or {}),
    )
    report = progress or (lambda _: None)
    if split != ALL:
        note = f'only texts of the {split or "test"} split are measured; `split="{ALL}"` measures every one'
        report(Progress("reading", message=note))
    _check_labels(loaded, texts, labels)
    readable = [labelled_text for labelled_text in texts if loaded.reads(labelled_text.text)]
    if not readable:
        raise SourceError("no text has a word that the model reads: give others")
    if len(readable) < len(texts):
        missing = f"left out, since they have no word: {len(texts) - len(readable):,} texts"
        report(Progress("measuring", message=missing))

    converted = _Converted(loaded)

    def classify(batch: list[str]) -> list[list[LabelShare]]:
        batch = list(map(converted.counted, batch))
        return loaded.classify(batch, prompts, labels, blank=blank)

    measured = measure_labelled(classify, readable, counter(progress, "measuring", len(readable)))
    converted.report(progress)
    return Evaluation(loaded.folder.path, measured)


def _noted(chosen: ChosenModel, progress: OnProgress | None) -> str:
    """The name of the model, after saying why it was chosen."""
    if chosen.note:
        notes(progress, "measuring")(chosen.note)
    return chosen.name


class _Converted:
    """Counts the texts that a model reads converted."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._texts = 0
        self._read_as: ChineseScript | None = None

    def counted(self, text: str) -> str:
        """``text``, counted."""
        read_as = self._model.read_as(text)
        if read_as is not None:
            self._read_as = read_as
            self._texts += 1
        return text

    def report(self, progress: OnProgress | None) -> None:
        """Says how many there were."""
        if progress is not None and self._texts:
            message = (
                f"read as {self._read_as} Chinese, which the model was trained on: {self._texts:,} texts; "
                '`script="as-is"` reads them as typed'
            )
            progress(Progress("measuring", message=message))


def _check(prepared: object, text: object, labelled: object, split: str | None, limit: int) -> None:
    if not is_whole(limit) or limit < 0:
        raise OptionError(f"`limit` must be 0 (all) or more, not {limit!r}")
    if sum(given is not None for given in (prepared, text, labelled)) != 1:
        raise OptionError(
            "give one of `prepared` with a folder, `text` with files or texts, `labelled` with labelled ones"
        )
    if split is not None and split not in {*SPLITS, ALL}:
        raise OptionError(f"there is no split {split!r}: the splits are {', '.join(SPLITS)}, and {ALL} of `labelled`")
    if split == ALL and labelled is None:
        raise OptionError(f'`split="{ALL}"` is for `labelled`: give {", ".join(SPLITS[:-1])} or {SPLITS[-1]}')
    if split is not None and text is not None:
        raise OptionError("`split` is not for `text`: leave it out")


def _check_label_arguments(has_labels: bool, prompts: object, labels: object, column: object, names: object) -> None:
    if not has_labels:
        if prompts or labels:
            raise OptionError("`prompts` and `labels` are for `labelled` texts: leave them out")
        if column or names:
            raise OptionError("`label_column` and `label_names` are for `labelled` texts: leave them out")
    if bool(prompts) != bool(labels):
        raise OptionError("`prompts` and `labels` go together: give both, or neither for a classifier")


def _on_split(
    model: str,
    prepared: str | os.PathLike[str] | PreparedCorpus,
    split: str,
    limit: int,
    threads: int,
    progress: OnProgress | None,
) -> Evaluation:
    folder = open_model(model_path(model))
    corpus = prepared if isinstance(prepared, PreparedCorpus) else PreparedCorpus(prepared)
    of_model, of_corpus = (script_of_characters(one.characters.counted()) for one in (folder, corpus))
    if progress is not None and of_model and of_corpus and of_model != of_corpus:
        message = (
            f"{corpus.path} is in {of_corpus} Chinese and {folder.path.name} was trained on {of_model}, so it knows "
            "few of the words: give the texts themselves as `labelled`, which are converted"
        )
        progress(Progress("measuring", message=message))
    evaluation = evaluation_of(folder.task)
    corpus = evaluation.as_read(folder, corpus)
    texts = corpus.manifest.splits[split].texts
    advance = counter(progress, "measuring", min(limit or texts, texts))
    measured = evaluation.measure(evaluation.load(folder, threads), corpus, split, texts=limit, on_text=advance)
    return Evaluation(folder.path, measured)


def _classifying(model: Model, prompts: Sequence[str] | None) -> Model:
    """``model``, after checking that it classifies."""
    answers = model.folder.task.answers
    if answers != LABELS and not prompts:
        raise OptionError(
            f"{model.folder.path.name} {answers.refusal}: give `prompts` and `labels` too, or choose a classifier"
        )
    return model


def _check_labels(model: Model, texts: Sequence[Labelled[str]], labels: Mapping[str, Sequence[str]] | None) -> None:
    """Checks that the model can give every label of the texts."""
    wanted, possible = {text.label for text in texts}, set(labels or model.labels)
    if not wanted <= possible:
        way_out = "give `labels` for each of them"
        if not labels:
            way_out = f"{model.folder.path.name} was trained for {', '.join(model.labels[:_MOST_LISTED])}"
        raise OptionError(f"the texts have the labels {', '.join(sorted(wanted)[:_MOST_LISTED])}: {way_out}")
