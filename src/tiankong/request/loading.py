"""Loads a model folder with what its user gives for all requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tiankong.artifact.model_folder import ModelFolder
from tiankong.errors import OptionError
from tiankong.registry.tasks import LABELS, WORDS, AnswerKind
from tiankong.request.candidates import check_kept_whole, parse_words, with_case
from tiankong.runtime.classifier import Classifier
from tiankong.runtime.loaded_model import LoadedModel, conversions_of
from tiankong.runtime.predictor import Predictor
from tiankong.text.script import AUTO, Script, check_script


class LoadOptions(NamedTuple):
    """The threads to compute with, words that extend the vocabulary, and how texts are read by default."""

    threads: int
    words: Sequence[str]
    script: Script


def load_folder(folder: ModelFolder, options: LoadOptions) -> LoadedModel:
    """The model in ``folder``, ready to answer.

    :raises OptionError: the words are unusable, or the model is a classifier; the script is unknown.
    :raises FolderError: the network can't be opened.
    """
    check_script(options.script)
    return _LOADERS[folder.task.answers](folder, options)


def _load_predictor(folder: ModelFolder, options: LoadOptions) -> Predictor:
    conversions = conversions_of(folder) if options.words and options.script == AUTO else None
    shown = parse_words(options.words, folder.manifest.prepare, conversions)
    different = {word: typed for word, typed in shown.items() if word != typed}
    predictor = Predictor(folder, options.threads, list(shown), different)
    predictor.typed_forms = folder.typed_forms.with_forms(
        with_case(word, folder.manifest.prepare) for word in options.words
    )
    check_kept_whole(predictor)
    return predictor


def _load_classifier(folder: ModelFolder, options: LoadOptions) -> Classifier:
    if options.words:
        raise OptionError(f"{folder.path.name} is a classifier; extra words are unsupported: remove them")
    return Classifier(folder, options.threads)


_LOADERS: dict[AnswerKind, Callable[[ModelFolder, LoadOptions], LoadedModel]] = {
    WORDS: _load_predictor,
    LABELS: _load_classifier,
}
