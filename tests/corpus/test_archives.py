from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import zipfile
from pathlib import Path

import pytest

from tiankong.corpus.archives import ByteStream, OnBytes, display_name, open_archive, zstd
from tiankong.errors import SourceError
from tiankong.registry.formats import SUFFIXES

COMPRESSED = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd.compress}

DATA = "".join(f"第{i}件收到了，质量可以，用了{i * 7919 % 101}天没有坏\n" for i in range(3000)).encode()


def contents(path: Path, on_bytes: OnBytes | None = None) -> dict[str, bytes]:
    with open_archive(path) as streams:
        return {stream.name.removeprefix(str(path)): read(stream, on_bytes) for stream in streams}


def read(stream: ByteStream, on_bytes: OnBytes | None = None) -> bytes:
    with stream.open(on_bytes) as raw:
        return raw.read()


def write_zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def noise(length: int) -> bytes:
    """Text that doesn't compress, so that a cut can fall anywhere in its middle."""
    source = random.Random(1)
    return "".join(chr(source.randrange(0x4E00, 0x9FA5)) for _ in range(length)).encode()


def test_a_plain_file_is_one_stream(tmp_path):
    path = tmp_path / "a.TXT"
    path.write_bytes(DATA)
    with open_archive(path) as [stream]:
        assert (stream.name, stream.suffix, stream.seekable) == (str(path), ".txt", True)
        assert read(stream) == DATA
        assert read(stream) == DATA


def test_a_file_without_suffix_is_text(tmp_path):
    path = tmp_path / "评论"
    path.write_bytes(DATA)
    with open_archive(path) as [stream]:
        assert stream.suffix == ""


@pytest.mark.parametrize("packed", COMPRESSED)
@pytest.mark.parametrize(("name", "suffix"), [("a.csv", ".csv"), ("a.TXT", ".txt"), ("a", "")])
def test_the_name_within_a_compressed_file_decides(tmp_path, name, suffix, packed):
    path = tmp_path / f"{name}{packed.upper() if name.isupper() else packed}"
    path.write_bytes(COMPRESSED[packed](DATA))
    with open_archive(path) as [stream]:
        assert (stream.name, stream.suffix) == (str(path), suffix)
        assert read(stream) == DATA
        assert read(stream) == DATA


@pytest.mark.parametrize("packed", COMPRESSED)
def test_a_compressed_file_of_several_parts_is_read_whole(tmp_path, packed):
    path = tmp_path / f"a.txt{packed}"
    path.write_bytes(COMPRESSED[packed](DATA[:500]) + COMPRESSED[packed](DATA[500:]))
    assert contents(path) == {"": DATA}


@pytest.mark.parametrize("packed", COMPRESSED)
def test_a_compressed_file_that_is_cut_or_of_another_kind_is_refused(tmp_path, packed):
    path = tmp_path / f"a.txt{packed}"
    for data in (COMPRESSED[packed](DATA)[:-20], b"not compressed at all"):
        path.write_bytes(data)
        with pytest.raises(SourceError, match=r"is (cut off in the middle|damaged|not compressed)"):
            contents(path)


@pytest.mark.parametrize("packed", COMPRESSED)
def test_the_bytes_of_a_compressed_file_are_counted_and_it_is_closed(tmp_path, packed):
    path = tmp_path / f"a.txt{packed}"
    path.write_bytes(COMPRESSED[packed](DATA))
    counted: list[int] = []
    with open_archive(path) as [stream]:
        raw = stream.open(counted.append)
        assert raw.read() == DATA
        raw.close()
    assert sum(counted) == path.stat().st_size
    path.rename(tmp_path / "moved")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_members_of_supported_kinds_are_streams(tmp_path, method):
    members = {
        "folder/b.CSV": DATA,
        "a.txt": b"",
        "readme": b"x",
        "notes.docx": b"x",
        "__MACOSX/folder/._b.csv": b"x",
        "__MACOSX/c.csv": b"x",
        ".hidden.txt": b"x",
        "folder/.d.txt": b"x",
    }
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("folder.txt/", b"")
        for name, data in members.items():
            archive.writestr(name, data)
    assert contents(path) == {":folder/b.CSV": DATA, ":a.txt": b""}
    notes: list[str] = []
    with open_archive(path, notes.append):
        assert notes == [f"{path}: skipped, because their kind is not supported: readme, notes.docx"]


def test_members_can_be_read_in_any_order_and_again(tmp_path):
    path = write_zip(tmp_path / "r.zip", {"a.txt": DATA, "b.txt": DATA[::-1]})
    with open_archive(path) as [a, b]:
        assert [read(b), read(a), read(b)] == [DATA[::-1], DATA, DATA[::-1]]


