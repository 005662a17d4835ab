"""``--script`` of every command that reads texts, and the notes about converted texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tiankong.cli.display import say
from tiankong.text.script import AS_IS, AUTO

if TYPE_CHECKING:
    from tiankong.model import Model

script_option = click.option(
    "--script",
    type=click.Choice([AUTO, AS_IS]),
    default=AUTO,
    show_default=True,
    envvar="TIANKONG_SCRIPT",
    help=f"{AUTO} reads traditional Chinese as simplified if the model was trained on that, or the reverse, and "
    f"answers in the script of the question; {AS_IS} reads it as typed.",
)
"""``--script`` of every command that answers."""


class ReadAs:
    """Notes on standard error, once, that texts were converted."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._said = False

    def field(self, *texts: str) -> dict[str, str]:
        """The field ``read_as`` of a JSON object that answers ``texts``; none if they were read as typed."""
        found = next(filter(None, map(self._model.read_as, texts)), None)
        self.note(found)
        return {} if found is None else {"read_as": found}

    def note(self, found: str | None) -> None:
        """Says that a text was read as ``found``, if it was converted."""
        if found is not None and not self._said:
            way_out = f"--script {AS_IS} reads it as typed"
            say(f"tiankong: read as {found} Chinese, which the model was trained on; {way_out}", quiet=False)
            self._said = True
