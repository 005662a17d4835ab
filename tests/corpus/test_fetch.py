"""Public corpora from a real server on loopback and from a folder: resumed, verified, whole or not at all."""

import dataclasses
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from tiankong.cli.main import run
from tiankong.corpus import public
from tiankong.corpus.fetch import fetch
from tiankong.corpus.public import PUBLIC_CORPORA, PublicCorpus
from tiankong.errors import FolderError, SourceError

DATA = bytes(range(256)) * 1000
CORPUS = PublicCorpus("c", "zh", "c.bin", "bytes", "here", "CC0", len(DATA), hashlib.sha256(DATA).hexdigest())


class Server(BaseHTTPRequestHandler):
    """Serves DATA; breaks off, ignores ranges or serves something else as the class attributes say."""

    break_after = len(DATA)
    ranges = True
    data = DATA
    asked: ClassVar[list[str | None]] = []

    def do_GET(self):
        asked = self.headers.get("Range")
        self.asked.append(asked)
        if self.path != "/mirror/c.bin":
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.ranges else 0
        if start >= len(self.data):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(self.data) - start))
        self.end_headers()
        self.wfile.write(self.data[start : start + self.break_after])

    def log_message(self, *_):
        """Quiet."""


@pytest.fixture
def server():
    handler = type("Handler", (Server,), {"asked": []})
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield handler, f"http://127.0.0.1:{running.server_port}/mirror/"
    running.shutdown()
    running.server_close()
    thread.join()


def test_a_file_is_fetched_once(server, tmp_path):
    handler, address = server
    counted = []
    path = fetch(CORPUS, tmp_path / "new" / "folder", address, counted.append)
    assert path.read_bytes() == DATA
    assert sum(counted) == len(DATA)
    assert [file.name for file in path.parent.iterdir()] == ["c.bin"]
    assert fetch(CORPUS, path.parent, address) == path
    assert len(handler.asked) == 1


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_goes_on_where_it_broke(server, tmp_path, ranges):
    handler, address = server
    handler.break_after = 70_000
    with pytest.raises(SourceError, match="the same command continues from there"):
        fetch(CORPUS, tmp_path, address)
    assert not (tmp_path / "c.bin").exists()
    handler.break_after, handler.ranges = len(DATA), ranges
    assert fetch(CORPUS, tmp_path, address).read_bytes() == DATA
    assert handler.asked[1] is not None
    assert handler.asked[1].startswith("bytes=")


@pytest.mark.parametrize("data", [DATA[:-1] + b"x", DATA + b"more", DATA[:1000]])
def test_another_file_is_refused(server, tmp_path, data):
    handler, address = server
    handler.data, handler.break_after = data, 10**9
    for _ in range(2):
        with pytest.raises(SourceError, match=r"is not c: its checksum differs; use another source|ended after"):
            fetch(CORPUS, tmp_path, address)
    assert not (tmp_path / "c.bin").exists()


@pytest.mark.parametrize("size", [1, 500, len(DATA), len(DATA) + 1])
def test_a_left_over_of_another_file_is_thrown_away(server, tmp_path, size):
    _, address = server
    (tmp_path / ".c.bin.partial").write_bytes(b"y" * size)
    assert fetch(CORPUS, tmp_path, address).read_bytes() == DATA
    assert [file.name for file in tmp_path.iterdir()] == ["c.bin"]


def test_a_short_answer_does_not_stand_in_the_way(server, tmp_path):
    handler, address = server
    handler.data = b"an error page"
    for _ in range(2):
        with pytest.raises(SourceError, match="ended after 13 of"):
            fetch(CORPUS, tmp_path, address)
    handler.data = DATA
    assert fetch(CORPUS, tmp_path, address).read_bytes() == DATA


def test_a_file_of_the_users_is_left_alone(server, tmp_path):
    _, address = server
    (tmp_path / "c.bin").write_text("mine")
    with pytest.raises(FolderError, match="exists and is not c: its checksum differs; choose another folder"):
        fetch(CORPUS, tmp_path, address)
    assert (tmp_path / "c.bin").read_text() == "mine"


def test_an_address_may_have_chinese_names(server, tmp_path):
    _, address = server
    with pytest.raises(SourceError, match="answered 404"):
        fetch(CORPUS, tmp_path, address + "语料/")


def test_a_folder_is_a_mirror_too(tmp_path):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "c.bin").write_bytes(DATA)
    assert fetch(CORPUS, tmp_path / "here", str(mirror)).read_bytes() == DATA


def test_a_folder_with_a_part_of_the_file(tmp_path):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "c.bin").write_bytes(DATA[:1000])
    with pytest.raises(SourceError, match=r"has 1,000 of the 256,000 bytes of c: use another source"):
        fetch(CORPUS, tmp_path / "here", str(mirror))
    assert not list((tmp_path / "here").iterdir())


