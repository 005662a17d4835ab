"""Other names for labels, as given from Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tiankong.corpus.columns import label_text
from tiankong.corpus.labels import LONGEST_LABEL
from tiankong.errors import OptionError


def parse_label_names(given: Mapping[Any, str]) -> dict[str, str]:
    """New names by the labels as they are read.

    :raises OptionError: ``given`` is no mapping; a label or a name is empty, a name is too long, or two labels are read
        alike.
    """
    if not isinstance(given, Mapping):
        raise OptionError(f"`label_names` must map labels to their new names, not {given!r}")
    names: dict[str, str] = {}
    for label, name in given.items():
        old, new = label_text(str(label).lower() if isinstance(label, bool) else label), label_text(name)
        if old is None or new is None:
            raise OptionError(f"`label_names` gives {label!r} the name {name!r}: neither may be empty")
        if len(new) > LONGEST_LABEL:
            raise OptionError(
                f"the name that `label_names` gives {label!r} is over {LONGEST_LABEL} characters: shorten it"
            )
        if old in names:
            raise OptionError(f"`label_names` has {old!r} twice: keep one")
        names[old] = new
    return names
