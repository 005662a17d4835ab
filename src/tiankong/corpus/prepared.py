"""The prepared corpus on disk: its files, and opening one."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from tiankong.config import PrepareConfig
from tiankong.corpus.codes import CodeReport
from tiankong.corpus.labels import LabelCounts, labels_file
from tiankong.corpus.reader import SourceFile
from tiankong.corpus.splits import SPLITS
from tiankong.errors import FolderError
from tiankong.folder import FolderFormat, as_path, sha256
from tiankong.text.characters import CharacterTable
from tiankong.text.network_input import Ints, Lexicon
from tiankong.text.vocabulary import Vocabulary, parse_table

PREPARED = FolderFormat("prepared corpus", "prepared.json", 1, "tiankong prepare")

VOCABULARY_FILE = "vocabulary.tsv"
OTHER_WORDS_FILE = "other_words.tsv"
CHARACTERS_FILE = "characters.tsv"
CODES_FILE = "codes.safetensors"
USER_DICT_FILE = "user_dict.txt"


@dataclass(frozen=True)
class SplitCounts:
    """Sizes of one split. ``targets`` are tokens with a letter, ``known_targets`` those in the vocabulary."""

    texts: int
    tokens: int
    targets: int
    known_targets: int


@dataclass(frozen=True)
class PreparedManifest:
    """The fields of ``prepared.json``. ``label_problem`` says why there are no ``labels``; ``disputed_texts`` is the
    number of texts with more than one label.
    """

    format: str
    version: int
    tiankong: str
    config: PrepareConfig
    sources: list[SourceFile]
    splits: dict[str, SplitCounts]
    words: int
    other_words: int
    empty_texts: int
    duplicate_texts: int
    codes: CodeReport | None
    labels: list[LabelCounts] = field(default_factory=list)
    label_problem: str | None = "it was prepared before labels were kept: prepare it again"
    disputed_texts: int = 0


@dataclass(frozen=True)
class Split:
    """One split, memory-mapped: text ``i`` is ``tokens[offsets[i]:offsets[i + 1]]``, <BEG> and <EOF> included."""

    tokens: NDArray[np.int32]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> Ints:
        """Lexicon ids of one text."""
        return self.tokens[self.offsets[index] : self.offsets[index + 1]].astype(np.int64)


class PreparedCorpus:
    """A prepared corpus, opened and verified.

    ``path`` is its folder. ``manifest`` has its configuration, sources and counts, ``vocabulary`` and ``characters``
    have its words and characters with their counts, and ``other_words`` the words outside the vocabulary.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Opens ``folder``.

        :raises FolderError: it is missing, not a prepared corpus, newer, damaged or edited.
        :raises OptionError: ``folder`` is no path.
        """
        self.path = as_path(folder, "prepared")
        self.manifest = PREPARED.open(self.path, PreparedManifest)
        try:
            self.vocabulary = Vocabulary(*self._table(VOCABULARY_FILE))
            self.characters = CharacterTable(*self._table(CHARACTERS_FILE))
            self.other_words, _ = self._table(OTHER_WORDS_FILE)
        except (OSError, ValueError) as error:
            raise FolderError(f"{folder} is damaged ({error}): make it again with `{PREPARED.command}`") from None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the manifest, which holds the hashes of all other files."""
        return sha256(self.path / PREPARED.manifest)

    @cached_property
    def lexicon(self) -> Lexicon:
        """Every surface form of the corpus."""
        return Lexicon.of(self.vocabulary, self.characters, self.other_words)

    @cached_property
    def codes(self) -> NDArray[np.uint8]:
        """Word codes, shape (vocabulary, bits), zeros for the special tokens.

        :raises FolderError: the corpus was prepared without codes.
        """
        if self.manifest.codes is None:
            raise FolderError(f"{self.path} was prepared without codes: prepare it again with `code_bits=100`")
        return load_file(self.path / CODES_FILE)["codes"]

    @property
    def user_words(self) -> list[str]:
        """Lines of the user dictionary that the corpus was segmented with."""
        file = self.path / USER_DICT_FILE
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def split(self, name: str) -> Split:
        """The split of that name, one of ``SPLITS``."""
        if name not in SPLITS:
            raise ValueError(f"no split {name}")
        # As plain arrays on the mapped file: NumPy's own kind takes half of a batch's time to cut.
        files = (np.load(self.path / f"{name}.{part}.npy", mmap_mode="r") for part in ("tokens", "offsets"))
        return Split(*(np.asarray(file) for file in files))

    def labels(self, split: str) -> NDArray[np.int32]:
        """The label of each text of a split (texts,), as an index into the manifest's labels.

        :raises FolderError: the texts are not all labelled.
        """
        if self.manifest.label_problem is not None:
            raise FolderError(f"{self.path} has no labels to learn from: {self.manifest.label_problem}")
        numbers: NDArray[np.int32] = np.load(self.path / labels_file(split))
        return numbers

    def _table(self, name: str) -> tuple[list[str], list[int]]:
        # newline="" keeps separators inside words (only a line feed ends a line).
        with (self.path / name).open(encoding="utf-8", newline="") as file:
            return parse_table(file.read(), name)
