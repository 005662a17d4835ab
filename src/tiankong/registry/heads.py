"""Output heads: what turns a context vector into words.

A head is one file in ``network/heads/``, whose ``HEAD`` is the class, and one row here. A row also says for which
vocabularies :data:`AUTO` takes the head.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tiankong.errors import OptionError

AUTO = "auto"
"""In place of a head's name: the head that suits the vocabulary, see :func:`choose_head`."""


@dataclass(frozen=True)
class Suited:
    """The vocabularies that a head suits best: those of at least so many ``words``, with a training text of at least so
    many ``tokens_per_word`` on average. ``settings`` are the values that :data:`AUTO` then gives to settings that are
    not given.
    """

    words: int = 0
    tokens_per_word: int = 0
    settings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class HeadSpec:
    """An output head, as the parts without torch need to know it."""

    name: str
    help: str
    """Completes the phrase "``--head``: …"."""

    module: str
    """The module whose ``HEAD`` is the :class:`tiankong.network.heads.base.Head`."""

    reads: Literal["embedding", "bits"] = "embedding"
    """What the head takes from the network: a vector as long as a word's, or a logit for each bit of a code."""

    decoder: Literal["softmax", "codes"] = "softmax"
    """What turns the scores of the exported network into probabilities: see :mod:`tiankong.runtime.decoding`."""

    needs_codes: bool = False
    """Whether words have codes, which training makes."""

    ties_words: bool = False
    """Whether every word needs an input vector of its own, which is its output vector, too."""

    grows: bool = False
    """Whether words can be added to a trained model."""

    settings: tuple[str, ...] = ()
    """The settings that this head reads, among those that only some heads read."""

    decodings: tuple[str, ...] = ("likelihood",)
    """Ways to rank words."""

    suited: Suited | None = None
    """When :data:`AUTO` takes the head; ``None``: never."""

    def has(self, setting: str) -> bool:
        """Whether the head reads ``setting``, one of those that not every head reads."""
        return setting in self.settings


_LARGE = 100_000
"""Words from which the softmax costs more than it gains: docs/how-it-works/heads.md."""

_MUCH_TEXT = 50
"""Tokens for each word from which codes are as good as vectors: docs/lab/0015-codes.md and 0016-heads.md."""

_WITH_VECTOR = {"word_vectors": 20_000}

_ROWS = (
    HeadSpec(
        "softmax",
        help="softmax over the vocabulary",
        module="tiankong.network.heads.softmax",
        ties_words=True,
        grows=True,
        settings=("output_characters",),
        suited=Suited(),
    ),
    HeadSpec(
        "codes",
        help="binary word codes",
        module="tiankong.network.heads.codes",
        reads="bits",
        decoder="codes",
        needs_codes=True,
        settings=("code_bits", "code_loss", "learn_codes"),
        decodings=("likelihood", "distance"),
        suited=Suited(_LARGE, _MUCH_TEXT, {"code_bits": 256, **_WITH_VECTOR}),
    ),
    HeadSpec(
        "hybrid",
        help="codes for rarer words only",
        module="tiankong.network.heads.hybrid",
        decoder="codes",
        needs_codes=True,
        settings=("code_bits", "learn_codes", "frequent_words"),
        suited=Suited(_LARGE, settings=_WITH_VECTOR),
    ),
)

HEADS = {row.name: row for row in _ROWS}
"""Every head by its name; the first is the default."""


class HeadChoice(NamedTuple):
    """The head that :data:`AUTO` takes, and why: ``reason`` completes "because …"."""

    head: HeadSpec
    reason: str


def choose_head(words: int, tokens: int) -> HeadChoice:
    """The head for a vocabulary of so many ``words`` and a training text of so many ``tokens``: of those that suit
    both, the one that asks for most.
    """
    each = tokens / max(words, 1)
    large = [(head.suited, head) for head in HEADS.values() if head.suited and words >= head.suited.words]
    fitting = [(suited, head) for suited, head in large if each >= suited.tokens_per_word]
    suited, head = max(fitting, key=lambda entry: (entry[0].words, entry[0].tokens_per_word))
    reason = f"the vocabulary has {words:,} {'word' if words == 1 else 'words'}"
    if any(other.words >= suited.words and other.tokens_per_word > each for other, _ in large):
        reason += f" and the training text only {each:,.0f} tokens for each"
    return HeadChoice(head, reason)


def head_of(name: str) -> HeadSpec:
    """The head of that name.

    :raises OptionError: there is none.
    """
    if name not in HEADS:
        raise OptionError(f"`head` must be one of {', '.join(HEADS)}, not {name}")
    return HEADS[name]


def heads_that_read(setting: str) -> list[str]:
    """Names of the heads that read ``setting``."""
    return [name for name, head in HEADS.items() if head.has(setting)]


def head_settings() -> set[str]:
    """Settings that only some heads read."""
    return {name for head in HEADS.values() for name in head.settings}
