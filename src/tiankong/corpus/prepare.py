"""Makes a prepared corpus from texts, in memory that does not grow with them.

1. The texts are read in chunks and segmented, by several processes, into shards on disk; an interrupted preparation
   goes on after those that are whole.
2. Duplicates are found and every surface form is counted, exactly, over all shards; the training split decides which
   words are in the vocabulary.
3. The shards are written as splits, with final ids.

What comes out does not depend on chunks, processes or interruptions.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiankong.child_processes import can_start
from tiankong.config import PrepareConfig, validate
from tiankong.corpus.archives import OnNote
from tiankong.corpus.chunks import CHARACTERS, Chunk, read_chunks
from tiankong.corpus.counting import MOST_FORMS, RANGE, FormCounts, Ranked
from tiankong.corpus.duplicates import MOST_HASHES, find_duplicates
from tiankong.corpus.given_vocabulary import GivenVocabulary
from tiankong.corpus.labels import LabelCensus, LabelCounts, LabelNames, LabelTable
from tiankong.corpus.prepared import (
    CHARACTERS_FILE,
    CODES_FILE,
    OTHER_WORDS_FILE,
    PREPARED,
    USER_DICT_FILE,
    VOCABULARY_FILE,
    PreparedCorpus,
    open_split,
)
from tiankong.corpus.scripts import segmenter_notes
from tiankong.corpus.segmenting import ChunkSegmenter
from tiankong.corpus.segmenting_processes import SegmentingProcesses
from tiankong.corpus.shards import Shard
from tiankong.corpus.sources import Source
from tiankong.corpus.split_writer import LEFT_OUT, SHARD_TOKENS, SplitWriter
from tiankong.corpus.splits import SPLITS, shares, splits_of
from tiankong.corpus.user_dictionary import read_user_words
from tiankong.corpus.word_codes import write_codes
from tiankong.corpus.work_folder import Work, started_work
from tiankong.errors import OptionError, SourceError
from tiankong.folder import write_text
from tiankong.machine import allowed_threads
from tiankong.text.characters import count_characters
from tiankong.text.vocabulary import SPECIAL_TOKENS, UNKNOWN, is_target, table_text
from tiankong.unfinished_work import START_OVER
from tiankong.version import VERSION

_REPEATED = len(SPLITS)
"""Stands for the split of a repeated text that is left out."""

_WAITING = 2
"""Chunks that wait for a process, so that none waits for the next chunk."""

Report = Callable[[str, int], None]
"""Called with the current stage and the work done in it since the last call."""


@dataclass(frozen=True)
class Sizes:
    """How much is in memory, and in a file, at a time. None but ``forms`` changes what is prepared."""

    chunk: int = CHARACTERS
    hashes: int = MOST_HASHES
    entries: int = RANGE
    forms: int = MOST_FORMS
    shard_tokens: int = SHARD_TOKENS


USUAL_SIZES = Sizes()


@dataclass(frozen=True)
class _Splits:
    """Where the texts of the ``shards`` go; ``repeated`` are those to leave out, by shard, if any are."""

    shards: list[Shard]
    shares: tuple[float, float, float]
    repeated: list[NDArray[np.int32]] | None

    def of(self, number: int) -> NDArray[np.uint8]:
        """For each text of shard ``number`` its place in :data:`SPLITS`, or :data:`_REPEATED`."""
        numbers = splits_of(self.shards[number].hashes, self.shares)
        if self.repeated is not None:
            numbers[self.repeated[number]] = _REPEATED
        return numbers


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
    user_words = read_user_words(config)
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
        config, fields = _write_corpus(folder, shards, names, vocabulary, work, config, sizes, report, note)
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


def _write_corpus(
    folder: Path,
    shards: list[Shard],
    names: LabelNames,
    given: GivenVocabulary | None,
    work: Work,
    config: PrepareConfig,
    sizes: Sizes,
    report: Report,
    note: OnNote,
) -> tuple[PrepareConfig, dict[str, object]]:
    """Writes every file but the manifest; returns the configuration with the shares of the splits, and the manifest's
    counts.
    """
    table = LabelTable(names)
    duplicates = find_duplicates(shards, table, sizes.hashes)
    names.check()
    texts = sum(shard.texts for shard in shards) - (len(duplicates) if config.unique else 0)
    split_shares = shares(config.split, texts)
    config = dataclasses.replace(config, split=split_shares)
    splits = _Splits(shards, split_shares, duplicates.repeated if config.unique else None)

    forms = FormCounts(shards, work.scratch, sizes.entries)
    census = LabelCensus(table)
    sizes_of_splits = np.zeros(len(SPLITS), dtype=np.int64)
    for number, shard in enumerate(shards):
        split = splits.of(number)
        sizes_of_splits += np.bincount(split, minlength=len(SPLITS) + 1)[: len(SPLITS)]
        census.add(shard, table.of(shard), split != _REPEATED)
        forms.add(number, *_occurrences(shard, split))
    _check_sizes(sizes_of_splits, texts if config.unique else texts - len(duplicates), split_shares)
    ranked = forms.ranked(config.minimum_count, sizes.forms)
    if given is None:
        words = _write_words(folder, ranked, config, note)
        vocabulary, others = ranked.words[:words], len(ranked.words) - words if config.keep_unknown else 0
    else:
        vocabulary, others = given.words, given.write(folder, ranked, keep_unknown=config.keep_unknown)
        words = len(vocabulary)

    problem = census.problem
    names_in_order, label_ranks = census.ranked()
    labels = None if problem else len(names_in_order)
    writers = [SplitWriter(folder, name, words, labels, sizes.shard_tokens) for name in SPLITS]
    id_of = _final_ids(ranked, words, config, given)
    for number, shard in enumerate(shards):
        these = label_ranks[table.of(shard)] if problem is None else np.zeros(shard.texts, dtype=np.int32)
        _write_texts(shard, splits.of(number), id_of[forms.numbers(number)], these, writers)
    for writer in writers:
        writer.close()
    if given is not None and not writers[0].counts.known_targets:
        raise SourceError("no word of the training split is in the vocabulary of `vocabulary_of`: leave that out")

    codes = None
    if config.code_bits:
        report("word vectors", 0)
        train = open_split(folder, SPLITS[0])
        codes = write_codes(train, vocabulary, folder / CODES_FILE, config.code_bits, config.seed)
    fields = {
        "duplicate_texts": len(duplicates),
        "splits": {name: writer.counts for name, writer in zip(SPLITS, writers, strict=True)},
        "words": words,
        "other_words": others,
        "codes": codes,
        "labels": [] if problem else _label_counts(names_in_order, writers),
        "label_problem": problem,
        "disputed_texts": 0 if problem else duplicates.disputed,
    }
    if given is not None:
        fields["vocabulary_of"] = given.fingerprint
    if config.keep_unknown and ranked.forms > len(ranked.words):
        fields["left_out_words"] = ranked.forms - len(ranked.words)
    return config, fields


def _occurrences(shard: Shard, split: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether each form of a shard occurs in a text that is not left out, and how often in the training split."""
    split_of_token = np.repeat(split, shard.lengths)
    ids = shard.ids
    counts = np.bincount(ids[split_of_token == 0], minlength=shard.forms)
    if not (split == _REPEATED).any():
        return np.ones(shard.forms, dtype=np.bool_), counts
    return np.bincount(ids[split_of_token != _REPEATED], minlength=shard.forms) > 0, counts


