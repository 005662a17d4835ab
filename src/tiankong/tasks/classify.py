"""``classify``: the labels of texts, by a trained classifier or by prompts (:mod:`tiankong.tasks.zero_shot`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tiankong.errors import SentenceError
from tiankong.request.answers import LabelShare
from tiankong.request.texts import RAISE, OnError, each
from tiankong.text.label_words import take_label_words
from tiankong.text.script import AUTO


class TextClassifier(Protocol):
    """What classifies texts, trained for it or not."""

    @property
    def labels(self) -> list[str]:
        """The names of the labels."""

    def read(self, text: str, script: str = AUTO) -> list[str]:
        """The tokens that it reads of a text, read as ``script`` says.

        :raises SentenceError: the text is unusable.
        """

    def logits(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Logits (texts, labels) of texts, each given as its tokens."""


def classify(
    classifier: TextClassifier, texts: str | Sequence[str], script: str = AUTO, on_error: OnError = RAISE
) -> list[list[LabelShare] | SentenceError]:
    """The labels of each text, most probable first; with ``on_error="return"``, what is wrong with a text stands for
    them. fastText's label words are left out, as fastText does.

    :raises SentenceError: a text is unusable.
    """

    def read(text: str) -> list[str]:
        return classifier.read(_without_label_words(text), script)

    read_texts = each(texts, read, on_error=on_error)
    labels = iter(classify_tokens(classifier, [text for text in read_texts if not isinstance(text, SentenceError)]))
    return [text if isinstance(text, SentenceError) else next(labels) for text in read_texts]


def classify_tokens(classifier: TextClassifier, texts: Sequence[Sequence[str]]) -> list[list[LabelShare]]:
    """The same for texts given as their tokens."""
    return [_label_shares(classifier.labels, row) for row in classifier.logits(texts)]


def _without_label_words(text: str) -> str:
    return take_label_words(text).text if isinstance(text, str) else text


def _label_shares(labels: Sequence[str], logits: NDArray[np.float64]) -> list[LabelShare]:
    """A softmax over ``logits`` (labels,), most probable first."""
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    order = np.argsort(-shares, kind="stable").tolist()
    return [{"label": labels[number], "score": float(shares[number])} for number in order]
