"""Output heads: what turns a context vector into words.

A head is one file in ``network/heads/``, whose ``HEAD`` is the class, and one row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tiankong.errors import OptionError


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

    settings: tuple[str, ...] = ()
    """The settings that this head reads, among those that only some heads read."""

    decodings: tuple[str, ...] = ("likelihood",)
    """Ways to rank words."""

    def has(self, setting: str) -> bool:
        """Whether the head reads ``setting``, one of those that not every head reads."""
        return setting in self.settings


_ROWS = (
    HeadSpec(
        "softmax",
        help="softmax over the vocabulary",
        module="tiankong.network.heads.softmax",
        ties_words=True,
        settings=("output_characters",),
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
    ),
    HeadSpec(
        "hybrid",
        help="codes for rarer words only",
        module="tiankong.network.heads.hybrid",
        decoder="codes",
        needs_codes=True,
        settings=("code_bits", "learn_codes", "frequent_words"),
    ),
)

HEADS = {row.name: row for row in _ROWS}
"""Every head by its name; the first is the default."""


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
