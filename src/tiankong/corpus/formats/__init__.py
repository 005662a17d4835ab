"""One file per input format, each with a row in :mod:`tiankong.registry.formats`.

The contract of ``rows(stream, columns, codec, on_bytes)``: it yields every row, blank texts included, in order and in
constant memory, and a row that can't be read raises a ``SourceError`` that names the file and the line. ``codec`` is
the encoding of formats that are text; what may surprise in how a stream is read goes to its ``on_note``.

``full_rows`` takes the same, and yields :class:`~tiankong.corpus.columns.FullRow` objects, which hold all columns, with
values that JSON can hold. A row that can't be read is one with a problem, wherever those after it can be.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from tiankong.errors import MissingPackageError
from tiankong.registry.formats import FORMATS


def format_module(suffix: str) -> ModuleType:
    """The module that reads files with this suffix.

    Raises:
        MissingPackageError: a package that it needs is not installed.
    """
    spec = FORMATS[suffix]
    try:
        return import_module(spec.module)
    except ModuleNotFoundError:
        if not spec.extra:
            raise
        raise MissingPackageError(f"reading {suffix} files", spec.extra) from None
