"""The public corpora that the built-in models and the figures in docs/ are made from."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tiankong.errors import OptionError

_TABLE = Path(__file__).parent / "data" / "public.toml"


@dataclass(frozen=True)
class PublicCorpus:
    """A file made from what others publish.

    ``file`` is relative to the folder of the corpora, ``contents`` says what texts it has, ``origin`` and ``commit``
    where they are from. ``address`` is empty if no public address serves this very file.
    """

    name: str
    language: str
    file: str
    contents: str
    origin: str
    licence: str
    bytes: int
    sha256: str
    commit: str = ""
    address: str = ""


def _read() -> tuple[PublicCorpus, ...]:
    rows = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["corpus"]
    return tuple(PublicCorpus(**row) for row in rows)


PUBLIC_CORPORA = _read()


def named(names: Sequence[str]) -> list[PublicCorpus]:
    """The corpora of these names; a language, such as ``zh``, stands for all of its corpora, no name for all there are.

    :raises OptionError: there is none of a name.
    """
    known = {corpus.name for corpus in PUBLIC_CORPORA} | {corpus.language for corpus in PUBLIC_CORPORA}
    unknown = [name for name in names if name not in known]
    if unknown:
        listed = ", ".join(corpus.name for corpus in PUBLIC_CORPORA)
        raise OptionError(
            f"there is no corpus {', '.join(unknown)}: name a language (zh or en), or some of the corpora {listed}"
        )
    return [corpus for corpus in PUBLIC_CORPORA if not names or {corpus.name, corpus.language} & set(names)]
