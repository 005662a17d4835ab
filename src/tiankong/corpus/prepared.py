"""The prepared corpus on disk: its files, and opening one."""

from __future__ import annotations

import bisect
import hashlib
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from tiankong.config import PrepareConfig
from tiankong.corpus.codes import CodeReport
from tiankong.corpus.labels import LabelCounts
from tiankong.corpus.reader import SourceFile
from tiankong.corpus.splits import SPLITS, split_file
from tiankong.errors import FolderError
from tiankong.folder import FolderFormat, as_path, sha256
from tiankong.text.characters import CharacterTable
from tiankong.text.network_input import Ints, Lexicon
from tiankong.text.vocabulary import Vocabulary, is_target, parse_table
from tiankong.text.word_list import WordList

PREPARED = FolderFormat("prepared corpus", "prepared.json", 2, "tiankong prepare", oldest=2)

VOCABULARY_FILE = "vocabulary.tsv"
OTHER_WORDS_FILE = "other_words.tsv"
CHARACTERS_FILE = "characters.tsv"
CODES_FILE = "codes.safetensors"
USER_DICT_FILE = "user_dict.txt"
TYPED_FORMS_FILE = "typed_forms.txt"


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
    number of texts with more than one label, ``left_out_words`` that of the rarest words, which have no id;
    ``vocabulary_of`` is the fingerprint of the corpus whose vocabulary was taken over.
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
    left_out_words: int = 0
    vocabulary_of: str | None = None


@dataclass(frozen=True)
class SplitShard:
    """Part of a split, memory-mapped: its text ``i`` is ``tokens[offsets[i]:offsets[i + 1]]``, <BEG> and <EOF>
    included.
    """

    tokens: NDArray[np.int32]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1


class Split:
    """One split: its texts in the order in which they were read, in one or more ``shards``."""

    def __init__(self, shards: Sequence[SplitShard]) -> None:
        self.shards = tuple(shards)
        self._starts = [0, *itertools.accumulate(map(len, self.shards))]

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, index: int) -> Ints:
        """Lexicon ids of one text, <BEG> and <EOF> included.

        :raises IndexError: there is no such text.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"no text {index}")
        number = bisect.bisect_right(self._starts, index) - 1
        shard = self.shards[number]
        index -= self._starts[number]
        return shard.tokens[shard.offsets[index] : shard.offsets[index + 1]].astype(np.int64)

    def lengths(self) -> NDArray[np.int32]:
        """The number of words of each text (texts,), without <BEG> and <EOF>."""
        lengths = np.empty(len(self), dtype=np.int32)
        for shard, start in zip(self.shards, self._starts, strict=False):
            np.subtract(
                shard.offsets[1:], shard.offsets[:-1] + 2, out=lengths[start : start + len(shard)], casting="same_kind"
            )
        return lengths


def open_split(folder: Path, name: str) -> Split:
    """The split of that name in the folder of a prepared corpus."""
    # As plain arrays on the mapped files: NumPy's own kind takes half of a batch's time to cut.
    return Split(
        [
            SplitShard(*(np.asarray(_mapped(folder, name, part, shard)) for part in ("tokens", "offsets")))
            for shard in _shards(folder, name)
        ]
    )


def _shards(folder: Path, split: str) -> Iterator[int]:
    """The numbers of the shards of a split."""
    return itertools.takewhile(lambda shard: (folder / split_file(split, "tokens", shard)).exists(), itertools.count())


def _mapped(folder: Path, split: str, part: str, shard: int) -> NDArray[Any]:
    mapped: NDArray[Any] = np.load(folder / split_file(split, part, shard), mmap_mode="r")
    return mapped


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
        except (OSError, ValueError) as error:
            raise self._damaged(error) from None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the manifest, which holds the hashes of all other files."""
        return sha256(self.path / PREPARED.manifest)

    @property
    def sources_fingerprint(self) -> str:
        """SHA-256 of the hashes of the files that it was prepared from, in any order and however they were split."""
        return hashlib.sha256("".join(sorted(source.sha256 for source in self.manifest.sources)).encode()).hexdigest()

    @cached_property
    def lexicon(self) -> Lexicon:
        """Every surface form of the corpus."""
        return Lexicon.of(self.vocabulary, self.characters, self.other_words)

    @cached_property
    def other_words(self) -> WordList:
        """The words outside the vocabulary, by rank.

        :raises FolderError: their file is damaged.
        """
        try:
            return WordList((self.path / OTHER_WORDS_FILE).read_bytes(), OTHER_WORDS_FILE)
        except (OSError, ValueError) as error:
            raise self._damaged(error) from None

    @cached_property
    def is_word(self) -> NDArray[np.bool_]:
        """For each id, whether it is a word to predict if it is in the vocabulary. Shape (forms,)."""
        targets = self.vocabulary.targets()
        others = np.fromiter(map(is_target, self.other_words), dtype=np.bool_, count=len(self.other_words))
        return np.concatenate([targets, others])

    def form(self, number: int) -> str:
        """The surface form with that id."""
        known = len(self.vocabulary)
        return self.vocabulary.words[number] if number < known else self.other_words[number - known]

    @cached_property
    def codes(self) -> NDArray[np.uint8]:
        """Word codes, shape (vocabulary, bits), zeros for the special tokens.

        :raises FolderError: the corpus was prepared without codes.
        """
        if self.manifest.codes is None:
            raise FolderError(
                f"{self.path} was prepared without codes: training with a head that needs them makes them, or prepare "
                "it again with `code_bits=100`"
            )
        return load_file(self.path / CODES_FILE)["codes"]

    @property
    def user_words(self) -> list[str]:
        """Lines of the user dictionary that the corpus was segmented with."""
        file = self.path / USER_DICT_FILE
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    @property
    def typed_forms(self) -> list[str]:
        """The words that are mostly not typed in lower case, as they are typed, by rank."""
        file = self.path / TYPED_FORMS_FILE
        return file.read_text(encoding="utf-8").split("\n")[:-1] if file.exists() else []

    def split(self, name: str) -> Split:
        """The split of that name, one of ``SPLITS``."""
        if name not in SPLITS:
            raise ValueError(f"no split {name}")
        return open_split(self.path, name)

    def translated(self, tokens: NDArray[np.int32]) -> NDArray[np.int32]:
        """Ids as they stand in the files as those of :attr:`vocabulary`; here they are the same."""
        return tokens

    def shard_files(self, split: str) -> list[tuple[Path, Path]]:
        """The files of a split's token ids and of the offsets of its texts, a pair for each shard."""
        return [
            (self.path / split_file(split, "tokens", shard), self.path / split_file(split, "offsets", shard))
            for shard in _shards(self.path, split)
        ]

    def labels(self, split: str) -> NDArray[np.int32]:
        """The label of each text of a split (texts,), as an index into the manifest's labels.

        :raises FolderError: the texts are not all labelled.
        """
        if self.manifest.label_problem is not None:
            raise FolderError(f"{self.path} has no labels to learn from: {self.manifest.label_problem}")
        return np.concatenate([_mapped(self.path, split, "labels", shard) for shard in _shards(self.path, split)])

    def _damaged(self, error: Exception) -> FolderError:
        return FolderError(f"{self.path} is damaged ({error}): make it again with `{PREPARED.command}`")

    def _table(self, name: str) -> tuple[list[str], list[int]]:
        # newline="" keeps separators inside words (only a line feed ends a line).
        with (self.path / name).open(encoding="utf-8", newline="") as file:
            return parse_table(file.read(), name)