def test_what_a_folder_lacks_is_said_once(tmp_path, capsys, monkeypatch):
    others = [dataclasses.replace(CORPUS, name=name, file=name) for name in "defgh"]
    monkeypatch.setattr(public, "PUBLIC_CORPORA", (*others, CORPUS))
    (tmp_path / "c.bin").write_bytes(DATA)
    output, problem = tmp_path / "out", "5 of 6 corpora {} (d, e, f and 2 more)"
    assert run(["corpus", "-o", str(output), "--from", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.startswith(f"tiankong: there is no folder {tmp_path}/none: give --from")
    assert not output.exists()
    assert run(["corpus", "-o", str(output), "--from", str(tmp_path)]) == 2
    assert problem.format(f"are not in {tmp_path}") in capsys.readouterr().err
    assert [file.name for file in output.iterdir()] == ["c.bin"]
    assert run(["corpus", "-o", str(output)]) == 2  # c is there already
    assert problem.format("are not published as these very files") in capsys.readouterr().err


@pytest.mark.parametrize(
    ("mirror", "message"),
    [
        ("http://127.0.0.1:9/", r"can't be reached \(.*\): go online"),
        ("ftp://127.0.0.1/", "use http, https or a folder"),
        ("http://[broken/", "can't be reached"),
        ("nowhere", "nowhere/c.bin can't be read"),
        ("", "is not published as this very file"),
    ],
)
def test_what_cannot_be_had_is_said_in_a_sentence(tmp_path, mirror, message):
    with pytest.raises(SourceError, match=message):
        fetch(CORPUS, tmp_path / "new", mirror)
    assert not (tmp_path / "new").exists()


def test_a_missing_file_of_a_mirror(server, tmp_path):
    _, address = server
    with pytest.raises(SourceError, match="answered 404"):
        fetch(CORPUS, tmp_path, address.replace("mirror", "elsewhere"))


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "c.bin").write_bytes(DATA)
    with pytest.raises(FolderError, match="can't be written"):
        fetch(CORPUS, tmp_path / "file" / "below", str(tmp_path))


def test_the_command_tells_where_they_are_from(capsys):
    assert run(["corpus"]) == 0
    shown = capsys.readouterr().out
    for corpus in PUBLIC_CORPORA:
        assert corpus.sha256 in shown
        assert corpus.origin in shown
        assert corpus.commit in shown
        assert corpus.licence in shown
    assert run(["corpus", "nosuch", "zh"]) == 2
    assert "there is no corpus nosuch: name a language (zh or en), or some of" in capsys.readouterr().err
    assert run(["corpus", "--from", "x"]) == 2
    assert "--from needs --output" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "listed"),
    [
        (["en"], ["en-wiki", "en-wikinews", "en-books", "en-tatoeba"]),
        (["en-books", "goods_zh", "en-books"], ["goods_zh", "en-books"]),
        (["en", "en-wiki"], ["en-wiki", "en-wikinews", "en-books", "en-tatoeba"]),
    ],
)
def test_a_language_names_its_corpora(capsys, names, listed):
    assert run(["corpus", *names, "--json"]) == 0
    assert [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()] == listed


def test_a_corpus_of_a_language_comes_from_the_folder_of_the_corpora(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(public, "PUBLIC_CORPORA", (dataclasses.replace(CORPUS, file="zh/c.bin"),))
    (tmp_path / "corpora" / "zh").mkdir(parents=True)
    (tmp_path / "corpora" / "zh" / "c.bin").write_bytes(DATA)
    assert run(["corpus", "zh", "-o", str(tmp_path / "out"), "--from", str(tmp_path / "corpora")]) == 0
    assert (tmp_path / "out" / "zh" / "c.bin").read_bytes() == DATA
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["zh"]
    assert capsys.readouterr().out.strip() == str(tmp_path / "out" / "zh" / "c.bin")


def test_the_command_without_a_network(tmp_path, capsys):
    assert run(["corpus", "-o", str(tmp_path / "out"), "--from", "http://127.0.0.1:9/"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.count("can't be reached") == len(PUBLIC_CORPORA)


def test_what_has_an_address_is_fetched_though_another_has_none(server, tmp_path, capsys, monkeypatch):
    _, address = server
    there = dataclasses.replace(CORPUS, address=f"{address}c.bin")
    monkeypatch.setattr(public, "PUBLIC_CORPORA", (dataclasses.replace(CORPUS, name="d", file="d"), there))
    assert run(["corpus", "-o", str(tmp_path)]) == 2
    assert (tmp_path / "c.bin").read_bytes() == DATA
    assert "d is not published as this very file" in capsys.readouterr().err