def test_names_from_chinese_windows_are_shown_in_chinese(tmp_path):
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("XXXX.csv", DATA)
    path.write_bytes(path.read_bytes().replace(b"XXXX", "评论".encode("gbk")))
    assert contents(path) == {":评论.csv": DATA}


def test_line_breaks_in_member_names_are_escaped(tmp_path):
    path = write_zip(tmp_path / "r.zip", {"a\nb.csv": DATA})
    assert contents(path) == {":a\\nb.csv": DATA}


def test_the_bytes_reported_are_those_on_disk(tmp_path):
    plain, packed = tmp_path / "a.txt", tmp_path / "a.txt.gz"
    plain.write_bytes(DATA)
    packed.write_bytes(gzip.compress(DATA))
    archive = write_zip(tmp_path / "r.zip", {"a.txt": DATA, "b.txt": DATA[::-1]})
    for path in (plain, packed, archive):
        counts: list[int] = []
        contents(path, counts.append)
        assert 0.9 * path.stat().st_size <= sum(counts) <= path.stat().st_size
        assert min(counts) > 0


@pytest.mark.parametrize("name", ["a.exe", "a.tar.gz", "a.docx.gz", "a.zip.gz", "a.7z", "a.gz.gz"])
def test_unsupported_kinds_are_refused_with_those_supported(tmp_path, name):
    (tmp_path / name).write_bytes(DATA)
    with pytest.raises(SourceError, match=r"unsupported format \(\.\w+\): supported are .*\.jsonl, .*\.zip"):
        contents(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.docx", DATA, "a Word document"),
        ("a.DOC", DATA, "a Word document"),
        ("a.pdf", DATA, "a PDF"),
        ("a.html", b"<html>", "a web page"),
        ("a.txt", b"%PDF-1.7\n" + DATA, "a PDF"),
        ("a", b"{\\rtf1" + DATA, "a Rich Text document"),
    ],
)
def test_documents_are_refused_with_the_way_out(tmp_path, name, data, kind):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=f"{name} is {kind}, which is not read: save its text as .txt, one text per"):
        contents(tmp_path / name)


@pytest.mark.parametrize(
    ("member", "kind"), [("word/document.xml", "a Word"), ("ppt/presentation.xml", "a PowerPoint")]
)
@pytest.mark.parametrize("name", ["a.txt", "a.zip", "a.docx"])
def test_office_documents_are_known_by_their_content(tmp_path, member, kind, name):
    write_zip(tmp_path / name, {member: b"<w/>"})
    with pytest.raises(SourceError, match=f"{name} is {kind}"):
        contents(tmp_path / name)


@pytest.mark.parametrize("packed", COMPRESSED)
@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a.txt.zst", "a.txt.zip", "a"])
def test_a_compressed_file_of_another_name_is_known_by_its_content(tmp_path, name, packed):
    path, notes = tmp_path / name, []
    path.write_bytes(COMPRESSED[packed](DATA))
    with open_archive(path, notes.append) as [stream]:
        assert stream.suffix == ("" if name == "a" else ".txt")
        assert read(stream) == DATA
    assert notes == [f"{path} is in fact a {packed} file, and is read as one"] * (not name.endswith(packed))


def test_an_archive_of_another_name_is_known_by_its_content(tmp_path):
    path = write_zip(tmp_path / "a.csv", {"b.txt": DATA})
    assert contents(path) == {":b.txt": DATA}


def test_a_missing_file_is_refused(tmp_path):
    for name in ("a.txt", "a.zip", "a.txt.gz"):
        with pytest.raises(SourceError, match=f"{name} can't be read: No such file"):
            contents(tmp_path / name)


