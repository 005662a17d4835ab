"""Segments the texts of a chunk: the work of prepare that is shared between processes."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Sequence

import numpy as np

from tiankong.config import PrepareConfig
from tiankong.corpus.chunks import Chunk, digest
from tiankong.corpus.shards import Segmented
from tiankong.corpus.splits import text_hashes
from tiankong.corpus.typed_tokens import TypedPieces, TypedTokens
from tiankong.text.normalise import normalise, normalise_with_case
from tiankong.text.segment import Tokenizer
from tiankong.text.vocabulary import is_target

_MOST_PIECES = 200_000
"""Pieces that are remembered from one chunk to the next: some 40 MB."""

_NO_TOKEN = -1


class _Numbers(dict[str, int]):
    """The number of the token that a piece is, by order of appearance; :data:`_NO_TOKEN` if it is none."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self._token = tokenizer.token
        self.tokens: list[str] = []
        self.targets: list[bool] = []

    def __missing__(self, piece: str) -> int:
        token = self._token(piece)
        if token is None:
            number = _NO_TOKEN
        elif token != piece:
            number = self[token]
        else:
            number = len(self.tokens)
            self.tokens.append(token)
            self.targets.append(is_target(token))
        self[piece] = number
        return number


class ChunkSegmenter:
    """Segments chunks one after the other; what it returns does not depend on the chunks before."""

    def __init__(self, config: PrepareConfig, user_words: Sequence[str]) -> None:
        """``user_words`` are lines of a user dictionary.

        :raises MissingPackageError: the segmenter's package is not installed.
        """
        self._tokenizer = Tokenizer(config, user_words)
        self._config = config
        self._numbers = _Numbers(self._tokenizer)

    def segment(self, content: bytes) -> Segmented:
        """The segmented texts of the chunk with these bytes."""
        chunk = Chunk.from_bytes(content)
        if len(self._numbers) > _MOST_PIECES:
            self._numbers = _Numbers(self._tokenizer)
        method = self._config.normalisation
        both = [normalise_with_case(text, method) for text in chunk.texts]
        is_standard = method == "standard"
        folded = [text for text, _ in both] if is_standard else [normalise(text, "standard") for text in chunk.texts]
        hashes = text_hashes(folded, self._config.seed)
        ids, lengths, typed = self._ids(both)

        kept = np.flatnonzero(lengths)
        place_of = {number: place for place, number in enumerate(kept.tolist())} if chunk.places else {}
        tokens = self._numbers.tokens
        used = np.flatnonzero(np.bincount(ids, minlength=len(tokens)))
        in_order = sorted(used.tolist(), key=tokens.__getitem__)
        ranks = np.empty(len(tokens), dtype=np.int32)
        ranks[in_order] = np.arange(len(in_order), dtype=np.int32)
        return Segmented(
            ids=ranks[ids],
            lengths=lengths[kept].astype(np.int32),
            hashes=hashes[kept],
            labels=chunk.label_array()[kept],
            forms=list(map(tokens.__getitem__, in_order)),
            targets=np.array(list(map(self._numbers.targets.__getitem__, in_order)), dtype=np.bool_),
            typed=typed,
            label_names=chunk.label_names,
            places={place_of[number]: place for number, place in chunk.places.items() if number in place_of},
            empty=len(lengths) - len(kept),
            digest=digest(content),
        )

    def _ids(self, texts: Sequence[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray, TypedTokens]:
        """The numbers of all tokens, how many each text has, and those with capital letters. The texts are given
        normalised, and the same as typed.
        """
        number_of, cut = self._numbers.__getitem__, self._tokenizer.pieces
        counts = array("q")
        typed_pieces = TypedPieces()

        def pieces(text: str, typed: str) -> list[str]:
            found = cut(text)
            if typed is not text:
                typed_pieces.add(len(counts), text, typed, found)
            counts.append(len(found))
            return found

        ids = map(number_of, itertools.chain.from_iterable(itertools.starmap(pieces, texts)))
        numbers = np.fromiter(ids, dtype=np.int32)
        ends = np.concatenate([[0], np.cumsum(np.frombuffer(counts, dtype=np.int64))])
        is_token = numbers != _NO_TOKEN
        before = np.concatenate([[0], np.cumsum(is_token)])
        return numbers[is_token], np.diff(before[ends]), typed_pieces.tokens(ends, is_token)
