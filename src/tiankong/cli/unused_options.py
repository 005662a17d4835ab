"""Options of ``tiankong train`` that would do nothing beside the others: who gives one expects something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tiankong.cli.options import needs
from tiankong.config import Preset


class _Idle(NamedTuple):
    """A setting that not every configuration reads: which does, and how that is said."""

    name: str
    is_read: Callable[[Preset], bool]
    where: str


_OF_HEADS = {
    "code_loss": ("codes",),
    "learn_codes": ("codes", "hybrid"),
    "frequent_words": ("hybrid",),
    "output_characters": ("softmax",),
}

_OTHERS = (
    _Idle("output_characters", lambda config: config.model.character_size > 0, "a --character-size above 0"),
    _Idle("drop_word", lambda config: config.model.character_size > 0, "a --character-size above 0"),
    _Idle("attention_heads", lambda config: config.model.attention_size > 0, "an --attention-size above 0"),
    _Idle(
        "negatives",
        lambda config: config.model.head != "codes" or config.training.code_loss != "bits",
        "--code-loss words or both",
    ),
    _Idle("negative_power", lambda config: config.training.negatives > 0, "--negatives above 0"),
    _Idle("weight_decay", lambda config: config.training.optimiser == "adamw", "--optimiser adamw"),
)


def refuse_unused_options(config: Preset, given: Mapping[str, Any]) -> None:
    """Makes sure that everything ``given`` on the command line (not ``None``) is read by a training as ``config``.

    :raises OptionError: something is not.
    """
    head = config.model.head
    for name, heads in _OF_HEADS.items():
        needs(
            given[name] is None or head in heads,
            f"{_option(name, given)} is for --head {' or '.join(heads)}, not {head}: leave it out, or give that head",
        )
    for idle in _OTHERS:
        needs(
            given[idle.name] is None or idle.is_read(config),
            f"{_option(idle.name, given)} does nothing without {idle.where}: leave it out, or give that too",
        )


def _option(name: str, given: Mapping[str, Any]) -> str:
    """As it was given."""
    return f"--{'no-' if given[name] is False else ''}{name.replace('_', '-')}"
