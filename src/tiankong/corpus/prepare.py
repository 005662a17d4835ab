"""Makes a prepared corpus from texts, in two passes and constant memory.

The first pass reads, cuts and splits the texts and interns every surface form under a provisional id; the second
rewrites the ids once the training split has decided which words are in the vocabulary.
"""

from __future__ import annotations

import dataclasses
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from tiankong.config import PrepareConfig, reason, validate
from tiankong.corpus.archives import OnNote
from tiankong.corpus.codes import CodeReport, unique_codes, with_special_rows, word_vectors
from tiankong.corpus.labels import LabelNames, LabelRecord
from tiankong.corpus.prepared import (
    CHARACTERS_FILE,
    CODES_FILE,
    OTHER_WORDS_FILE,
    PREPARED,
    USER_DICT_FILE,
    VOCABULARY_FILE,
    PreparedCorpus,
    SplitCounts,
)
from tiankong.corpus.reader import SourceFile
from tiankong.corpus.scripts import segmenter_notes
from tiankong.corpus.sources import Source
from tiankong.corpus.splits import SPLITS, split_of, text_hash
from tiankong.errors import OptionError, SourceError
from tiankong.folder import write_text
from tiankong.text.characters import count_characters
from tiankong.text.normalise import normalise
from tiankong.text.segment import Tokenizer
from tiankong.text.vocabulary import BEGIN, END, SPECIAL_TOKENS, is_target, table_text
from tiankong.version import VERSION

_BLOCK = 1 << 20
_FREQUENCY_DIGITS = 9
_OFFSET = len(SPECIAL_TOKENS)

Report = Callable[[str, int], None]
"""Called with the current stage and the work done in it since the last call."""


@dataclass
class _FirstPass:
    """Texts as provisional ids: token files and lengths by split, and all surface forms in order of appearance."""

    labels: LabelRecord
    forms: dict[str, int] = field(default_factory=dict)
    lengths: list[array[int]] = field(default_factory=lambda: [array("q") for _ in SPLITS])
    hashes: list[array[int]] = field(default_factory=lambda: [array("Q") for _ in SPLITS])
    empty: int = 0
    repeated: int = 0  # texts that were left out
    disputed: set[int] = field(default_factory=set)  # of those, the ones that had another label

    def add_empty(self) -> None:
        """A row without a text, or a text without a word."""
        self.empty += 1


def prepare(
    source: Source,
    output: Path,
    config: PrepareConfig,
    *,
    label_names: Mapping[str, str] | None = None,
    force: bool = False,
    report: Report = lambda *_: None,
    note: OnNote = lambda _: None,
) -> PreparedCorpus:
    """Makes the prepared corpus ``output`` and opens it.

    ``label_names`` gives labels of the source another name. ``report("reading", work)`` tells the progress, in the
    unit of the source; ``note`` is called with a sentence for people about how something is read.

    :raises OptionError: the configuration, or the user dictionary.
    :raises SourceError: something can't be read, or there is too little text.
    :raises FolderError: ``output`` exists or can't be written.
    """
    validate(config)
    PREPARED.check_output(output, force=force)
    source.check()
    user_words = _user_words(config)
    tokenizer = Tokenizer(config, user_words)
    with PREPARED.write(output, force=force) as folder:
        first = _first_pass(source, LabelNames(label_names or {}), folder, tokenizer, config, report, note)
        _check_size(first, config)
        report("counting", 0)
        fields = _write_corpus(folder, first, config, report, note)
        if user_words:
            write_text(folder / USER_DICT_FILE, "\n".join(user_words) + "\n")
        _seal(folder, config, source.description(), first, fields)
    return PreparedCorpus(output)


def _first_pass(
    source: Source,
    names: LabelNames,
    folder: Path,
    tokenizer: Tokenizer,
    config: PrepareConfig,
    report: Report,
    note: OnNote,
) -> _FirstPass:
    first = _FirstPass(LabelRecord(names))
    seen: dict[int, str | None] = {}
    files = [(folder / f"{name}.provisional").open("wb") for name in SPLITS]
    try:
        for text in source.read(lambda count: report("reading", count), first.add_empty, note):
            tokens = tokenizer.tokens(text.text)
            if not tokens:
                first.add_empty()
                continue
            hashed = text_hash(text.text, config.seed)
            if config.unique:
                label = None if text.label is None else names.of(text.label)
                if hashed in seen:
                    first.repeated += 1
                    if seen[hashed] != label:
                        first.disputed.add(hashed)
                    continue
                seen[hashed] = label
            number = split_of(hashed, config.split)
            forms = first.forms
            array("i", [forms.setdefault(token, len(forms)) for token in tokens]).tofile(files[number])
            first.lengths[number].append(len(tokens))
            first.hashes[number].append(hashed)
            first.labels.add(number, text)
    finally:
        for file in files:
            file.close()
    names.check()
    return first


