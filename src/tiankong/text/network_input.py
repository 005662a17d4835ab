"""Turns sentences of token ids into the arrays that the network reads, in training, evaluation and filling alike.

::

    ids        <BEG>  w1   w2   w3   <EOF>
    forward      ->   ->   ->                    read from the left, one array
    backward               <-   <-   <-          read from the right, another
    predict w2 from forward state at w1 and backward state at w3

Each distinct token of a batch stands once in ``word_ids`` and ``character_ids``; the two reading orders are indices
into those rows. Each direction reads only as far as the last state that is needed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiankong.text.characters import LONGEST_WORD, CharacterTable
from tiankong.text.vocabulary import SPECIAL_TOKENS, UNKNOWN, Vocabulary

Ints = NDArray[np.int64]

CharacterIds = NDArray[np.integer[Any]]
"""Characters of words (words, longest word)."""

_BLOCK = 1 << 16


@dataclass(frozen=True)
class Lexicon:
    """Every surface form with an id: the vocabulary first, then words outside it.

    ``word_ids`` (forms,) is the vocabulary id, :data:`UNKNOWN` for words outside; ``character_ids``
    (forms, longest word) are the characters, none for the special tokens.
    """

    word_ids: NDArray[np.int32]
    character_ids: CharacterIds

    @classmethod
    def of(
        cls, vocabulary: Vocabulary, characters: CharacterTable, others: Iterable[str] = (), count: int | None = None
    ) -> Lexicon:
        """The lexicon of ``vocabulary``, with ``others`` getting the ids behind it; there are ``count`` of them, which
        need not be told of a list.
        """
        special = len(SPECIAL_TOKENS)
        if count is None:
            count = len(others) if isinstance(others, Sized) else len(others := list(others))
        words = itertools.chain(vocabulary.words[special:], others)
        ids = np.full(len(vocabulary) + count, UNKNOWN, dtype=np.int32)
        ids[: len(vocabulary)] = np.arange(len(vocabulary))
        return cls(ids, _character_ids(words, len(ids) - special, characters))

    @classmethod
    def translated(cls, words: Iterable[str], vocabulary: Vocabulary, characters: CharacterTable) -> Lexicon:
        """The lexicon by which a model of this ``vocabulary`` reads texts whose ids are the places in ``words``, behind
        those of the special tokens.
        """
        special = len(SPECIAL_TOKENS)
        ids = [np.arange(special, dtype=np.int32)]
        tables = [_character_ids((), 0, characters)]
        remaining = iter(words)
        while block := list(itertools.islice(remaining, _BLOCK)):
            ids.append(np.array([vocabulary.id_of(word) for word in block], dtype=np.int32))
            tables.append(_character_ids(block, len(block), characters)[special:])
        return cls(np.concatenate(ids), np.concatenate(tables))


def _character_ids(words: Iterable[str], count: int, characters: CharacterTable) -> CharacterIds:
    """The characters of the special tokens, which have none, and of ``count`` words, in as few bytes as they fit in."""
    special = len(SPECIAL_TOKENS)
    kind = np.uint16 if len(characters) <= 1 << 16 else np.int32
    table: CharacterIds = np.zeros((special + count, LONGEST_WORD), dtype=kind)
    remaining, start = iter(words), special
    while block := list(itertools.islice(remaining, _BLOCK)):
        table[start : start + len(block)] = characters.ids(block)
        start += len(block)
    return table


class Window(NamedTuple):
    """Positions ``start`` to ``stop`` (exclusive) of ``ids``, a text with <BEG> and <EOF>, that are read and
    predicted from; ``targets`` are the positions predicted, all within the window."""

    ids: Ints
    start: int
    stop: int
    targets: Ints

    def cut_out(self) -> Window:
        """The same window of a text that has nothing but the tokens read."""
        before = self.start - 1
        return Window(self.ids[before : self.stop + 1], 1, self.stop - before, self.targets - before)


class NetworkInput(NamedTuple):
    """The network's inputs. Words W, characters of the longest word K, sentences B, predictions N."""

    word_ids: Ints  # (W,) vocabulary ids; the first four are the special tokens
    character_ids: Ints  # (W, K)
    forward_words: Ints  # (B, T) rows of word_ids, left to right, padded right
    backward_words: Ints  # (B, S) rows of word_ids, right to left, padded right
    forward_index: Ints  # (N,) flat positions in (B, T) of the state before each prediction
    backward_index: Ints  # (N,) flat positions in (B, S) of the state after each prediction
    by_sentence: Ints  # (B, P) the numbers of each sentence's predictions, padded right with 0
    places: Ints  # (N,) flat positions in (B, P) of each prediction


