"""What heads with word codes have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tiankong.config import STEADY_WORDS, ModelConfig, TrainingConfig
from tiankong.corpus.codes import unique_codes
from tiankong.network.embedding import own_vectors
from tiankong.network.heads.base import Head, HeadInput
from tiankong.network.word_codes import WordCodes
from tiankong.network.word_tables import WordTables
from tiankong.text.vocabulary import SPECIAL_TOKENS, ids_of_frequent


class CodedHead(Head):
    """One whose rarer words, or all, have codes for output vectors: those of the ids from ``first_coded`` on."""

    def __init__(self, given: HeadInput) -> None:
        super().__init__(given)
        if given.tables.codes is None:
            raise ValueError("this head needs codes")
        words = len(given.tables.counts)
        self.learns_codes = given.training.learn_codes
        learned = _learned_codes(given.config, given.training, words)
        self.codes = WordCodes(torch.from_numpy(given.tables.codes), *learned)
        frequent = ids_of_frequent(given.config.frequent_words, given.embedding.words.num_embeddings)
        self.first_coded = frequent if given.config.head_spec.has("frequent_words") else len(SPECIAL_TOKENS)

    @classmethod
    def parameter_count(cls, config: ModelConfig, training: TrainingConfig, tables: WordTables) -> int:
        """See :class:`Head`: also those behind learned codes."""
        first, stop = _learned_codes(config, training, len(tables.counts))
        return super().parameter_count(config, training, tables) + (stop - first) * tables.bits

    @property
    def undecayed(self) -> nn.Parameter | None:
        """The numbers behind learned codes: near 0, noise alone would turn their signs."""
        return self.codes.latent

    def settle(self) -> None:
        """Makes learned codes final: no two coded words have the same, the rarer one gives way."""
        if self.codes.latent is not None:
            unique, _ = unique_codes(self.codes.numbers()[self.first_coded :].numpy())
            self.codes.settle(torch.cat((self.codes.fixed[: self.first_coded], torch.from_numpy(unique))))

    def stored(self) -> dict[str, NDArray[Any]]:
        """Packed codes (V, bits / 8) and the bias (V,)."""
        return {"codes": np.packbits(self.codes.fixed.numpy(), axis=1), "bias": self.bias.detach().numpy()}

    def metrics(self, tables: WordTables) -> dict[str, Any]:
        """The number of coded words, how many have learned another code, and the share of all bits that turned."""
        if not self.learns_codes or tables.codes is None:
            return {}
        turned = (tables.codes != self.codes.fixed.numpy())[self.first_coded :]
        changed = {
            "words": len(turned),
            "words_changed": int(turned.any(axis=1).sum()),
            "bits_turned": float(turned.mean()),
        }
        return {"learned_codes": changed}


def _learned_codes(config: ModelConfig, training: TrainingConfig, words: int) -> tuple[int, int]:
    """The first of the ids whose codes are learned, and the one after the last: of the ``words`` that have an input
    vector of their own, those that are coded, but the most frequent.
    """
    if not training.learn_codes:
        return 0, 0
    with_vector = own_vectors(config, words)
    frequent = config.frequent_words if config.head_spec.has("frequent_words") else 0
    return ids_of_frequent(max(frequent, STEADY_WORDS), with_vector), with_vector