def test_a_folder_is_refused(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(SourceError, match="can't be read: Is a directory"):
        contents(tmp_path / "a.txt")


@pytest.mark.parametrize("length", [40, 6000])
def test_gz_cut_anywhere_is_refused(tmp_path, length):
    data = noise(length)
    whole = gzip.compress(data)
    path = tmp_path / "a.txt.gz"
    for cut in {*range(1, min(len(whole), 400)), *range(400, len(whole), 97), *range(len(whole) - 20, len(whole))}:
        path.write_bytes(whole[:cut])
        with pytest.raises(SourceError, match=r"a\.txt\.gz is (cut off in the middle|damaged)"):
            contents(path)
    path.write_bytes(whole)
    assert contents(path) == {"": data}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_cut_anywhere_is_refused(tmp_path, method):
    path = write_zip(tmp_path / "r.zip", {"a.txt": noise(40), "b.csv": noise(30)}, method)
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with pytest.raises(SourceError, match=r"r\.zip is not a whole zip archive"):
            contents(path)


def test_gz_with_any_byte_changed_is_refused_or_read_the_same(tmp_path):
    path, source = tmp_path / "a.txt.gz", random.Random(2)
    whole = gzip.compress(noise(60))
    refused = 0
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ source.randrange(1, 256)]) + whole[at + 1 :])
        try:
            assert contents(path) == {"": noise(60)}
        except SourceError:
            refused += 1
    assert refused > 0.9 * len(whole) - 10


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_zip_with_any_byte_changed_never_yields_other_text(tmp_path, method):
    path = write_zip(tmp_path / "r.zip", {"a.txt": noise(60)}, method)
    whole, source = path.read_bytes(), random.Random(3)
    for at in range(len(whole)):
        for _ in range(4):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ source.randrange(1, 256)]) + whole[at + 1 :])
            try:
                read = contents(path)
            except SourceError:
                continue
            assert list(read.values()) == [noise(60)]


def test_damage_within_a_member_shows_while_reading(tmp_path):
    path = write_zip(tmp_path / "r.zip", {"a.txt": noise(50000)}, zipfile.ZIP_STORED)
    whole = path.read_bytes()
    path.write_bytes(whole[:90000] + b"?" + whole[90001:])
    with open_archive(path) as [stream], stream.open() as raw:
        assert len(raw.read(1000)) == 1000
        with pytest.raises(SourceError, match=r"r\.zip:a\.txt is damaged \(Bad CRC-32"):
            raw.read()


def test_damage_within_gz_shows_while_reading(tmp_path):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(noise(200000))[:-4])
    with open_archive(path) as [stream], stream.open() as raw:
        assert len(raw.read(1000)) == 1000
        with pytest.raises(SourceError, match="cut off in the middle: copy or download it again"):
            raw.read()


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    messages = {f"a.txt{packed}": f"as its name says: take {packed} off the name" for packed in COMPRESSED}
    for name, message in {**messages, "a.zip": "not a whole zip archive"}.items():
        (tmp_path / name).write_bytes(DATA)
        with pytest.raises(SourceError, match=message):
            contents(tmp_path / name)


def test_an_encrypted_zip_is_refused(tmp_path):
    path = write_zip(tmp_path / "r.zip", {"a.txt": DATA})
    whole = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        whole[whole.index(signature) + flags] |= 1
    path.write_bytes(whole)
    with pytest.raises(SourceError, match=r"r\.zip:a\.txt is encrypted: unpack it with its password"):
        contents(path)


def test_an_unknown_compression_is_refused(tmp_path):
    path = write_zip(tmp_path / "r.zip", {"a.txt": DATA})
    whole = bytearray(path.read_bytes())
    deflate64 = struct.pack("<H", 9)
    for signature, method in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        at = whole.index(signature) + method
        whole[at : at + 2] = deflate64
    path.write_bytes(whole)
    with pytest.raises(SourceError, match="compressed with an unsupported method: pack it again"):
        contents(path)


@pytest.mark.parametrize("members", [{}, {"a.docx": b"x", "LICENSE": b"x", ".a.txt": b"x"}])
def test_a_zip_without_texts_is_refused(tmp_path, members):
    path = write_zip(tmp_path / "r.zip", members)
    with pytest.raises(SourceError, match=r"r\.zip holds no text file that can be read: supported are \.txt"):
        contents(path)


@pytest.mark.parametrize("inner", ["b.csv.gz", "b.zip"])
def test_an_archive_within_an_archive_is_refused(tmp_path, inner):
    path = write_zip(tmp_path / "r.zip", {"a.txt": DATA, inner: b"x"})
    with pytest.raises(SourceError, match=rf"r\.zip:{inner} is an archive within an archive: unpack it first"):
        contents(path)


def test_a_member_without_a_name_is_passed_over(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", DATA)
        archive.writestr("X", b"x")
    path = tmp_path / "r.zip"
    path.write_bytes(buffer.getvalue().replace(b"X", b"\0"))
    assert contents(path) == {":a.txt": DATA}


def test_names_that_are_no_unicode_can_be_shown():
    assert display_name(Path("评论\udcff.txt")) == "评论\\udcff.txt"
    assert display_name(Path("数据/评论.txt")) == "数据/评论.txt"


def test_all_suffixes_are_in_lower_case_with_a_dot():
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in SUFFIXES)
