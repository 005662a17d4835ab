"""Counts how the words of a vocabulary are typed in the training split, exactly.

In memory is what belongs to the vocabulary, however large the corpus is. The first word of a sentence, of a quotation
or of a text tells nothing: there, every word has a capital letter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tiankong.corpus.shards import Shard
from tiankong.text.typed_forms import tells_form
from tiankong.text.vocabulary import SPECIAL_TOKENS

_POSSESSIVES = ("'s", "\u2019s")


class TypedFormCounts:
    """The forms of the words of a vocabulary."""

    def __init__(self, words: Sequence[str]) -> None:
        """``words`` by rank."""
        self._words = words
        self._rank_of = {word: rank for rank, word in enumerate(words)}
        self._counts = np.zeros(len(words), dtype=np.int64)
        self._typed: Counter[str] = Counter()

    def add(self, shard: Shard, split: NDArray[np.uint8], id_of: NDArray[np.int32]) -> None:
        """Counts the texts of a shard of which ``split`` (texts,) is 0. ``id_of`` (forms,) are the final ids."""
        ids, lengths, typed = shard.ids, shard.lengths, shard.typed
        forms = shard.forms_between(0, len(shard.table().content))
        tells = np.fromiter(map(tells_form, forms), dtype=np.bool_, count=len(forms))
        counted = np.zeros(len(ids), dtype=np.bool_)
        counted[1:] = tells[ids[:-1]]
        counted[np.cumsum(lengths)[:-1]] = False  # the first token of each text
        counted &= np.repeat(split == 0, lengths)
        ranks = id_of[ids[counted]] - len(SPECIAL_TOKENS)
        known = ranks[(ranks >= 0) & (ranks < len(self._words))]
        self._counts += np.bincount(known, minlength=len(self._words))
        occurrences = np.bincount(typed.numbers[counted[typed.places]], minlength=len(typed.forms))
        for form, count in zip(typed.forms, occurrences.tolist(), strict=True):
            if count and form.lower() in self._rank_of:
                self._typed[form] += count

    def usual(self) -> list[str]:
        """The most frequent form of each word that has a more frequent one than that in lower case, by rank; of equally
        frequent ones the first by code points. A possessive that begins sentences only is typed as its noun.
        """
        best: dict[int, tuple[int, str]] = {}
        in_lower_case = self._counts.copy()
        for form, count in sorted(self._typed.items()):
            rank = self._rank_of[form.lower()]
            in_lower_case[rank] -= count
            if count > best.get(rank, (0, ""))[0]:
                best[rank] = count, form
        form_of = {rank: form for rank, (count, form) in best.items() if count > in_lower_case[rank]}
        for rank in np.flatnonzero(self._counts == 0).tolist():
            word = self._words[rank]
            noun = self._rank_of.get(word[: -len(_POSSESSIVES[0])], -1) if word.endswith(_POSSESSIVES) else -1
            if noun in form_of:
                form_of[rank] = form_of[noun] + word[-len(_POSSESSIVES[0]) :]
        return [form_of[rank] for rank in sorted(form_of)]
