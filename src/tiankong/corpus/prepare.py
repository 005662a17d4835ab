"""Makes a prepared corpus from texts, in memory that does not grow with them.

1. The texts are read in chunks and segmented, by several processes, into shards on disk; an interrupted preparation
   goes on after those that are whole.
2. The shards are counted and written as splits, with final ids: :mod:`tiankong.corpus.corpus_writer`.

What comes out does not depend on chunks, processes or interruptions.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from tiankong.child_processes import can_start
from tiankong.config import PrepareConfig, validate
from tiankong.corpus.archives import OnNote
from tiankong.corpus.chunks import Chunk, read_chunks
from tiankong.corpus.corpus_writer import USUAL_SIZES, Report, Sizes, write_corpus
from tiankong.corpus.given_vocabulary import GivenVocabulary
from tiankong.corpus.labels import LabelNames
from tiankong.corpus.prepared import (
    PREPARED,
    USER_DICT_FILE,
    PreparedCorpus,
)
from tiankong.corpus.segmenting import ChunkSegmenter
from tiankong.corpus.segmenting_processes import SegmentingProcesses
from tiankong.corpus.sources import Source
from tiankong.corpus.user_dictionary import read_keep_words, read_user_words
from tiankong.corpus.work_folder import Work, started_work
from tiankong.errors import OptionError
from tiankong.folder import write_text
from tiankong.machine import allowed_threads
from tiankong.unfinished_work import START_OVER
from tiankong.version import VERSION

_WAITING = 2
"""Chunks that wait for a process, so that none waits for the next chunk."""


def prepare(
    source: Source,
    output: Path,
    config: PrepareConfig,
    *,
    label_names: Mapping[str, str] | None = None,
    vocabulary: GivenVocabulary | None = None,
    force: bool = False,
    resume: bool = False,
    processes: int = 0,
    report: Report = lambda *_: None,
    note: OnNote = lambda _: None,
    sizes: Sizes | None = None,
) -> PreparedCorpus:
    """Makes the prepared corpus ``output`` and opens it.

    ``label_names`` gives labels of the source another name, ``vocabulary`` is taken over from another corpus.
    ``resume`` goes on with an unfinished preparation of ``output``, if there is one. ``processes`` segment (0: one per
    processor that this process may use). ``report("reading", work)`` tells the progress, in the unit of the source;
    ``note`` is called with a sentence for people about how something is read.

    :raises OptionError: the configuration, or the user dictionary; the preparation to resume segments differently, or
        has no chunk of these texts.
    :raises SourceError: something can't be read, or there is too little text.
    :raises FolderError: ``output`` exists or can't be written; there is an unfinished preparation of it (without
        ``resume`` or ``force``).
    :raises TiankongError: a process was killed.
    """
    validate(config)
    sizes = sizes or USUAL_SIZES
    PREPARED.check_output(output, force=force)
    source.check()
    user_words, keep_words = read_user_words(config), read_keep_words(config)
    if vocabulary is not None:
        config = vocabulary.settings(config, user_words)
    segmenter = ChunkSegmenter(config, user_words)
    processes = (processes or allowed_threads()) if can_start() else 1
    rows_without_text = 0

    def on_empty() -> None:
        nonlocal rows_without_text
        rows_without_text += 1

    with (
        started_work(output, config, user_words, resume=resume, force=force, note=note) as work,
        PREPARED.write(output, force=force) as folder,
    ):
        finished = work.finished()
        _check_any_fits(finished, source, work, sizes)
        chunks = read_chunks(source, lambda count: report("reading", count), on_empty, note, sizes.chunk)
        count, kept = _segment(
            chunks, work, segmenter, processes, lambda: SegmentingProcesses(processes, config, user_words)
        )
        source.check_unchanged()
        if finished:
            were = "1 chunk was" if len(finished) == 1 else f"{len(finished):,} chunks were"
            note(f"resumed {work.folder}: {were} done, {kept:,} of which {'fits' if kept == 1 else 'fit'} these texts")
        report("counting", 0)
        shards = work.shards(count)
        empty = rows_without_text + sum(shard.empty for shard in shards)
        names = LabelNames(label_names or {})
        config, fields = write_corpus(folder, shards, names, vocabulary, keep_words, work, config, sizes, report, note)
        if user_words:
            write_text(folder / USER_DICT_FILE, "\n".join(user_words) + "\n")
        _seal(folder, config, source, empty, fields)
    return PreparedCorpus(output)


def _check_any_fits(finished: Sequence[int], source: Source, work: Work, sizes: Sizes) -> None:
    """Checks that not all that is done would be thrown away, where that can be seen before anything is. As a rule, the
    first chunk fits, and no other is read.

    :raises OptionError: none of the finished chunks is one of ``source``.
    """
    if not finished or not source.is_rereadable:
        return
    chunks = read_chunks(source, lambda _: None, lambda: None, lambda _: None, sizes.chunk)
    if not any(
        number in finished and work.is_done(number, chunk.to_bytes())
        for number, chunk in enumerate(islice(chunks, finished[-1] + 1))
    ):
        raise OptionError(
            f"none of the {len(finished):,} finished chunks in {work.folder} fits these texts: give the files that it "
            f"was started with, or {START_OVER}"
        )


def _segment(
    chunks: Iterable[Chunk],
    work: Work,
    segmenter: ChunkSegmenter,
    processes: int,
    start: Callable[[], SegmentingProcesses],
) -> tuple[int, int]:
    """Makes the shards that are not there yet; returns the number of chunks, and how many of them were there. If there
    is one to make only, or one process is wanted, no other is started.
    """
    count = kept = 0
    first: tuple[int, bytes] | None = None
    running: deque[tuple[int, Future[None]]] = deque()
    started: SegmentingProcesses | None = None

    def make(number: int, content: bytes) -> None:
        segmenter.segment(content).write(work.partial(number))
        work.add(number)

    def add_oldest() -> None:
        number, written = running.popleft()
        written.result()
        work.add(number)

    with ExitStack() as stack:
        for number, chunk in enumerate(chunks):
            count += 1
            content = chunk.to_bytes()
            if work.is_done(number, content):
                kept += 1
                continue
            if processes == 1:
                make(number, content)
                continue
            if started is None and first is None:
                first = number, content
                continue
            if started is None and first is not None:
                started = stack.enter_context(start())
                running.append((first[0], started.write(first[1], work.partial(first[0]))))
                first = None
            assert started is not None
            running.append((number, started.write(content, work.partial(number))))
            if len(running) > processes + _WAITING:
                add_oldest()
        while running:
            add_oldest()
    if first is not None:
        make(*first)
    return count, kept


def _seal(folder: Path, config: PrepareConfig, source: Source, empty: int, fields: dict[str, object]) -> None:
    content = {
        "tiankong": VERSION,
        "config": dataclasses.asdict(config),
        "sources": [dataclasses.asdict(file) for file in source.description()],
        "empty_texts": empty,
        **{name: _plain(value) for name, value in fields.items()},
    }
    PREPARED.seal(folder, content)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value
