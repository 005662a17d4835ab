"""Opens a path as named byte streams: a plain file, a compressed one (``.gz``, ``.bz2``, ``.xz``, ``.zst``), or the
members of a ``.zip`` archive. What a file holds, where its first bytes tell, counts more than its name.

Nothing is unpacked to disk. A stream that is cut off or damaged raises a ``SourceError``, even if the damage shows only
while reading or, by its checksum, at the end.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from tiankong.corpus.signatures import UNREAD, suffix_by_content
from tiankong.errors import SourceError
from tiankong.registry.formats import FORMATS, SUFFIXES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SUPPORTED = f"{', '.join(SUFFIXES)}, and these as .gz, .bz2, .xz or .zst, or in a .zip"
_BUFFER = 1 << 17
_MOST_LISTED = 5
_HEAD = 16
"""Bytes that are enough to tell what compressed a file."""
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
    zstd.ZstdError,
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
            SourceError: the stream can't be read; reading it raises the same when it is damaged.
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
    name, given = display_name(path), path.suffix.lower()
    suffix = _suffix(path, name, given, on_note)
    if suffix == ".zip":
        with _open_file(path, name) as file:
            yield _zip_streams(file, name, on_note)
    elif suffix in _DECOMPRESSORS:
        inner = _supported(Path(path.stem).suffix.lower() if given in ARCHIVE_SUFFIXES else given, name)
        _refuse_uncompressed(path, name, suffix)
        yield [ByteStream(name, inner, False, lambda on_bytes: _open_compressed(path, name, suffix, on_bytes), on_note)]
    else:
        inner = _supported(suffix, name)
        yield [ByteStream(name, inner, True, lambda on_bytes: _open_file(path, name, on_bytes), on_note)]


def _suffix(path: Path, name: str, given: str, on_note: OnNote) -> str:
    """The suffix by which to read a file: that of its content where the first bytes tell one, else ``given``, its own.

    Raises:
        SourceError: it is a document of a kind that is not read.
    """
    with _open_file(path, name) as file:
        found = suffix_by_content(file)
    if given in UNREAD and found in {None, ".ole"}:
        found = given
    if found in UNREAD:
        kind, way_out = UNREAD[found]
        raise SourceError(f"{name} is {kind}, which is not read: {way_out}")
    alike = found in FORMATS and given in FORMATS and FORMATS[found] is FORMATS[given]
    if found is None or found == given or alike:
        return given
    on_note(f"{name} is in fact a {found} file, and is read as one")
    return found


def _refuse_uncompressed(path: Path, name: str, suffix: str) -> None:
    """Refuse a file that is not compressed as its suffix says; a torn one is left to the decompressor."""
    with _open_file(path, name) as file:
        head = file.read(_HEAD)
        file.seek(0)
        if len(head) == _HEAD and suffix_by_content(file) is None:
            raise SourceError(
                f"{name} is not compressed as its name says: take {suffix} off the name if it is text, or copy it again"
            )


def _supported(suffix: str, name: str) -> str:
    if suffix in FORMATS:
        return suffix
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
        raise SourceError(f"{name} can't be read: {error.strerror or error}") from None


_DECOMPRESSORS: dict[str, Callable[[BinaryIO], Any]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file, mode="rb"),
    ".bz2": lambda file: bz2.BZ2File(file, "rb"),
    ".xz": lambda file: lzma.LZMAFile(file, "rb"),  # noqa: SIM115 - the stream's owner closes it
    ".zst": lambda file: zstd.ZstdFile(file, "rb"),
}
ARCHIVE_SUFFIXES = (*_DECOMPRESSORS, ".zip")
"""Suffixes of compressed files and of archives."""


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
    members = [member for member in archive.infolist() if not _hidden(member.filename)]
    wanted = [member for member in members if _is_of_known_kind(member.filename)]
    skipped = [_shown(member) for member in members if not _is_of_known_kind(member.filename)]
    if wanted and skipped:
        on_note(f"{name}: skipped, because their kind is not supported: {listed(skipped)}")
    streams = [_member_stream(archive, file, member, name, on_note) for member in wanted]
    if not streams:
        raise SourceError(f"{name} holds no text file that can be read: supported are {', '.join(SUFFIXES)}")
    return streams


def _is_of_known_kind(filename: str) -> bool:
    """Whether to read a member. Archives within are kept, so that they are refused instead of silently ignored."""
    return PurePosixPath(filename).suffix.lower() in (*SUFFIXES, *ARCHIVE_SUFFIXES)


def _hidden(filename: str) -> bool:
    """Whether a member is a folder, or a file that systems add and do not show."""
    path = PurePosixPath(filename)
    return filename.endswith("/") or path.name.startswith(".") or "__MACOSX" in path.parts


def listed(names: Sequence[str]) -> str:
    """The first of ``names``, and how many more there are."""
    more = f" and {len(names) - _MOST_LISTED:,} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(names[:_MOST_LISTED]) + more


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


def _shown(member: zipfile.ZipInfo) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in _member_name(member))


def _member_stream(
    archive: zipfile.ZipFile, file: io.BufferedReader, member: zipfile.ZipInfo, archive_name: str, on_note: OnNote
) -> ByteStream:
    name = f"{archive_name}:{_shown(member)}"
    suffix = PurePosixPath(member.filename).suffix.lower()
    if suffix in ARCHIVE_SUFFIXES:
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