def _check_size(first: _FirstPass, config: PrepareConfig) -> None:
    empty = [name for name, lengths in zip(SPLITS, first.lengths, strict=True) if not len(lengths)]
    if empty:
        shares = "/".join(f"{share:g}" for share in config.split)
        texts, different = sum(map(len, first.hashes)), _different(first.hashes)
        same = "" if different == texts else f" (there are only {different:,} different ones)"
        raise SourceError(
            f"{texts:,} {'text is' if texts == 1 else 'texts are'} too few to split {shares}: the {empty[0]} split is "
            f"empty{same}; bring more text or give another `split`"
        )


def _different(hashes: Sequence[array[int]]) -> int:
    """The number of different texts: equal ones are in the same split."""
    return sum(len(np.unique(np.frombuffer(split_hashes, dtype=np.uint64))) for split_hashes in hashes)


def _write_corpus(
    folder: Path, first: _FirstPass, config: PrepareConfig, report: Report, note: OnNote
) -> dict[str, object]:
    """Writes every file but the manifest; returns the manifest's counts."""
    words = list(first.forms)
    counts = _counts(folder / f"{SPLITS[0]}.provisional", len(words))
    order = _by_rank(words, counts)
    size = _vocabulary_size(counts[order], config)
    if not any(is_target(words[form]) for form in order[:size]):
        if any(is_target(words[form]) and counts[form] >= config.minimum_count for form in order[size:]):
            raise SourceError(f"no word is among the {size} most frequent tokens: raise `maximum_vocabulary`")
        raise SourceError(
            f"no word occurs at least {config.minimum_count} times in the training split: bring more text or lower "
            "`minimum_count`"
        )
    vocabulary = [(words[form], int(counts[form])) for form in order[:size]]
    others = [(words[form], int(counts[form])) for form in order[size:]] if config.keep_unknown else []
    write_text(folder / VOCABULARY_FILE, table_text(vocabulary))
    write_text(folder / OTHER_WORDS_FILE, table_text(others))
    characters, character_counts = count_characters(vocabulary + others)
    write_text(folder / CHARACTERS_FILE, table_text(zip(characters, character_counts, strict=True)))
    for sentence in segmenter_notes(config.segmenter, characters, character_counts):
        note(sentence)

    final = np.full(len(words), -1, dtype=np.int32)
    kept = order if config.keep_unknown else order[:size]
    final[kept] = np.arange(len(kept), dtype=np.int32) + _OFFSET
    targets = np.array([False] * _OFFSET + [is_target(words[form]) for form in kept])
    splits: dict[str, SplitCounts] = {}
    nonempty = []
    for name, lengths in zip(SPLITS, first.lengths, strict=True):
        splits[name], texts = _second_pass(folder, name, lengths, final, targets, size)
        nonempty.append(texts)
    problem = first.labels.problem
    labels = [] if problem else first.labels.write(folder, nonempty)
    disputed = 0 if problem else len(first.disputed) + first.labels.disputed(first.hashes)
    codes = _write_codes(folder, [word for word, _ in vocabulary], config, report) if config.code_bits else None
    sizes = {"splits": splits, "words": size, "other_words": len(others), "codes": codes}
    return {**sizes, "labels": labels, "label_problem": problem, "disputed_texts": disputed}


def _counts(file: Path, forms: int) -> NDArray[np.int64]:
    """Occurrences of each surface form in a provisional file."""
    counts = np.zeros(forms, dtype=np.int64)
    for block in _blocks(file):
        counts += np.bincount(block, minlength=forms)
    return counts


def _blocks(file: Path) -> Iterator[NDArray[np.int32]]:
    ids = np.memmap(file, dtype=np.int32, mode="r")
    for start in range(0, len(ids), _BLOCK):
        yield ids[start : start + _BLOCK]


