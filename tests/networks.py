"""Small vocabularies and untrained networks for tests of the network itself."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch

from tiankong.config import ModelConfig, TrainingConfig
from tiankong.network.cloze import ClozeNetwork
from tiankong.network.word_tables import WordTables
from tiankong.registry.heads import HEADS
from tiankong.text.characters import CharacterTable, count_characters
from tiankong.text.network_input import Lexicon, Window, network_input
from tiankong.text.vocabulary import BEGIN, END, SPECIAL_TOKENS, Vocabulary

WORDS = ["衣服", "很", "好看", "，", "质量", "不错", "物流", "快", "。", "手机", "屏幕", "清晰", "3", "xl", "喜欢"]
OTHERS = ["衣料", "快递"]
VOCABULARY = Vocabulary(WORDS, list(range(len(WORDS), 0, -1)))
CHARACTERS = CharacterTable(*count_characters([(word, 2) for word in WORDS]))
LEXICON = Lexicon.of(VOCABULARY, CHARACTERS, OTHERS)
FIRST = len(SPECIAL_TOKENS)
LAST = len(LEXICON.word_ids)

HEAD_SETTINGS: dict[str, dict[str, Any]] = {
    "codes": {"neighbours": False, "attention_size": 0},
    "hybrid": {"frequent_words": 6, "word_vectors": 9},
}
"""How a network with this head differs from the others here. A new head needs a row only if it has to differ."""

BLIND: set[str] = set()
"""Heads that rank words whatever stands around them."""

VARIANTS = [
    *[(cell, layers, head, 8) for cell in ("lstm", "gru") for layers in (1, 2) for head in HEADS],
    ("lstm", 1, "codes", 0),
    ("lstm", 1, "softmax", 0),
]
"""Cell, layers, head, length of a character's vector."""


def build(cell: str = "lstm", layers: int = 1, head: str = "softmax", characters: int = 8) -> ClozeNetwork:
    """An untrained network in evaluation mode."""
    torch.manual_seed(3)
    network = ClozeNetwork(shape(cell, layers, head, characters), tables(head), TrainingConfig()).eval()
    compose = getattr(network.head, "compose", None)
    if compose is not None:
        torch.nn.init.normal_(compose.weight)  # zeros until something is learned
    return network


def shape(cell: str, layers: int, head: str, characters: int) -> ModelConfig:
    """Sizes that are all different; n-grams are read by the deeper networks."""
    settings = ModelConfig(
        head=head,
        cell=cell,
        layers=layers,
        embedding_size=12,
        character_size=characters,
        hidden_size=10,
        mlp_sizes=(14,),
        attention_size=8,
        attention_heads=2,
        ngram_rows=61 if layers > 1 else 0,
        ngram_size=6,
    )
    # Without characters, every head is tried with what the others have.
    own = HEAD_SETTINGS.get(head, {}) if characters else {"neighbours": head not in HEAD_SETTINGS}
    return dataclasses.replace(settings, **own)


def tables(head: str) -> WordTables:
    """What a network must know of the words above."""
    codes = np.random.default_rng(5).integers(0, 2, (len(VOCABULARY), 50)).astype(np.uint8)
    spelling = LEXICON.character_ids[: len(VOCABULARY)]
    coded = codes if HEADS[head].needs_codes else None
    return WordTables(VOCABULARY.keys(), VOCABULARY.counts, VOCABULARY.targets(), coded, len(CHARACTERS), spelling)


def text_ids(words: list[int]) -> np.ndarray:
    return np.array([BEGIN, *words, END])


def whole(ids: np.ndarray) -> Window:
    """Every position of a text predicted."""
    return Window(ids, 1, len(ids) - 1, np.arange(1, len(ids) - 1))


def arrays(*texts: list[int]):
    return network_input([whole(text_ids(words)) for words in texts], LEXICON)
