"""One or several prepared corpora to train on together, with weights."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from numbers import Real

import numpy as np

from tiankong.config import first_difference
from tiankong.corpus.blocks import Renumbering
from tiankong.corpus.given_vocabulary import ALIKE
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.errors import FolderError, OptionError
from tiankong.text.network_input import Lexicon

_LARGEST_WEIGHT = 1_000_000


@dataclass(frozen=True)
class MixPart:
    """A corpus with its name within the mix, its ``share`` of the tokens that are learned from, and how its ids become
    those of the mix.
    """

    name: str
    corpus: PreparedCorpus
    share: float
    renumbering: Renumbering


class CorpusMix:
    """Corpora of one vocabulary, read as one.

    Words outside the vocabulary have ids of their own in each corpus; the mix numbers those of the second corpus behind
    those of the first, and so on.
    """

    def __init__(self, corpora: Sequence[PreparedCorpus], weights: Sequence[float] | None = None) -> None:
        """``weights`` are shares of the tokens, relative to their sum; by default each corpus has the share that it has
        of all training tokens.

        :raises OptionError: there is no corpus, one stands twice, or the weights do not match them.
        :raises FolderError: they were not prepared in the same way, or have not the same vocabulary.
        """
        if not corpora:
            raise OptionError("there is no prepared corpus to train on: name one")
        if weights is not None:
            weights = _checked(weights, len(corpora))
        self.weights = None if weights is None else [int(one) if one.is_integer() else one for one in weights]
        """As they were given."""
        self.first = corpora[0]
        _check_alike(corpora)
        given = weights or [corpus.manifest.splits["train"].tokens for corpus in corpora]
        first_other = len(self.first.vocabulary)
        shifts = np.cumsum([0, *(corpus.manifest.other_words for corpus in corpora[:-1])]).tolist()
        self.parts = [
            MixPart(name, corpus, float(weight) / math.fsum(given), Renumbering(first_other, shift))
            for name, corpus, weight, shift in zip(_names(corpora), corpora, given, shifts, strict=True)
        ]

    @property
    def is_several(self) -> bool:
        """Whether there is more than one corpus."""
        return len(self.parts) > 1

    @property
    def largest(self) -> PreparedCorpus:
        """The corpus with the largest share."""
        return max(self.parts, key=lambda part: part.share).corpus

    @property
    def tokens(self) -> int:
        """Of the training splits of all corpora together: an epoch."""
        return sum(part.corpus.manifest.splits["train"].tokens for part in self.parts)

    @property
    def fingerprint(self) -> str:
        """Identifies the corpora and their shares."""
        if not self.is_several:
            return self.first.fingerprint
        stated = [[part.corpus.fingerprint, part.share] for part in self.parts]
        return hashlib.sha256(json.dumps(stated).encode()).hexdigest()

    @cached_property
    def lexicon(self) -> Lexicon:
        """Every surface form of the corpora, by the ids of the mix."""
        if not self.is_several:
            return self.first.lexicon
        words = itertools.chain.from_iterable(part.corpus.other_words for part in self.parts)
        others = sum(len(part.corpus.other_words) for part in self.parts)
        return Lexicon.of(self.first.vocabulary, self.first.characters, words, others)


def _checked(weights: object, corpora: int) -> list[float]:
    """The weights as numbers.

    :raises OptionError: they are something else, or do not match the corpora.
    """
    if isinstance(weights, str | bytes | Mapping | Set) or not isinstance(weights, Iterable):
        raise OptionError(f"`weights` must be a list of numbers, not {weights!r}")
    listed = list(weights)
    if len(listed) != corpora:
        raise OptionError(
            f"there are {corpora:,} corpora and {len(listed):,} `weights`: give one weight for each corpus"
        )
    for weight in listed:
        if not isinstance(weight, Real) or isinstance(weight, bool) or weight <= 0 or not weight <= _LARGEST_WEIGHT:
            raise OptionError(f"`weights` must be numbers above 0, up to {_LARGEST_WEIGHT:,}, not {weight!r}")
    return list(map(float, listed))


def _check_alike(corpora: Sequence[PreparedCorpus]) -> None:
    first, *others = corpora
    repeated = [path for path, times in Counter(corpus.path.resolve() for corpus in corpora).items() if times > 1]
    if repeated:
        raise OptionError(f"{repeated[0].name} is given twice: give it once, with a larger weight")
    for corpus in others:
        if different := first_difference(corpus.manifest.config, first.manifest.config, ALIKE):
            raise FolderError(
                f"{corpus.path} was prepared with {different.setting} {different.one!r} and {first.path} with "
                f"{different.other!r}: prepare them in the same way"
            )
        if corpus.user_words != first.user_words:
            raise FolderError(
                f"{corpus.path} and {first.path} were prepared with different user dictionaries: prepare them with the "
                "same `user_dict`"
            )
        same_words = corpus.vocabulary.words == first.vocabulary.words
        if not same_words or corpus.characters.characters != first.characters.characters:
            raise FolderError(
                f"{corpus.path} and {first.path} have different vocabularies: prepare one of them again with "
                "`vocabulary_of` the other"
            )


def _names(corpora: Sequence[PreparedCorpus]) -> list[str]:
    """The last part of each path, or as many as tell the corpora apart."""
    paths = [corpus.path.resolve().parts for corpus in corpora]
    for length in range(1, max(map(len, paths)) + 1):
        names = ["/".join(parts[-length:]) for parts in paths]
        if len(set(names)) == len(names):
            break
    return names