def network_input(
    windows: Sequence[Window],
    lexicon: Lexicon,
    other_characters: CharacterIds | None = None,
    spell_others: bool = False,
) -> NetworkInput:
    """Arrays for a batch of windows; predictions stand in window order.

    Ids at or above the lexicon's size are rows of ``other_characters``: words outside the lexicon. With
    ``spell_others``, all of them are among the W words, at the end, whether or not a window has them.
    """
    count = len(other_characters) if other_characters is not None and spell_others else 0
    others = len(lexicon.word_ids) + np.arange(count)
    forms, tables = _distinct([window.ids[window.start - 1 : window.stop + 1] for window in windows], others)
    word_ids, character_ids = _rows(forms, lexicon, other_characters)
    # Counted from the window's edges: the state before position p is number p - start of the forward reading,
    # the state after it number stop - 1 - p of the backward one.
    ahead = [window.targets - window.start for window in windows]
    behind = [window.stop - 1 - window.targets for window in windows]
    forward = _padded([table[:-2] for table in tables], ahead)
    backward = _padded([table[:1:-1] for table in tables], behind)
    return NetworkInput(
        word_ids,
        character_ids,
        forward,
        backward,
        _flat(ahead, forward.shape[1]),
        _flat(behind, backward.shape[1]),
        *_by_sentence([len(window.targets) for window in windows]),
    )


def _distinct(texts: list[Ints], others: Ints) -> tuple[Ints, list[Ints]]:
    """The distinct ids, the special tokens first, ``others`` among them, and each text as indices into them."""
    always = np.concatenate([np.arange(len(SPECIAL_TOKENS)), others])
    forms, indices = np.unique(np.concatenate([always, *texts]), return_inverse=True)
    lengths = [len(always), *(len(text) for text in texts)]
    return forms, np.split(indices, np.cumsum(lengths)[:-1])[1:]


def _rows(forms: Ints, lexicon: Lexicon, others: CharacterIds | None) -> tuple[Ints, Ints]:
    known = forms[forms < len(lexicon.word_ids)]
    word_ids, characters = lexicon.word_ids[known], lexicon.character_ids[known]
    if len(known) < len(forms):
        if others is None:
            raise ValueError("an id outside the lexicon and no characters for it")
        extra = others[forms[len(known) :] - len(lexicon.word_ids)]
        characters = np.concatenate([characters, extra])
        word_ids = np.concatenate([word_ids, np.full(len(extra), UNKNOWN)])
    longest = max(1, int((characters != 0).sum(axis=1).max()))
    return word_ids.astype(np.int64), characters[:, :longest].astype(np.int64)


def _padded(texts: list[Ints], wanted: list[Ints]) -> Ints:
    """Texts as rows, cut after the last wanted state of the batch and padded with 0."""
    longest = 1 + max((int(index.max()) for index in wanted if len(index)), default=0)
    table = np.zeros((len(texts), longest), dtype=np.int64)
    for row, text in zip(table, texts, strict=True):
        row[: len(text)] = text[:longest]
    return table


def _flat(index: list[Ints], width: int) -> Ints:
    rows = [positions + row * width for row, positions in enumerate(index)]
    return np.concatenate(rows).astype(np.int64) if rows else np.zeros(0, dtype=np.int64)


def _by_sentence(counts: list[int]) -> tuple[Ints, Ints]:
    """Numbers of the predictions as a row a sentence, and where each stands there.

    A row has at least two entries: the product of a single one is summed in another order, so that an answer's last
    bit would depend on the batch, and rounding to 8 bits could amplify it.
    """
    most = max(2, *counts) if counts else 2
    within = np.arange(most) < np.array(counts, dtype=np.int64)[:, None]  # (B, P)
    table = np.zeros(within.shape, dtype=np.int64)
    table[within] = np.arange(within.sum())
    return table, np.flatnonzero(within)
