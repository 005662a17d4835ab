"""Opens a path as named byte streams: a plain file, a compressed one (``.gz``, ``.bz2``, ``.xz``), or the members of a
``.zip`` archive.

Nothing is unpacked to disk. A stream that is cut off or damaged raises a ``SourceError``, even if the damage shows only
while reading or, by its checksum, at the end.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from tiankong.errors import SourceError
from tiankong.registry.formats import FORMATS, SUFFIXES

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SUPPORTED = f"{', '.join(SUFFIXES)}, and these as .gz, .bz2 or .xz, or in a .zip"
_BUFFER = 1 << 17
# What gzip, zipfile and the decompressors raise for damaged bytes.
_DAMAGE = (
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)

OnBytes = Callable[[int], None]
OnNote = Callable[[str], None]
"""Called with a sentence for people about how a file is read."""


@dataclass(frozen=True)
class ByteStream:
    """One stream of a path; ``open`` may be called again after the earlier stream is closed."""

    name: str  # for messages: 'reviews.csv', 'reviews.zip:a.csv'
    suffix: str  # decides the format, in lower case: '.csv'; '' for a plain file without one
    seekable: bool
    opener: Callable[[OnBytes | None], BinaryIO]
    on_note: OnNote = lambda _: None

    def open(self, on_bytes: OnBytes | None = None) -> BinaryIO:
        """Open from the beginning; ``on_bytes`` is called with the number of bytes read from the disk.

        Raises:
            SourceError: the stream can't be opened; reading it raises the same when it is damaged.
        """
        return self.opener(on_bytes)


def display_name(path: Path) -> str:
    """Return the path as given, with invalid Unicode escaped."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


@contextmanager
def open_archive(path: Path, on_note: OnNote = lambda _: None) -> Iterator[list[ByteStream]]:
    """Open a path and yield its streams, which can be read until the block ends.

    ``on_note`` is the streams' own.

    Raises:
        SourceError: the path can't be read, its kind is not supported, or its archive is damaged,
            encrypted or without a text file.
    """
    name, suffix = display_name(path), path.suffix.lower()
    if suffix == ".zip":
        with _open_file(path, name) as file:
            yield _zip_streams(file, name, on_note)
    elif suffix in _DECOMPRESSORS:
        inner = _supported(Path(path.stem).suffix.lower(), name)
        yield [ByteStream(name, inner, False, lambda on_bytes: _open_compressed(path, name, suffix, on_bytes), on_note)]
    else:
        inner = _supported(suffix, name)
        yield [ByteStream(name, inner, True, lambda on_bytes: _open_file(path, name, on_bytes), on_note)]


def _supported(suffix: str, name: str) -> str:
    if suffix in FORMATS:
        return suffix
    if suffix == ".json":
        raise SourceError(
            f"{name} is JSON, which can't be read text by text: save it as JSON Lines (.jsonl), one object per line"
        )
    raise SourceError(f"{name} has an unsupported format ({suffix}): supported are {_SUPPORTED}")


class _File(io.FileIO):
    """A file on disk that reports the bytes read from it."""

    def __init__(self, path: Path, name: str, on_bytes: OnBytes | None) -> None:
        self.label = name
        self.on_bytes = on_bytes
        super().__init__(path, "r")

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        try:
            count = super().readinto(buffer) or 0
        except OSError as error:
            raise SourceError(f"{self.label} can't be read: {error.strerror or error}") from None
        if self.on_bytes is not None and count:
            self.on_bytes(count)
        return count

    def readall(self) -> bytes:
        # The inherited method bypasses readinto.
        return b"".join(iter(lambda: io.RawIOBase.read(self, _BUFFER) or b"", b""))


class _Guarded(io.RawIOBase):
    """Turns what a decompressor raises for damaged data into a ``SourceError``."""

    def __init__(self, inner: BinaryIO, name: str, below: BinaryIO | None = None) -> None:
        """``below`` is the compressed file, which no decompressor closes."""
        self._inner = inner
        self._name = name
        self._below = below

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._inner.read(len(view))
        except _DAMAGE as error:
            raise _damaged(error, self._name) from None
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._inner.close()
        if self._below is not None:
            self._below.close()
        super().close()


