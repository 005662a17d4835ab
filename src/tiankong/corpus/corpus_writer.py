"""Writes the splits, the vocabulary and the characters of a prepared corpus from the shards of its segmented texts.

1. Duplicates are found and every surface form is counted, exactly, over all shards; the training split decides which
   words are in the vocabulary.
2. The shards are written as splits, with final ids.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiankong.config import PrepareConfig
from tiankong.corpus.archives import OnNote
from tiankong.corpus.chunks import CHARACTERS
from tiankong.corpus.counting import MOST_FORMS, RANGE, FormCounts, Ranked
from tiankong.corpus.duplicates import MOST_HASHES, find_duplicates
from tiankong.corpus.given_vocabulary import GivenVocabulary
from tiankong.corpus.labels import LabelCensus, LabelCounts, LabelNames, LabelTable
from tiankong.corpus.prepared import (
    CHARACTERS_FILE,
    CODES_FILE,
    OTHER_WORDS_FILE,
    TYPED_FORMS_FILE,
    VOCABULARY_FILE,
    open_split,
)
from tiankong.corpus.scripts import segmenter_notes
from tiankong.corpus.shards import Shard
from tiankong.corpus.split_writer import LEFT_OUT, SHARD_TOKENS, SplitWriter
from tiankong.corpus.splits import SPLITS, shares, splits_of
from tiankong.corpus.typed_forms import TypedFormCounts
from tiankong.corpus.word_codes import write_codes
from tiankong.corpus.work_folder import Work
from tiankong.errors import SourceError
from tiankong.folder import write_text
from tiankong.text.characters import count_characters
from tiankong.text.vocabulary import SPECIAL_TOKENS, UNKNOWN, is_target, table_text

_REPEATED = len(SPLITS)
"""Stands for the split of a repeated text that is left out."""

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


def write_corpus(
    folder: Path,
    shards: list[Shard],
    names: LabelNames,
    given: GivenVocabulary | None,
    keep_words: Collection[str],
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
        ranked, words = _with_kept(ranked, config, keep_words)
        _write_words(folder, ranked, words, config, note)
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
    if given is None:
        _write_typed_forms(folder, splits, forms, id_of, vocabulary)
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


def _with_kept(ranked: Ranked, config: PrepareConfig, keep_words: Collection[str]) -> tuple[Ranked, int]:
    """``ranked`` with the words of the vocabulary first, and their number.

    :raises SourceError: there is no word in the vocabulary.
    """
    size = sum(count >= config.minimum_count for count in ranked.counts)
    if config.maximum_vocabulary:
        size = min(size, config.maximum_vocabulary)
    with_kept, kept = ranked.with_next(size, keep_words) if keep_words else (ranked, 0)
    if not any(map(is_target, with_kept.words[: size + kept])):
        if any(is_target(word) and count >= config.minimum_count for word, count in ranked.rows(size)):
            raise SourceError(f"no word is among the {size} most frequent tokens: raise `maximum_vocabulary`")
        raise SourceError(
            f"no word occurs at least {config.minimum_count} times in the training split: bring more text or lower "
            "`minimum_count`"
        )
    return with_kept, size + kept


def _write_words(folder: Path, ranked: Ranked, size: int, config: PrepareConfig, note: OnNote) -> None:
    """Writes the vocabulary, which is the first ``size`` words, the other words and the characters."""
    kept = len(ranked.words) if config.keep_unknown else size
    write_text(folder / VOCABULARY_FILE, table_text(ranked.rows(0, size)))
    write_text(folder / OTHER_WORDS_FILE, table_text(ranked.rows(size, kept)))
    characters, character_counts = count_characters(ranked.rows(0, kept))
    write_text(folder / CHARACTERS_FILE, table_text(zip(characters, character_counts, strict=True)))
    for sentence in segmenter_notes(config.segmenter, characters, character_counts):
        note(sentence)


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


def _write_typed_forms(
    folder: Path, splits: _Splits, forms: FormCounts, id_of: NDArray[np.int32], vocabulary: Sequence[str]
) -> None:
    """Writes how the words of the vocabulary are typed, unless all are in lower case."""
    if not any(shard.has_typed for shard in splits.shards):
        return
    counts = TypedFormCounts(vocabulary)
    for number, shard in enumerate(splits.shards):
        counts.add(shard, splits.of(number), id_of[forms.numbers(number)])
    if usual := counts.usual():
        write_text(folder / TYPED_FORMS_FILE, "\n".join([*usual, ""]))


def _label_counts(names: Sequence[str], writers: Sequence[SplitWriter]) -> list[LabelCounts]:
    by_label = zip(*(writer.label_counts.tolist() for writer in writers), strict=True)
    return [LabelCounts(name, *counts) for name, counts in zip(names, by_label, strict=True)]