def _by_rank(words: list[str], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Forms by falling count, then by code points, so that the order of the texts changes nothing."""
    alphabetical = sorted(range(len(words)), key=words.__getitem__)
    order = np.array(alphabetical, dtype=np.int64)
    return order[np.argsort(-counts[order], kind="stable")]


def _vocabulary_size(ranked: NDArray[np.int64], config: PrepareConfig) -> int:
    size = int((ranked >= config.minimum_count).sum())
    return min(size, config.maximum_vocabulary) if config.maximum_vocabulary else size


def _second_pass(
    folder: Path,
    name: str,
    lengths: array[int],
    final: NDArray[np.int32],
    targets: NDArray[np.bool_],
    vocabulary: int,
) -> tuple[SplitCounts, NDArray[np.bool_]]:
    """Rewrites one split with final ids, <BEG> and <EOF>; words without an id and then empty texts are left out.

    Returns which texts were kept.
    """
    provisional = folder / f"{name}.provisional"
    # A text is written as its words, so that only the text in hand is in memory.
    source = np.memmap(provisional, dtype=np.int32, mode="r")
    offsets = array("q", [0])
    kept = np.zeros(len(lengths), dtype=np.bool_)
    tokens = known = wanted = start = 0
    raw = folder / f"{name}.raw"
    with raw.open("wb") as out:
        for number, length in enumerate(lengths):
            ids = final[source[start : start + length]]
            start += length
            ids = ids[ids >= 0]
            if not len(ids):
                continue
            kept[number] = True
            is_wanted = targets[ids]
            wanted += int(is_wanted.sum())
            known += int((is_wanted & (ids < vocabulary + _OFFSET)).sum())
            tokens += len(ids)
            np.concatenate([[BEGIN], ids, [END]], dtype=np.int32).tofile(out)
            offsets.append(offsets[-1] + len(ids) + 2)
    del source
    provisional.unlink()
    _save_array(raw, folder / f"{name}.tokens.npy")
    np.save(folder / f"{name}.offsets.npy", np.frombuffer(offsets, dtype=np.int64))
    return SplitCounts(texts=len(offsets) - 1, tokens=tokens, targets=wanted, known_targets=known), kept


def _save_array(raw: Path, file: Path) -> None:
    """Moves raw int32 numbers into a ``.npy`` file, block by block (through a map, a full disk would kill)."""
    length = raw.stat().st_size // 4
    with file.open("wb") as out:
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.int32)), "fortran_order": False, "shape": (length,)}
        np.lib.format.write_array_header_1_0(out, header)
        for block in _blocks(raw) if length else ():
            out.write(block.tobytes())
    raw.unlink()


def _write_codes(folder: Path, words: list[str], config: PrepareConfig, report: Report) -> CodeReport:
    report("word vectors", 0)
    texts = _TrainingTexts(folder, words)
    vectors = word_vectors(texts, words, config.code_bits, config.seed)
    codes, code_report = unique_codes(vectors)
    save_file(
        {"codes": with_special_rows(codes), "vectors": with_special_rows(vectors)},
        folder / CODES_FILE,
        metadata={"made by": "word2vec on the training split"},
    )
    return code_report


class _TrainingTexts:
    """The training split as lists of vocabulary words; it can be read again (gensim does, once an epoch)."""

    def __init__(self, folder: Path, words: list[str]) -> None:
        self._tokens = np.load(folder / f"{SPLITS[0]}.tokens.npy", mmap_mode="r")
        self._offsets = np.load(folder / f"{SPLITS[0]}.offsets.npy")
        self._words = words

    def __iter__(self) -> Iterator[list[str]]:
        last = len(self._words) + _OFFSET
        for start, stop in zip(self._offsets[:-1].tolist(), self._offsets[1:].tolist(), strict=True):
            ids = self._tokens[start + 1 : stop - 1].tolist()
            yield [self._words[number - _OFFSET] for number in ids if number < last]


def _seal(
    folder: Path, config: PrepareConfig, sources: list[SourceFile], first: _FirstPass, fields: dict[str, object]
) -> None:
    duplicates = first.repeated + sum(map(len, first.hashes)) - _different(first.hashes)
    content = {
        "tiankong": VERSION,
        "config": dataclasses.asdict(config),
        "sources": [dataclasses.asdict(source) for source in sources],
        "empty_texts": first.empty,
        "duplicate_texts": duplicates,
        **{name: _plain(value) for name, value in fields.items()},
    }
    PREPARED.seal(folder, content)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def _user_words(config: PrepareConfig) -> list[str]:
    """Lines of the user dictionary, ``word [frequency [tag]]``, each word once and normalised as texts are."""
    path = config.user_dict
    if not path:
        return []
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"the user dictionary {path} can't be read as UTF-8 text: {reason(error)}") from None
    words = [line.strip() for line in lines if line.strip()]
    repeated = [word for word, count in Counter(line.split()[0] for line in words).items() if count > 1]
    if repeated:
        raise OptionError(f"the user dictionary {path} has {repeated[0]} twice: keep one of the lines")
    lines_by_word: dict[str, str] = {}
    for word, *rest in map(str.split, words):
        if rest and rest[0].isdecimal() and len(rest[0]) > _FREQUENCY_DIGITS:
            raise OptionError(f"the frequency of {word} in the user dictionary {path} is too large: lower it")
        normalised = normalise(word, config.normalisation)
        if len(normalised.split()) != 1:
            raise OptionError(f"{word!r} in the user dictionary {path} is no word once it is normalised: leave it out")
        # Words that differ as typed may be one word of the text, as VIP and vip: the first counts.
        lines_by_word.setdefault(normalised, " ".join([normalised, *rest]))
    return list(lines_by_word.values())
