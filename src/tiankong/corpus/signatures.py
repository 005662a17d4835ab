"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import zipfile
from typing import BinaryIO

_SIGNATURES = (
    (b"PK\x03\x04", ".zip"),
    (b"\x1f\x8b\x08", ".gz"),
    (b"\xfd7zXZ\x00", ".xz"),
    (b"\x28\xb5\x2f\xfd", ".zst"),
    (b"PAR1", ".parquet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".ole"),
    (b"%PDF-", ".pdf"),
    (b"{\\rtf", ".rtf"),
)
_BZIP2, _BZIP2_BLOCK, _BZIP2_END = b"BZh", b"1AY&SY", b"\x17rE8P\x90"
_LONGEST = 10
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

_MEMBERS = {
    "xl/workbook.xml": ".xlsx",
    "xl/workbook.bin": ".xlsb",
    "word/document.xml": ".docx",
    "ppt/presentation.xml": ".pptx",
}
_OPEN_DOCUMENTS = {
    b"application/vnd.oasis.opendocument.spreadsheet": ".ods",
    b"application/vnd.oasis.opendocument.text": ".odt",
    b"application/epub+zip": ".epub",
}

_AS_TEXT = "save its text as .txt, one text per line, or a table of texts as .csv"
_AS_WORKBOOK = "open it in a spreadsheet program and save it as .xlsx or .csv"

UNREAD = {
    ".doc": ("a Word document", _AS_TEXT),
    ".docx": ("a Word document", _AS_TEXT),
    ".epub": ("an e-book", _AS_TEXT),
    ".htm": ("a web page", _AS_TEXT),
    ".html": ("a web page", _AS_TEXT),
    ".odt": ("a text document", _AS_TEXT),
    ".pdf": ("a PDF", _AS_TEXT),
    ".ppt": ("a PowerPoint presentation", _AS_TEXT),
    ".pptx": ("a PowerPoint presentation", _AS_TEXT),
    ".rtf": ("a Rich Text document", _AS_TEXT),
    ".xml": ("an XML document", _AS_TEXT),
    ".xls": ("a workbook in Excel's old format", _AS_WORKBOOK),
    ".xlsb": ("a workbook in Excel's binary format", _AS_WORKBOOK),
    ".ole": ("a document of an old Office program", f"{_AS_TEXT}; if it is a workbook, {_AS_WORKBOOK}"),
    ".encrypted": ("protected by a password", "open it with the password and save it without"),
}
"""Files that are known and not read: what each is, and the way out, by suffix. The last two are only known by their
content. calamine could read the workbooks, but damaged ones end the whole process (0.37)."""


def suffix_by_content(stream: BinaryIO) -> str | None:
    """The suffix of the kind of file that a seekable ``stream`` holds; ``None`` if its beginning tells nothing, as that
    of a text does."""
    head = stream.read(_LONGEST)
    if head.startswith(_BZIP2) and head[4:].startswith((_BZIP2_BLOCK, _BZIP2_END)):
        return ".bz2"
    suffix = next((suffix for magic, suffix in _SIGNATURES if head.startswith(magic)), None)
    if suffix == ".zip":
        return _kind_of_zip(stream)
    # [MS-OFFCRYPTO], section 2.3.4.4: a document with a password is a stream of that name.
    return ".encrypted" if suffix == ".ole" and _ENCRYPTED in stream.read() else suffix


def _kind_of_zip(stream: BinaryIO) -> str:
    """Workbooks and documents are archives of certain members."""
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
            for member, suffix in _MEMBERS.items():
                if member in names:
                    return suffix
            kind = archive.read("mimetype").strip() if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return ".zip"
    return _OPEN_DOCUMENTS.get(kind, ".zip")
