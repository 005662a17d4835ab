"""How a procedure reports its progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tiankong.errors import OptionError


@dataclass(frozen=True)
class Progress:
    """A step forward in one stage of a procedure.

    ``done`` of ``total`` is the amount of work, in the unit of the stage (bytes, texts, steps); ``total`` is 0 where it
    is unknown. ``metrics`` are figures that became known, such as an epoch's; ``message`` is a sentence for people.
    """

    stage: str
    done: int = 0
    total: int = 0
    metrics: Mapping[str, Any] | None = None
    message: str = ""


OnProgress = Callable[[Progress], None]


def check_progress(on_progress: object) -> None:
    """Checks what a caller gave to report progress to.

    :raises OptionError: it can't be called.
    """
    if on_progress is not None and not callable(on_progress):
        raise OptionError(f"progress must be a function, not {on_progress!r}")


def notes(on_progress: OnProgress | None, stage: str = "reading") -> Callable[[str], None]:
    """A function that reports a sentence for people about what happens in ``stage``."""
    report = on_progress or (lambda _: None)
    return lambda sentence: report(Progress(stage, message=sentence))


def word_vectors(purpose: str) -> Progress:
    """The step in which word2vec runs."""
    return Progress("word vectors", message=f"training word vectors {purpose}")


def counter(on_progress: OnProgress | None, stage: str, total: int) -> Callable[[int], None]:
    """A function that adds to the work done in ``stage`` and reports the sum."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if on_progress is not None:
            on_progress(Progress(stage, done, total))

    return advance
