"""The model of a command: the one that was named, or the general model for the language of its texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tiankong.cli.display import say
from tiankong.cli.options import as_options

if TYPE_CHECKING:
    from tiankong.model import Model


class ModelOfTexts:
    """Loads a model when it is clear which: at once where one was named or there is no other to choose."""

    def __init__(self, named: str | None, **loading: Any) -> None:
        """``loading`` are the other arguments of :func:`tiankong.load`.

        :raises FolderError: the model can't be used.
        :raises OptionError: an argument is unusable.
        """
        from tiankong.artifact.general_model import is_choice  # noqa: PLC0415 - heavy

        self._named, self._loading = named, loading
        self._loaded: dict[str, Model] = {}
        if named is not None or not is_choice():
            self.load([])

    def load(self, texts: Sequence[str]) -> Model:
        """The model that answers ``texts``; says, once, why it was chosen.

        :raises FolderError: it can't be used.
        :raises OptionError: it can't be loaded as demanded.
        """
        from tiankong.artifact.general_model import choose_general_model  # noqa: PLC0415 - heavy
        from tiankong.model import load  # noqa: PLC0415

        name, note = (self._named, "") if self._named is not None else choose_general_model(texts)
        if name not in self._loaded:
            if note:
                say(f"tiankong: {as_options(note)}", quiet=False)
            self._loaded[name] = load(name, **self._loading)
        return self._loaded[name]
