"""The model folder: which files it holds, and opening one with nothing run and nothing trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from tiankong.artifact.error_detection import ErrorDetection, read_error_detection
from tiankong.config import SPACED, ClassifierConfig, ModelConfig, PrepareConfig, TrainingConfig
from tiankong.errors import FolderError
from tiankong.folder import FolderFormat, sha256
from tiankong.registry.heads import HEADS
from tiankong.registry.tasks import TASKS, WORDS, AnswerKind, TaskSpec, task_of
from tiankong.text.characters import CharacterTable
from tiankong.text.typed_forms import TypedForms
from tiankong.text.vocabulary import Vocabulary, parse_table

VOCABULARY_FILE = "vocabulary.tsv"
CHARACTERS_FILE = "characters.tsv"
CODES_FILE = "codes.safetensors"
USER_DICT_FILE = "user_dict.txt"
TYPED_FORMS_FILE = "typed_forms.txt"
WEIGHTS_FILE = "model.safetensors"
ONNX_FILE = "model.onnx"
METRICS_FILE = "metrics.json"
HISTORY_FILE = "history.csv"
CURVES_FILE = "curves.png"
RELIABILITY_FILE = "reliability.png"
CONFUSION_FILE = "confusion.png"
CARD_FILE = "README.md"

MODEL = FolderFormat(
    "model",
    "config.json",
    1,
    "tiankong train",
    for_people=(METRICS_FILE, HISTORY_FILE, CURVES_FILE, RELIABILITY_FILE, CONFUSION_FILE, CARD_FILE),
)


@dataclass(frozen=True)
class StatedBase:
    """The model that a model goes on from, and whether the texts it learned from may be among the test texts."""

    name: str
    sha256: str  # of its manifest
    may_know_test_texts: bool = False


@dataclass(frozen=True)
class StatedTexts:
    """How texts that a model learned from were split; ``split`` is ``None`` where that was not stated."""

    seed: int
    split: tuple[float, float, float] | None
    sources: str = ""  # PreparedCorpus.sources_fingerprint, if it was stated


@dataclass(frozen=True)
class StatedCorpus:
    """One of several corpora that a model was trained on, and its share of the tokens that were learned from."""

    name: str
    share: float
    sha256: str  # of its manifest


@dataclass(frozen=True)
class ModelManifest:
    """The fields of ``config.json``. ``words`` counts the special tokens, too. ``corpora`` are those of a
    model that was trained on several.

    ``unknown_bias`` is the constant part of the logit of a word outside the vocabulary, of models that compose output
    vectors. ``labels`` and ``classifier`` are those of a classifier; its outputs are in the order of ``labels``.
    ``base`` is the model that it goes on from, if any. ``learned_from`` are the texts of each corpus that its weights
    have seen, those of the base's included; earlier versions stated none.
    """

    format: str
    version: int
    tiankong: str
    prepare: PrepareConfig
    model: ModelConfig
    training: TrainingConfig
    words: int
    parameters: int
    weights: str = "fp32"
    unknown_bias: float | None = None
    task: str = next(iter(TASKS))  # of the models that say none
    labels: list[str] = field(default_factory=list)
    classifier: ClassifierConfig | None = None
    base: StatedBase | None = None
    corpora: list[StatedCorpus] = field(default_factory=list)
    learned_from: list[StatedTexts] = field(default_factory=list)

    @property
    def code_bits(self) -> int:
        """Bits of a word's code, if words have codes."""
        return self.model.code_bits or self.prepare.code_bits  # earlier versions state them with the corpus


@dataclass(frozen=True)
class ModelFolder:
    """A model folder, verified and read; ``onnx`` is the network's file.

    ``error_detection`` is set if the model can check words. If the head's decoder is for codes, words have packed
    ``codes`` (words, bits / 8) and a ``bias`` (words,). ``typed_forms`` are empty for models of earlier versions.
    """

    path: Path
    manifest: ModelManifest
    vocabulary: Vocabulary
    characters: CharacterTable
    codes: NDArray[np.uint8] | None
    bias: NDArray[np.float32] | None
    user_words: list[str]
    typed_forms: TypedForms
    error_detection: ErrorDetection | None
    sha256: str  # of its manifest

    @property
    def onnx(self) -> Path:
        """The exported network."""
        return self.path / ONNX_FILE

    @property
    def task(self) -> TaskSpec:
        """What the model was trained for."""
        return TASKS[self.manifest.task]

    def needs(self, kind: AnswerKind) -> None:
        """Checks that the model gives this kind of answer.

        :raises FolderError: it gives another kind.
        """
        if self.task.answers != kind:
            raise FolderError(f"{self.path.name} {self.task.answers.refusal}: {kind.wanted}")


def open_model(path: Path) -> ModelFolder:
    """Opens and verifies ``path``.

    :raises FolderError: it is missing, not a model, newer, damaged or edited.
    """
    manifest = MODEL.open(path, ModelManifest)
    task = task_of(manifest.task, path.name)
    if manifest.model.head not in HEADS:
        raise FolderError(
            f"{path.name} has the head {manifest.model.head!r}, which this version does not know: upgrade tiankong"
        )
    try:
        vocabulary = Vocabulary(*_table(path / VOCABULARY_FILE))
        characters = CharacterTable(*_table(path / CHARACTERS_FILE))
        has_codes = task.answers == WORDS and manifest.model.head_spec.decoder == "codes"
        coded = load_file(path / CODES_FILE) if has_codes else None
        dictionary = path / USER_DICT_FILE
        codes, bias = (coded["codes"], coded["bias"]) if coded else (None, None)
        typed_forms = _typed_forms(path / TYPED_FORMS_FILE, capitalises=manifest.prepare.segmenter in SPACED)
        error_detection = read_error_detection(path)
        user_words = dictionary.read_text(encoding="utf-8").splitlines() if dictionary.exists() else []
        digest = sha256(path / MODEL.manifest)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise FolderError(f"{path} is damaged ({error}): make it again with `{MODEL.command}`") from None
    return ModelFolder(
        path, manifest, vocabulary, characters, codes, bias, user_words, typed_forms, error_detection, digest
    )


def _typed_forms(file: Path, *, capitalises: bool) -> TypedForms:
    if not file.exists():
        return TypedForms()
    return TypedForms(file.read_text(encoding="utf-8").split("\n")[:-1], capitalises=capitalises)


def _table(file: Path) -> tuple[list[str], list[int]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return parse_table(lines.read(), file.name)
