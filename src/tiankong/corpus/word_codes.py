"""Makes the word codes of a prepared corpus: in its folder, or beside it when a training needs them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from tiankong.corpus.codes import CodeReport, unique_codes, with_special_rows, word_vectors
from tiankong.corpus.prepared import CODES_FILE, PreparedCorpus, Split
from tiankong.corpus.splits import SPLITS
from tiankong.errors import FolderError
from tiankong.folder import FolderFormat
from tiankong.text.vocabulary import SPECIAL_TOKENS

_USUAL_BITS = 100

Codes = NDArray[np.uint8]

_BLOCK = 1 << 16
"""Texts whose places are in memory together."""

_CODES = FolderFormat("set of word codes", "codes.json", 1, "tiankong train")


@dataclass(frozen=True)
class _CodesManifest:
    """The fields of ``codes.json``: of which prepared corpus the codes are, by its fingerprint."""

    corpus: str
    seed: int
    codes: CodeReport


def codes_folder(corpus: PreparedCorpus, bits: int) -> Path:
    """Where the codes of that many bits that a training makes are kept, beside the corpus."""
    return corpus.path.with_name(f"{corpus.path.name}.codes-{bits}")


def usual_bits(corpus: PreparedCorpus) -> int:
    """Bits of a code where no number is given."""
    return corpus.manifest.config.code_bits or _USUAL_BITS


def word_codes(corpus: PreparedCorpus, bits: int, on_making: Callable[[], None] = lambda: None) -> Codes:
    """Word codes, shape (vocabulary, bits), zeros for the special tokens: those of the corpus, those kept beside it, or
    new ones, which are then kept. ``on_making`` is called first if they must be made.

    :raises FolderError: new ones can't be kept.
    :raises MissingPackageError: gensim is not installed.
    """
    report = corpus.manifest.codes
    if report is not None and report.bits == bits:
        return corpus.codes
    folder = codes_folder(corpus, bits)
    kept = _kept(corpus, folder)
    if kept is not None:
        return kept
    try:
        _CODES.check_output(folder, force=True)
    except FolderError as error:
        raise FolderError(
            f"the word codes can't be kept beside {corpus.path} ({error}), or copy the corpus to where you may write, "
            f"or prepare it again with `code_bits={bits}`"
        ) from None
    on_making()
    with _CODES.write(folder, force=True) as made:
        words = corpus.vocabulary.words[len(SPECIAL_TOKENS) :]
        seed = corpus.manifest.config.seed
        report = write_codes(corpus.split(SPLITS[0]), words, made / CODES_FILE, bits, seed, with_vectors=False)
        manifest = _CodesManifest(corpus.fingerprint, corpus.manifest.config.seed, report)
        _CODES.seal(made, dataclasses.asdict(manifest))
    return load_file(folder / CODES_FILE)["codes"]


def write_codes(
    train: Split, words: Sequence[str], file: Path, bits: int, seed: int, *, with_vectors: bool = True
) -> CodeReport:
    """Makes the codes of ``words``, the vocabulary by rank, from the texts of a training split; the vectors behind them
    take 32 times the space that their bits do.
    """
    vectors = word_vectors(WordTexts(train, words), list(words), bits, seed)
    codes, report = unique_codes(vectors)
    tables = {"codes": with_special_rows(codes)}
    if with_vectors:
        tables["vectors"] = with_special_rows(vectors)
    try:
        save_file(tables, file, metadata={"made by": "word2vec on the training split"})
    except SafetensorError as error:
        raise FolderError(f"{file} can't be written ({error}): free space or choose another place") from None
    return report


def _kept(corpus: PreparedCorpus, folder: Path) -> Codes | None:
    """The codes in ``folder`` if they are whole and those of this corpus."""
    if not folder.is_dir():
        return None
    try:
        manifest = _CODES.open(folder, _CodesManifest)
        if (manifest.corpus, manifest.seed) != (corpus.fingerprint, corpus.manifest.config.seed):
            return None
        return load_file(folder / CODES_FILE)["codes"]
    except (FolderError, OSError, SafetensorError, KeyError):
        return None


class WordTexts:
    """The texts of a split as lists of vocabulary words; it can be read again (gensim does, once an epoch)."""

    def __init__(self, split: Split, words: Sequence[str]) -> None:
        self._split, self._words = split, words

    def __len__(self) -> int:
        return len(self._split)

    def __iter__(self) -> Iterator[list[str]]:
        special = len(SPECIAL_TOKENS)
        last = special + len(self._words)
        for shard in self._split.shards:
            for first in range(0, len(shard), _BLOCK):
                edges = shard.offsets[first : first + _BLOCK + 1].tolist()
                for start, stop in itertools.pairwise(edges):
                    ids = shard.tokens[start + 1 : stop - 1].tolist()
                    yield [self._words[token - special] for token in ids if special <= token < last]
