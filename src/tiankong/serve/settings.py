"""The settings of a server, apart from its limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tiankong.serve.proxies import LOOPBACK
from tiankong.text.script import AUTO, Script

BACKLOG = 2048
"""The most connections that may wait to be accepted."""


@dataclass(frozen=True)
class Settings:
    """``api_key`` protects all routes but health, readiness and the page; pages of the web sites ``origins`` may send
    requests; ``threads`` are those of each worker, 0 for its share of the processors. ``root_path`` is the prefix under
    which a reverse proxy publishes the service, ``forwarded_allow_ips`` the proxies whose ``X-Forwarded-For`` and
    ``X-Forwarded-Proto`` are trusted: comma-separated addresses and networks, ``*`` for all, none if empty. ``script``
    is how texts are read by requests that do not say.
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
    root_path: str = ""
    forwarded_allow_ips: str = LOOPBACK
    script: Script = AUTO
