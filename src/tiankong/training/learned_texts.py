"""Which texts a base has learned from, beside those that a model is tested on (no torch)."""

from __future__ import annotations

from collections.abc import Sequence

from tiankong.artifact.base_model import BaseModel
from tiankong.artifact.model_folder import StatedBase, StatedTexts
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.splits import can_leak


def split_texts(corpus: PreparedCorpus) -> StatedTexts:
    """How the texts of ``corpus`` are split."""
    config = corpus.manifest.config
    return StatedTexts(config.seed, config.split, corpus.sources_fingerprint)


def known_test_texts(base: BaseModel, corpus: PreparedCorpus) -> list[StatedTexts]:
    """Those of the texts behind ``base`` of which it may have learned what are test texts of ``corpus``.

    Splits are by a hash of the text. With one seed, a text of two corpora is learned from in one and tested in the
    other only if the shares of their splits allow it.
    """
    tested = split_texts(corpus)
    return [
        texts
        for texts in base.learned_from
        if texts.seed != tested.seed
        or texts.split is None
        or tested.split is None
        or can_leak(texts.split, tested.split)
    ]


def stated_base(base: BaseModel, corpora: Sequence[PreparedCorpus]) -> StatedBase:
    """What the manifest of a model says about its base; the model's test texts are those of ``corpora``."""
    may_know = any(known_test_texts(base, corpus) for corpus in corpora)
    return StatedBase(base.folder.path.name, base.sha256, may_know)
