"""A call as text, for the card of the model that it made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tiankong.config import Preset
from tiankong.corpus.prepared import PreparedCorpus


def call_text(function: str, positional: list[Any], keywords: Mapping[str, Any]) -> str:
    """``tiankong.train("prepared", "model", epochs=2)``; arguments that are ``None`` or ``False`` are left out.

    Of absolute paths only the last part is stated, since the rest is private.
    """
    stated = [_text(value) for value in positional]
    stated += [f"{name}={_text(value)}" for name, value in keywords.items() if value is not None and value is not False]
    return f"tiankong.{function}({', '.join(stated)})"


def _text(value: Any) -> str:
    if isinstance(value, PreparedCorpus):
        value = value.path
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, str | os.PathLike):
        path = Path(value)
        return f'"{path.name if path.is_absolute() else os.fspath(value)}"'
    return "Preset(…)" if isinstance(value, Preset) else repr(value)
