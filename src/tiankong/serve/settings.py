"""Where and how to serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BACKLOG = 2048
"""Connections that may wait to be accepted."""


@dataclass(frozen=True)
class Settings:
    """``api_key`` is asked of every request but those for health and the page; ``origins`` are the web sites whose
    pages may ask; ``threads`` are each worker's, 0 for its share of the cores.
    """

    model: str | Path
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 0
    words: Sequence[str] = ()
    api_key: str | None = None
    no_auth: bool = False
    origins: Sequence[str] = ()
    quiet: bool = False