def _damaged(error: Exception, name: str) -> SourceError:
    if isinstance(error, EOFError):
        return SourceError(f"{name} is cut off in the middle: copy or download it again")
    if isinstance(error, NotImplementedError):
        return SourceError(f"{name} is compressed with an unsupported method: pack it again as an ordinary .zip")
    return SourceError(f"{name} is damaged ({error}): copy or download it again")


def _open_file(path: Path, name: str, on_bytes: OnBytes | None = None) -> io.BufferedReader:
    try:
        return io.BufferedReader(_File(path, name, on_bytes), _BUFFER)
    except OSError as error:
        raise SourceError(f"{name} can't be opened: {error.strerror or error}") from None


_DECOMPRESSORS: dict[str, Callable[[BinaryIO], Any]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file, mode="rb"),
    ".bz2": lambda file: bz2.BZ2File(file, "rb"),
    ".xz": lambda file: lzma.LZMAFile(file, "rb"),  # noqa: SIM115 - the stream's owner closes it
}
COMPRESSED_SUFFIXES = tuple(_DECOMPRESSORS)
"""Suffixes of compressed files."""


def _open_compressed(path: Path, name: str, suffix: str, on_bytes: OnBytes | None) -> BinaryIO:
    file = _open_file(path, name, on_bytes)
    try:
        return _buffered(_DECOMPRESSORS[suffix](file), name, file)
    except _DAMAGE as error:
        file.close()
        raise _damaged(error, name) from None


def _buffered(inner: object, name: str, below: BinaryIO | None = None) -> BinaryIO:
    return io.BufferedReader(_Guarded(inner, name, below), _BUFFER)  # type: ignore[arg-type]


def _zip_streams(file: io.BufferedReader, name: str, on_note: OnNote) -> list[ByteStream]:
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGE:
        raise SourceError(f"{name} is not a whole zip archive: copy or download it again") from None
    wanted = [member for member in archive.infolist() if _wanted(member.filename)]
    streams = [_member_stream(archive, file, member, name, on_note) for member in wanted]
    if not streams:
        raise SourceError(f"{name} holds no text file that can be read: supported are {', '.join(SUFFIXES)}")
    return streams


def _wanted(filename: str) -> bool:
    """Whether to read a member. Archives within are kept, so that they are refused instead of silently ignored."""
    path = PurePosixPath(filename)
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return not filename.endswith("/") and not hidden and path.suffix.lower() in (*SUFFIXES, *_DECOMPRESSORS, ".zip")


def _member_name(member: zipfile.ZipInfo) -> str:
    """Return a member's name for messages; a name not marked as UTF-8 is often GBK, from Chinese Windows."""
    if member.flag_bits & 0x800:
        return member.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return member.filename.encode("cp437").decode(encoding)
        except UnicodeError:
            continue
    return member.filename


def _member_stream(
    archive: zipfile.ZipFile, file: io.BufferedReader, member: zipfile.ZipInfo, archive_name: str, on_note: OnNote
) -> ByteStream:
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in _member_name(member))
    name = f"{archive_name}:{shown}"
    suffix = PurePosixPath(member.filename).suffix.lower()
    if suffix in (*_DECOMPRESSORS, ".zip"):
        raise SourceError(f"{name} is an archive within an archive: unpack it first")
    if member.flag_bits & 1:
        raise SourceError(f"{name} is encrypted: unpack it with its password first")

    def opener(on_bytes: OnBytes | None) -> BinaryIO:
        raw = file.raw
        assert isinstance(raw, _File)
        raw.on_bytes = on_bytes
        try:
            return _buffered(archive.open(member), name)
        except _DAMAGE as error:
            raise _damaged(error, name) from None

    return ByteStream(name, suffix, False, opener, on_note)
