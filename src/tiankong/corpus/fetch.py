"""Downloads a public corpus from its address or a mirror: resumed, verified, whole or not at all."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tiankong.corpus.public import PublicCorpus
from tiankong.errors import FolderError, SourceError
from tiankong.folder import readable_write_errors, sha256

_TIMEOUT = 30
_BLOCK = 1 << 16
_MOST_NAMED = 3
_PARTIAL, _NOTHING_THERE = 206, 416


def fetch(
    corpus: PublicCorpus, folder: Path, mirror: str = "", on_bytes: Callable[[int], None] = lambda _: None
) -> Path:
    """Returns the corpus's file in ``folder``; downloads it first if it is missing.

    ``mirror`` is the folder of the corpora, or the address of one. A download that broke off is resumed the next time.

    :raises SourceError: the source can't be reached, or has another file.
    :raises FolderError: ``folder`` can't be written, or holds another file of that name.
    """
    target = folder / corpus.file
    if target.exists():
        if target.is_file() and sha256(target) == corpus.sha256:
            return target
        raise FolderError(f"{target} exists and is not {corpus.name}: its checksum differs; choose another folder")
    source = _source(corpus, mirror)
    aside = target.with_name(f".{target.name}.partial")
    with readable_write_errors(folder):
        held = aside.stat().st_size if aside.is_file() else 0
        if 0 < held < corpus.bytes:
            _download(corpus, source, aside, held, on_bytes)
        if held == 0 or sha256(aside) != corpus.sha256:  # nothing to resume, or the rest of another file
            _download(corpus, source, aside, 0, on_bytes)
        if sha256(aside) != corpus.sha256:
            aside.unlink()
            raise SourceError(f"{source} is not {corpus.name}: its checksum differs; use another source")
        aside.replace(target)
    return target


def available(corpora: Sequence[PublicCorpus], folder: Path, mirror: str) -> tuple[list[PublicCorpus], str]:
    """Those of ``corpora`` that :func:`fetch` has a source for, as far as that shows offline; and a sentence about the
    others, empty if there are none.

    :raises SourceError: ``mirror`` is a path, and no folder.
    """
    lacking: list[PublicCorpus] = []
    problem = way_out = ""
    if mirror and "://" not in mirror:
        if not Path(mirror).is_dir():
            raise SourceError(f"there is no folder {mirror}: give --from the folder that has the files, or a URL")
        lacking = [corpus for corpus in corpora if not (Path(mirror) / corpus.file).exists()]
        problem, way_out = f"are not in {mirror}", "use another folder or a URL"
    elif not mirror:
        lacking = [corpus for corpus in corpora if not corpus.address]
        problem, way_out = "are not published as these very files", "pass --from FOLDER or --from URL"
    lacking = [corpus for corpus in lacking if not (folder / corpus.file).exists()]
    if len(lacking) < 2:  # of one, the sentence of fetch says more
        return list(corpora), ""
    names = ", ".join(corpus.name for corpus in lacking[:_MOST_NAMED])
    more = f" and {len(lacking) - _MOST_NAMED:,} more" if len(lacking) > _MOST_NAMED else ""
    return (
        [corpus for corpus in corpora if corpus not in lacking],
        f"{len(lacking):,} of {len(corpora):,} corpora {problem} ({names}{more}): {way_out}",
    )


def _source(corpus: PublicCorpus, mirror: str) -> str:
    """A path or an address of the file."""
    if "://" in mirror:
        if not mirror.lower().startswith(("http://", "https://")):
            raise SourceError(f"{mirror} is not an address to fetch from: use http, https or a folder")
        return f"{mirror.rstrip('/')}/{corpus.file}"
    if mirror:
        return str(Path(mirror) / corpus.file)
    if not corpus.address:
        raise SourceError(
            f"{corpus.name} is not published as this very file (made from {corpus.origin}): pass --from FOLDER or "
            "--from URL"
        )
    return corpus.address


def _download(corpus: PublicCorpus, source: str, aside: Path, held: int, on_bytes: Callable[[int], None]) -> None:
    with _opened(source, held) as (stream, start):
        aside.parent.mkdir(parents=True, exist_ok=True)
        on_bytes(start)
        with aside.open("ab" if start else "wb") as file:
            got = start
            # One block beyond the size is enough to see that it is another file.
            while got <= corpus.bytes and (block := _read(stream, source)):
                file.write(block)
                got += len(block)
                on_bytes(len(block))
    if got < corpus.bytes and "://" not in source:
        aside.unlink()
        raise SourceError(f"{source} has {got:,} of the {corpus.bytes:,} bytes of {corpus.name}: use another source")
    if got < corpus.bytes:
        raise SourceError(
            f"{source} ended after {got:,} of {corpus.bytes:,} bytes: the same command continues from there"
        )


@contextmanager
def _opened(source: str, held: int) -> Iterator[tuple[IO[bytes], int]]:
    """The file's bytes, and the position where they begin: ``held``, or 0 if the server can't resume."""
    if "://" not in source:
        try:
            file = Path(source).open("rb")  # noqa: SIM115 - closed below
        except OSError as error:
            raise SourceError(f"{source} can't be read ({(error.strerror or str(error)).lower()})") from None
        with file:
            file.seek(held)
            yield file, held
        return
    try:
        address = urllib.parse.quote(source, safe=":/?&=%#[]@")  # Chinese names of folders, say
        request = urllib.request.Request(address, headers={"Range": f"bytes={held}-"} if held else {})
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == _NOTHING_THERE and held:  # the partial download is as long as the file
            with _opened(source, 0) as whole:
                yield whole
            return
        raise SourceError(f"{source} answered {error.code} {error.reason}: use --from with a mirror") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = getattr(error, "reason", error)
        raise SourceError(f"{source} can't be reached ({why}): go online, or use --from with a folder") from None
    with answer:
        yield answer, held if answer.status == _PARTIAL else 0


def _read(stream: IO[bytes], source: str) -> bytes:
    try:
        return stream.read(_BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise SourceError(f"{source} broke off ({error}): the same command continues from there") from None
