"""Corpora that are read in blocks: every text once a pass, in constant memory, mixed by weight, and the same again."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiankong.config import TrainingConfig
from tiankong.corpus.blocks import Blocks, Renumbering, each_text, read_texts
from tiankong.errors import FolderError
from tiankong.training.batches import ByLength, Items, Streamed
from tiankong.training.sampling import choice
from tiankong.training.stream import Capacity, TextStream

OWN = 10_000
"""Ids of the texts below are numbers from here on, so that every token is of one text."""


class Shards:
    """The shards of a split on disk, as of a prepared corpus; text ``n`` consists of tokens ``OWN + n``."""

    def __init__(self, folder, lengths, shards=1):
        self.lengths = lengths
        self.manifest = SimpleNamespace(splits={"train": SimpleNamespace(texts=len(lengths))})
        self._files = []
        folder.mkdir(exist_ok=True)
        for number, texts in enumerate(np.array_split(np.arange(len(lengths)), shards)):
            tokens = [np.full(lengths[text] + 2, OWN + text, dtype=np.int32) for text in texts]
            files = folder / f"{number}.tokens.npy", folder / f"{number}.offsets.npy"
            np.save(files[0], np.concatenate([np.zeros(0, dtype=np.int32), *tokens]))
            np.save(files[1], np.cumsum([0, *map(len, tokens)], dtype=np.int64))
            self._files.append(files)

    def shard_files(self, _):
        return self._files

    def translated(self, tokens):
        return tokens


class Whole(Items):
    """Texts whose batches are their numbers."""

    def __init__(self, texts):
        self._texts = texts
        self.lengths = texts.lengths

    def batch(self, chosen):
        for place in chosen.tolist():
            number = int(self._texts.numbers[place])
            assert (self._texts[place] % 100_000 == OWN + number).all()
        return self._texts.numbers[chosen].tolist()


lengths = st.lists(st.integers(1, 40), min_size=1, max_size=60)


@settings(max_examples=25)
@given(lengths=lengths, shards=st.integers(1, 4), size=st.integers(1, 200), data=st.data())
def test_blocks_hold_every_text_once_and_in_order(tmp_path_factory, lengths, shards, size, data):
    corpus = Shards(tmp_path_factory.mktemp("shards"), lengths, shards)
    blocks = Blocks(corpus, "train", size=size)
    read = [blocks.read(number) for number in range(len(blocks))]
    assert [number for block in read for number in block.numbers.tolist()] == list(range(len(lengths)))
    assert [length for block in read for length in block.lengths.tolist()] == lengths
    for block in read:
        for place, number in enumerate(block.numbers.tolist()):
            assert (block[place] == OWN + number).all()
        # As large as asked for, but for its last text.
        assert not len(block) or int(block.offsets[-2]) < size
    chosen = np.array(sorted(data.draw(st.sets(st.integers(0, len(lengths) - 1)))), dtype=np.int64)
    some = Blocks(corpus, "train", chosen=chosen, size=size)
    assert [number for block in some for number in block.numbers.tolist()] == chosen.tolist()
    for texts in (len(lengths), 10**6):  # of very many texts, each is read on its own
        corpus.manifest.splits["train"].texts = texts
        direct = read_texts(corpus, "train", chosen)
        assert direct.numbers.tolist() == chosen.tolist()
        assert [int(direct[place][0]) for place in range(len(chosen))] == (OWN + chosen).tolist()
    assert [text.tolist() for text in each_text(corpus, "train", chosen)] == [
        [OWN + number] * (lengths[number] + 2) for number in chosen.tolist()
    ]
    assert [len(text) - 2 for text in each_text(corpus, "train")] == lengths


def test_ids_beyond_the_vocabulary_are_those_of_the_mix(tmp_path):
    corpus = Shards(tmp_path, [1, 1, 1])
    moved = Blocks(corpus, "train", renumbering=Renumbering(OWN + 1, 500)).read(0)
    assert [int(moved[place][0]) for place in range(3)] == [OWN, OWN + 501, OWN + 502]


def streamed(splits, weights=(1.0,), tokens=None, *, seed=1, **config):
    """Batches of streams of these splits."""
    stream = TextStream(splits, weights, seed, Capacity(tokens=tokens or 300, items=40))
    all_tokens = sum(sum(len(block.tokens) - 2 * len(block) for block in split) for split in splits)
    settings = TrainingConfig(batch_tokens=64, window=32, seed=seed, **config)
    return Streamed(stream, Whole, settings, all_tokens)


@settings(max_examples=25)
@given(lengths=st.lists(st.integers(1, 30), min_size=30, max_size=200), shards=st.integers(1, 3))
def test_every_pass_holds_every_text_once_in_another_order(tmp_path_factory, lengths, shards):
    corpus = Shards(tmp_path_factory.mktemp("shards"), lengths, shards)
    batches = streamed([Blocks(corpus, "train", size=50)])
    seen = []
    epoch = 0
    while len(seen) < 2 * len(lengths) + 100:
        seen += [number for batch in batches.epoch(epoch) for number in batch]
        epoch += 1
    # A pass may end within a window, whose texts are shuffled: the texts at hand are those of whole passes and a rest.
    times = Counter(seen)
    assert max(times.values()) - min(times.values()) <= 2
    stream = TextStream([Blocks(corpus, "train", size=50)], [1.0], 1, Capacity(tokens=1, items=1))
    position, orders = stream.start, []
    for _ in range(2):
        numbers = []
        while len(numbers) < len(lengths):
            texts, position = stream.window(position)
            numbers += texts.numbers.tolist()
        assert sorted(numbers) == list(range(len(lengths)))
        orders.append(numbers)
    assert len(lengths) < 100 or orders[0] != orders[1]


@settings(max_examples=20)
@given(weights=st.tuples(st.floats(0.05, 20), st.floats(0.05, 20), st.floats(0.05, 20)))
def test_shares_of_the_tokens_are_those_of_the_weights(tmp_path_factory, weights):
    folder = tmp_path_factory.mktemp("mix")
    sizes = [[3] * 200, [20] * 40, [1, 30] * 25]
    splits = [Blocks(Shards(folder / str(number), lengths), "train", size=60) for number, lengths in enumerate(sizes)]
    stream = TextStream(splits, weights, 1, Capacity(tokens=2000, items=10_000))
    position, windows = stream.start, 0
    longest_block = 60 + 32
    while windows < 30:
        _, position = stream.window(position)
        windows += 1
        total = sum(position.taken)
        for taken, weight in zip(position.taken, weights, strict=True):
            share = weight / sum(weights)
            assert taken == pytest.approx(share * total, abs=2 * longest_block)


@settings(max_examples=20)
@given(seed=st.integers(0, 5), data=st.data())
def test_a_stream_goes_on_from_what_it_stated(tmp_path_factory, seed, data):
    folder = tmp_path_factory.mktemp("mix")
    corpora = [Shards(folder / "a", [5, 9, 2] * 20, 2), Shards(folder / "b", [12, 3] * 15)]

    def begun():
        return streamed([Blocks(corpus, "train", size=40) for corpus in corpora], (3.0, 1.0), seed=seed)

    whole = begun()
    length = len(whole)
    expected = [list(whole.epoch(epoch)) for epoch in range(3)]
    assert [len(batches) for batches in expected] == [length] * 3
    epoch, first = data.draw(st.integers(0, 2)), data.draw(st.integers(0, length - 1))
    stopped = begun()
    for number in range(epoch + 1):
        reading = stopped.epoch(number)
        for _ in range(first if number == epoch else length):
            next(reading)
    resumed = begun()
    assert len(resumed) == length
    resumed.restore(stopped.state())
    assert list(resumed.epoch(epoch, first)) == expected[epoch][first:]
    for later in range(epoch + 1, 3):
        assert list(resumed.epoch(later)) == expected[later]


def test_another_seed_is_another_order(tmp_path):
    corpus = Shards(tmp_path, [4, 7] * 40)
    orders = [list(streamed([Blocks(corpus, "train", size=40)], seed=seed).epoch(0)) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


@settings(max_examples=25)
@given(lengths=lengths)
def test_what_fits_in_memory_comes_once_an_epoch(tmp_path_factory, lengths):
    texts = read_texts(Shards(tmp_path_factory.mktemp("small"), lengths), "train")
    batches = ByLength(Whole(texts), TrainingConfig(batch_tokens=64, window=32))
    for epoch in range(2):
        read = list(batches.epoch(epoch))
        assert len(read) == len(batches)
        assert sorted(number for batch in read for number in batch) == list(range(len(lengths)))
        assert list(batches.epoch(epoch, 1)) == read[1:]


def test_nothing_is_read_before_the_first_batch_but_one_window(tmp_path, monkeypatch):
    corpus = Shards(tmp_path, [4, 7] * 2000, shards=3)
    read, plain = [], Blocks.read

    def noted(blocks, number):
        read.append(number)
        return plain(blocks, number)

    monkeypatch.setattr(Blocks, "read", noted)
    blocks = Blocks(corpus, "train", size=40)
    stream = TextStream([blocks], [1.0], 1, Capacity(tokens=300, items=40))
    next(Streamed(stream, Whole, TrainingConfig(batch_tokens=64, window=32), sum(corpus.lengths)).epoch(0))
    # A window has 300 tokens here, and a block 40 and what its last text has more.
    assert len(read) <= 300 / 40 + 1
    assert len(blocks) > 20 * len(read)


def test_a_window_is_freed_before_the_next_is_read(tmp_path):
    corpus = Shards(tmp_path, [4, 7] * 40)
    batches = streamed([Blocks(corpus, "train", size=40)])
    plain, held = batches._stream.window, []

    def watched(position):
        held.append(batches._window is not None)
        return plain(position)

    batches._stream.window = watched
    for _ in batches.epoch(0):
        pass
    assert held
    assert not any(held)


def test_a_shard_that_is_removed_or_cut_short_meanwhile_is_named(tmp_path):
    corpus = Shards(tmp_path, [4] * 30, shards=2)
    blocks = Blocks(corpus, "train", size=40)
    file = tmp_path / "1.tokens.npy"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(FolderError, match=r"1\.tokens\.npy was removed or changed while it was read"):
        list(blocks)
    file.unlink()
    with pytest.raises(FolderError, match=r"1\.tokens\.npy was removed or changed while it was read"):
        list(blocks)


@settings(max_examples=40)
@given(size=st.integers(1, 3000), wanted=st.integers(0, 400), seed=st.integers(0, 3))
def test_a_choice_has_so_many_different_texts(size, wanted, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tiankong.training.sampling._AT_ONCE", 128)
        chosen = choice(np.random.default_rng(seed), size, wanted)
    if chosen is None:
        assert size > 128
        assert not wanted or wanted >= size
        return
    expected = min(wanted or size, size)
    assert len(set(chosen.tolist())) == len(chosen) == expected
    assert chosen.tolist() == sorted(chosen.tolist())
    assert 0 <= chosen[0] <= chosen[-1] < size


def test_a_choice_of_many_is_even():
    counts = np.zeros(1000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tiankong.training.sampling._AT_ONCE", 64)
        for seed in range(400):
            counts[choice(np.random.default_rng(seed), 1000, 100)] += 1
    assert counts.sum() == 400 * 100
    # Each text is chosen 40 times on average, with a standard deviation of 6.
    assert counts.min() > 10
    assert counts.max() < 75
    assert counts[:500].mean() == pytest.approx(40, abs=1)