def _check_sizes(texts_of_splits: NDArray[np.int64], different: int, split: tuple[float, float, float]) -> None:
    """Checks that there are texts in each split.

    :raises SourceError: there are none in one.
    """
    empty = [name for name, texts in zip(SPLITS, texts_of_splits.tolist(), strict=True) if not texts]
    if empty:
        given = "/".join(f"{share:g}" for share in split)
        texts = int(texts_of_splits.sum())
        name = "training" if empty[0] == SPLITS[0] else empty[0]
        same = "" if different == texts else f" (there are only {different:,} different ones)"
        raise SourceError(
            f"{texts:,} {'text is' if texts == 1 else 'texts are'} too few to split {given}: the {name} split is empty"
            f"{same}; bring more text or give another `split`"
        )


def _write_words(folder: Path, ranked: Ranked, config: PrepareConfig, note: OnNote) -> int:
    """Writes the vocabulary, the other words and the characters; returns the size of the vocabulary.

    :raises SourceError: there is no word in the vocabulary.
    """
    size = sum(count >= config.minimum_count for count in ranked.counts)
    if config.maximum_vocabulary:
        size = min(size, config.maximum_vocabulary)
    if not any(map(is_target, ranked.words[:size])):
        if any(is_target(word) and count >= config.minimum_count for word, count in ranked.rows(size)):
            raise SourceError(f"no word is among the {size} most frequent tokens: raise `maximum_vocabulary`")
        raise SourceError(
            f"no word occurs at least {config.minimum_count} times in the training split: bring more text or lower "
            "`minimum_count`"
        )
    kept = len(ranked.words) if config.keep_unknown else size
    write_text(folder / VOCABULARY_FILE, table_text(ranked.rows(0, size)))
    write_text(folder / OTHER_WORDS_FILE, table_text(ranked.rows(size, kept)))
    characters, character_counts = count_characters(ranked.rows(0, kept))
    write_text(folder / CHARACTERS_FILE, table_text(zip(characters, character_counts, strict=True)))
    for sentence in segmenter_notes(config.segmenter, characters, character_counts):
        note(sentence)
    return size


def _final_ids(ranked: Ranked, words: int, config: PrepareConfig, given: GivenVocabulary | None) -> NDArray[np.int32]:
    """The id of each form by its number in :class:`FormCounts`."""
    without = UNKNOWN if config.keep_unknown else LEFT_OUT
    ids = np.full(ranked.forms, without, dtype=np.int32)
    if given is not None:
        found = given.ids(ranked, keep_unknown=config.keep_unknown)
        ids[ranked.numbers] = np.where(found == UNKNOWN, without, found)
        return ids
    kept = ranked.numbers if config.keep_unknown else ranked.numbers[:words]
    ids[kept] = np.arange(len(kept), dtype=np.int32) + len(SPECIAL_TOKENS)
    return ids


def _write_texts(
    shard: Shard,
    split: NDArray[np.uint8],
    id_of: NDArray[np.int32],
    labels: NDArray[np.int32],
    writers: Sequence[SplitWriter],
) -> None:
    """Writes the texts of a shard to their splits."""
    ids, lengths, targets = shard.ids, shard.lengths, shard.targets
    split_of_token = np.repeat(split, lengths)
    for number, writer in enumerate(writers):
        texts = split == number
        forms = ids[split_of_token == number]
        writer.add(id_of[forms], lengths[texts], targets[forms], labels[texts])


def _label_counts(names: Sequence[str], writers: Sequence[SplitWriter]) -> list[LabelCounts]:
    by_label = zip(*(writer.label_counts.tolist() for writer in writers), strict=True)
    return [LabelCounts(name, *counts) for name, counts in zip(names, by_label, strict=True)]


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
