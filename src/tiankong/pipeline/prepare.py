"""Texts to a prepared corpus."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tiankong.config import MOST_THREADS, Preset
from tiankong.corpus.given_vocabulary import GivenVocabulary
from tiankong.corpus.prepare import prepare as make_corpus
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.work_folder import holds_unfinished, work_folder
from tiankong.errors import OptionError
from tiankong.folder import as_path
from tiankong.pipeline.label_names import parse_label_names
from tiankong.pipeline.progress import OnProgress, Progress, check_progress, counter, notes, word_vectors
from tiankong.pipeline.settings import preset_of, with_settings
from tiankong.pipeline.sources import TextSource, open_source
from tiankong.request.options import is_whole


def prepare(
    source: TextSource,
    output: str | os.PathLike[str],
    *,
    column: str | None = None,
    label_column: str | None = None,
    label_names: Mapping[Any, str] | None = None,
    sheet: str | int | None = None,
    encoding: str | None = None,
    vocabulary_of: str | os.PathLike[str] | PreparedCorpus | None = None,
    preset: str | os.PathLike[str] | Preset = "default",
    processes: int = 0,
    resume: bool = False,
    force: bool = False,
    progress: OnProgress | None = None,
    **settings: Any,
) -> PreparedCorpus:
    """Cuts texts into words, assigns them to splits, builds the vocabulary, and writes the folder ``output``.

    Memory does not grow with the texts. While it runs, the folder ``OUTPUT.preparing`` holds what is done. If it is
    stopped, the same call with ``resume=True`` continues, also after a crash; what comes out is the same.

    >>> corpus = tiankong.prepare("reviews.csv", "prepared", column="text")
    >>> corpus = tiankong.prepare(zip(table["text"], table["stars"]), "prepared", minimum_count=2)

    :param source: files or texts. A path (``str`` or ``Path``) or a list of ``Path`` objects names files, or folders of
        files, in the formats that ``tiankong prepare`` reads. Any other iterable of ``str`` or ``(str, label)`` holds
        texts: a list, a generator, a pandas Series … It is read once, in constant memory; ``None`` and NaN count as
        empty texts. Strings that hold labels (``text,,label``, a tab, fastText's ``__label__1``) are read as a file's
        lines are.
    :param output: the folder to make.
    :param column: the text column of files with columns (default: the one with a usual name, such as ``text``).
    :param label_column: the label column (default: ``label``, if present).
    :param label_names: new names for labels, such as ``{1: "positive", 0: "negative"}``; labels with the same
        name are merged.
    :param sheet: the sheet of workbooks, by name or by number, from 1 (default: the first visible one).
    :param encoding: the encoding of files that are neither UTF-8 nor GB18030.
    :param vocabulary_of: a prepared corpus whose vocabulary to take over, so that a model can be trained on both. Texts
        must be cut in the same way as there; words and their counts are those of that corpus.
    :param preset: the name of a preset, the path of a ``.toml`` file, or a :class:`tiankong.config.Preset`.
    :param processes: processes that segment (0: one per processor that this process may use). The result is the same.
    :param resume: continue the unfinished preparation of this ``output``, if there is one.
    :param force: discard unfinished work, unless ``resume`` is given; replace ``output`` if it is a prepared corpus.
    :param progress: called with a :class:`tiankong.Progress` at every step. The stages are ``reading`` (in bytes of
        files, or texts; messages say how a file is read where that may surprise), ``counting`` and ``word vectors``.
    :param settings: fields of :class:`tiankong.config.PrepareConfig`, such as ``minimum_count=2``.
    :raises OptionError: a setting, the preset or the user dictionary is unusable; ``source`` is neither files nor
        texts; ``output`` is no path; the preparation to resume was started with settings that cut texts differently,
        or with other files, none of whose chunks fits.
    :raises SourceError: something can't be read as text, or was changed meanwhile; there is too little text.
    :raises FolderError: ``output`` exists or can't be written; there is an unfinished preparation of it (without
        ``resume`` or ``force``).
    :raises MissingPackageError: an optional package of the segmenter, of a file's format or of the codes is missing.
    :raises TiankongError: a process was killed.
    :raises KeyboardInterrupt: after Ctrl-C.
    """
    output = as_path(output, "output")
    check_progress(progress)
    if not is_whole(processes) or not 0 <= processes <= MOST_THREADS:
        raise OptionError(
            f"`processes` must be a whole number from 0 (one per processor) to {MOST_THREADS:,}, not {processes!r}"
        )
    config = with_settings(preset_of(preset), settings, "prepare").prepare
    names = parse_label_names(label_names or {})
    vocabulary = None if vocabulary_of is None else _vocabulary(vocabulary_of, settings)
    opened = open_source(source, column=column, label_column=label_column, sheet=sheet, encoding=encoding)
    advance = counter(progress, "reading", opened.size)

    def report(stage: str, count: int) -> None:
        if stage == "reading":
            advance(count)
        elif progress is not None:
            progress(word_vectors(f"for {config.code_bits}-bit codes") if stage == "word vectors" else Progress(stage))

    try:
        return make_corpus(
            opened,
            output,
            config,
            label_names=names,
            vocabulary=vocabulary,
            processes=int(processes),
            resume=resume,
            force=force,
            report=report,
            note=notes(progress),
        )
    except KeyboardInterrupt:
        if not holds_unfinished(output):
            raise
        raise KeyboardInterrupt(
            f"the preparation was stopped: the same call with resume=True continues from {work_folder(output)}"
        ) from None


def _vocabulary(corpus: str | os.PathLike[str] | PreparedCorpus, settings: Mapping[str, Any]) -> GivenVocabulary:
    """The vocabulary of ``corpus``.

    :raises OptionError: there are settings that decide which words a vocabulary has.
    """
    for name in ("minimum_count", "maximum_vocabulary", "keep_words"):
        if settings.get(name) is not None:
            raise OptionError(f"`{name}` does nothing with `vocabulary_of`: leave one of them out")
    return GivenVocabulary(corpus if isinstance(corpus, PreparedCorpus) else PreparedCorpus(corpus))
