"""Reads files as texts, and describes them by name, size and hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiankong.corpus.archives import OnNote, display_name, open_archive
from tiankong.corpus.columns import Columns
from tiankong.corpus.encoding import check_encoding
from tiankong.corpus.rows import read_rows
from tiankong.errors import SourceError
from tiankong.registry.formats import FORMATS


@dataclass(frozen=True, slots=True)
class Text:
    """A text and its origin."""

    text: str
    label: str | None
    source: str  # 'reviews.csv', 'reviews.zip:a.csv'
    line: int  # it starts on, or its number where texts are counted in another unit
    unit: str = "line"
    has_several_labels: bool = False  # of which ``label`` is the first

    @property
    def place(self) -> str:
        """Line and file, or row and file, for a message."""
        return f"{self.unit} {self.line} of {self.source}"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A user's file as it was when read, or the texts given from Python."""

    path: str  # as given; of texts from Python, what they are in words
    bytes: int
    sha256: str


class _Progress:
    """Reports bytes that add up to the size of the file, even if parts of it are read twice or not at all."""

    def __init__(self, size: int, on_bytes: Callable[[int], None] | None) -> None:
        self._left = size
        self._on_bytes = on_bytes

    def add(self, count: int) -> None:
        count = min(count, self._left)
        if count and self._on_bytes is not None:
            self._left -= count
            self._on_bytes(count)

    def finish(self) -> None:
        self.add(self._left)


def describe_sources(paths: Sequence[Path]) -> list[SourceFile]:
    """Return the size and the SHA-256 of each file.

    Raises:
        SourceError: a file is missing, not a regular file, unreadable or given twice.
    """
    _check_paths(paths)
    return [_describe(path) for path in paths]


def _describe(path: Path) -> SourceFile:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            return SourceFile(display_name(path), file.tell(), digest.hexdigest())
    except OSError as error:
        raise SourceError(f"{display_name(path)} can't be read: {error.strerror or error}") from None


def read_texts(
    paths: Sequence[Path],
    *,
    column: str | None = None,
    label_column: str | None = None,
    sheet: str | int | None = None,
    encoding: str | None = None,
    on_bytes: Callable[[int], None] | None = None,
    on_empty: Callable[[], None] = lambda: None,
    on_note: OnNote = lambda _: None,
) -> Iterator[Text]:
    """Check the files at once, then yield their texts that are not blank, in order, in constant memory.

    ``column`` and ``label_column`` name the columns of texts and labels in the files that have columns; without
    the second, labels come from a column named ``label`` if there is one. ``sheet`` chooses that of workbooks.
    ``on_bytes`` is called with the number of bytes on disk consumed since its last call; they add up to the sizes of
    the files. ``on_empty`` is called for each row of a table, and each labelled line, that has no text; ``on_note``
    with a sentence for people about how a file is read, where that may surprise.

    Raises:
        SourceError: a file is missing, given twice, empty, of an unsupported kind, damaged, in another
            encoding, or without the column; what only reading can show is raised while iterating.
        OptionError: the encoding given is unknown.
        MissingPackageError: a file is .parquet and pyarrow is not installed.
    """
    sizes = _check_paths(paths)
    if encoding is not None:
        check_encoding(encoding)
    suffixes = {suffix for path in paths for suffix in _suffixes(path)}
    for name, option in ((column, "`column`"), (label_column, "`label_column`")):
        if name is not None and not any(FORMATS[suffix].has_columns for suffix in suffixes):
            raise SourceError(f"no file has columns, so there is no column {name!r} to read: leave out {option}")
    if sheet is not None and not any(FORMATS[suffix].has_sheets for suffix in suffixes):
        raise SourceError(f"no file is a workbook, so there is no sheet {sheet!r} to read: leave out `sheet`")
    files = list(zip(paths, sizes, strict=True))
    return _texts(files, Columns(column, label_column, sheet), encoding, on_bytes, on_empty, on_note)


def _suffixes(path: Path) -> list[str]:
    with open_archive(path) as streams:
        return [stream.suffix for stream in streams]


def _texts(
    files: list[tuple[Path, int]],
    columns: Columns,
    encoding: str | None,
    on_bytes: Callable[[int], None] | None,
    on_empty: Callable[[], None],
    on_note: OnNote,
) -> Iterator[Text]:
    for path, size in files:
        progress = _Progress(size, on_bytes)
        empty = True
        with open_archive(path, on_note) as streams:
            for stream in streams:
                spec = FORMATS[stream.suffix]
                for row in read_rows(stream, columns, encoding, progress.add):
                    if row.text and not row.text.isspace():
                        empty = False
                        yield Text(row.text, row.label, stream.name, row.line, spec.unit, row.has_several_labels)
                    elif spec.has_columns or row.label is not None:  # a blank line is no row
                        on_empty()
        if empty:
            raise SourceError(f"{display_name(path)} holds no text: {_without(files)}")
        progress.finish()


def _without(files: Sequence[object]) -> str:
    """What to do about one of ``files`` that holds no text."""
    return "leave it out" if len(files) > 1 else "name a file of texts"


def _check_paths(paths: Sequence[Path]) -> list[int]:
    """Return the sizes of the files after checking that each is a readable one of its own."""
    if not paths:
        raise SourceError("there is no file to read: name one or more")
    seen: dict[tuple[int, int], str] = {}
    sizes: list[int] = []
    for path in paths:
        name = display_name(path)
        try:
            status = path.stat()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SourceError(f"{name} can't be read: {reason}") from None
        if not path.is_file():
            kind = "a folder: name the files in it" if path.is_dir() else "not a regular file: save it as one first"
            raise SourceError(f"{name} is {kind}")
        if status.st_size == 0:
            raise SourceError(f"{name} is empty: {_without(paths)}")
        earlier = seen.setdefault((status.st_dev, status.st_ino), name)
        if len(seen) <= len(sizes):
            first = "" if name == earlier else f" (first as {earlier})"
            raise SourceError(f"{name} is given twice{first}: leave one out")
        sizes.append(status.st_size)
    return sizes
