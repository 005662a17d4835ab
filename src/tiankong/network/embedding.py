"""Input vectors: a word's own vector plus one composed from its characters."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tiankong.config import ModelConfig
from tiankong.text.vocabulary import BLANK, SPECIAL_TOKENS, UNKNOWN, ids_of_frequent


class WordEmbedding(nn.Module):
    """``vector(word) + linear(mean, first and last character vector)``; unknown words have characters only.

    Sizes: distinct words W, characters of the longest K, embedding E, character vector C.
    """

    def __init__(self, words: int, characters: int, embedding_size: int, character_size: int) -> None:
        """``words`` have a vector of their own; an id beyond is read as an unknown word, by its characters."""
        super().__init__()
        self.words = nn.Embedding(words, embedding_size)
        nn.init.normal_(self.words.weight, std=embedding_size**-0.5)
        self.reads_characters = character_size > 0
        self.taken_out: nn.Linear | None = None
        if self.reads_characters:
            self.characters = nn.Embedding(characters, character_size, padding_idx=0)
            self.compose = nn.Linear(3 * character_size, embedding_size, bias=False)

    @torch.no_grad()
    def start_from(self, vectors: Tensor) -> None:
        """Gives the words behind the special tokens these vectors (W, E), as many as have one of their own."""
        rows = self.words.weight[len(SPECIAL_TOKENS) :]
        rows.copy_(vectors[: len(rows)])

    def forward(self, word_ids: Tensor, character_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Both parts, each (W, E), of words (W,) with characters (W, K)."""
        word_vectors = self.words(word_ids.where(word_ids < self.words.num_embeddings, UNKNOWN))
        if not self.reads_characters:
            return word_vectors, torch.zeros_like(word_vectors)
        features = self.features(character_ids)
        if self.taken_out is not None:
            word_vectors = word_vectors - self.taken_out(features) * (word_ids != UNKNOWN)[:, None]
        return word_vectors, self.compose(features)

    def features(self, character_ids: Tensor) -> Tensor:
        """Mean, first and last character vector (W, 3C) of words with characters (W, K)."""
        vectors = self.characters(character_ids)  # (W, K, C); padding is 0
        lengths = (character_ids != 0).sum(dim=1, keepdim=True).clamp(min=1)  # (W, 1)
        last = torch.gather(character_ids, 1, lengths - 1).squeeze(1)
        parts = [vectors.sum(dim=1) / lengths, vectors[:, 0], self.characters(last)]
        return torch.cat(parts, dim=1)

    def put_in(self, composed: Tensor, by: nn.Linear, words: slice) -> None:
        """Adds ``composed`` (W, E), which ``by`` makes from the features of ``words``, to their own vectors for good;
        :meth:`forward` takes it out again, once that is done for all words.

        So one table serves at both ends of an exported network whose output vectors are composed as well.
        """
        self.words.weight.data[words].add_(composed)
        self.taken_out = by


def own_vectors(config: ModelConfig, words: int) -> int:
    """Ids of ``words`` that have an input vector of their own."""
    return ids_of_frequent(config.word_vectors, words) if config.word_vectors else words


def context_vectors(
    word_vectors: Tensor, composed: Tensor, words: Tensor, drop_word: float, drop_token: float, training: bool
) -> Tensor:
    """Vectors (B, T, E) of the context ``words`` (B, T), rows of the two parts (W, E).

    In training, so that unknown words and further blanks of a query are familiar, a share ``drop_word`` is read
    by characters alone and a share ``drop_token`` becomes <BLANK>; the special tokens stay as they are.
    """
    if not training:
        return functional.embedding(words, word_vectors + composed)
    word_rows = character_rows = words
    if drop_word or drop_token:
        chance = torch.rand(words.shape, device=words.device)
        ordinary = words >= len(SPECIAL_TOKENS)
        blanked = ordinary & (chance < drop_token)
        nameless = ordinary & (chance >= drop_token) & (chance < drop_token + drop_word)
        word_rows = words.masked_fill(nameless, UNKNOWN).masked_fill(blanked, BLANK)
        character_rows = words.masked_fill(blanked, BLANK)
    return functional.embedding(word_rows, word_vectors) + functional.embedding(character_rows, composed)
