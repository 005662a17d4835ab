"""From text files to a prepared corpus, through the public function."""

from __future__ import annotations

import dataclasses
import html
import itertools
import random
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiankong.config import PrepareConfig, load_preset
from tiankong.corpus.codes import unique_codes
from tiankong.corpus.prepare import prepare
from tiankong.corpus.prepared import PreparedCorpus
from tiankong.corpus.sources import Files
from tiankong.corpus.splits import DEFAULT_SPLIT, SPLITS, split_of, text_hash
from tiankong.errors import FolderError, OptionError
from tiankong.text.vocabulary import BEGIN, END, SPECIAL_TOKENS

THINGS = ["外套", "手机", "台灯", "水杯", "耳机", "键盘", "雨伞", "书包"]
PARTS = ["做工", "颜色", "手感", "包装", "价格", "质量"]
WORDS = ["不错", "很好", "一般", "很差", "满意", "漂亮", "粗糙"]


def reviews(count: int, seed: int = 0) -> list[str]:
    generator = random.Random(seed)
    return [
        f"{generator.choice(THINGS)}的{generator.choice(PARTS)}{generator.choice(WORDS)}，"
        f"{generator.choice(PARTS)}也{generator.choice(WORDS)}。用了{generator.randint(1, 400)}天"
        for _ in range(count)
    ]


@pytest.fixture
def make(tmp_path):
    def run(texts, name="prepared", **options):
        file = tmp_path / f"{name}.txt"
        file.write_text("\n".join(texts) + "\n", encoding="utf-8")
        config = PrepareConfig(**{"minimum_count": 2, "code_bits": 50, **options})
        return prepare(Files([file]), tmp_path / name, config)

    return run


def texts_of(corpus: PreparedCorpus, name: str) -> list[list[str]]:
    forms = corpus.vocabulary.words + corpus.other_words
    return [[forms[number] for number in ids[1:-1]] for ids in corpus.split(name)]


def test_every_text_stands_in_one_split_with_all_its_tokens(make):
    corpus = make(reviews(300))
    found = ["".join(tokens) for name in SPLITS for tokens in texts_of(corpus, name)]
    assert sorted(found) == sorted(text.replace("，", ",") for text in reviews(300))
    for name in SPLITS:
        for ids in corpus.split(name):
            assert ids[0] == BEGIN
            assert ids[-1] == END


@pytest.mark.parametrize(("suffix", "row", "empty"), [("csv", "text\n{}", 3), ("txt", "{}", 0)])
def test_rows_without_a_text_are_counted_and_blank_lines_are_none(tmp_path, suffix, row, empty):
    file = tmp_path / f"a.{suffix}"
    blank = ['""', '" "', '"\t"'] if suffix == "csv" else ["", " ", "\t"]
    file.write_text(row.format("\n".join([*reviews(60), *blank])), encoding="utf-8")
    corpus = prepare(Files([file]), tmp_path / "prepared", PrepareConfig(minimum_count=2, code_bits=50))
    assert corpus.manifest.empty_texts == empty


def test_labelled_lines_without_a_text_are_counted(tmp_path):
    file = tmp_path / "a.txt"
    lines = [f"{text},,{number % 2}" for number, text in enumerate(reviews(60))]
    file.write_text("\n".join([*lines, ",,0", " ,,1", ""]), encoding="utf-8")
    corpus = prepare(Files([file]), tmp_path / "prepared", PrepareConfig(minimum_count=2, code_bits=50))
    assert corpus.manifest.empty_texts == 2


def test_copies_never_fall_into_two_splits(make):
    texts = reviews(200)
    copies = [text.replace("，", ",").replace("。", "！！") for text in texts]
    corpus = make(texts + copies)
    seen = {}
    for name in SPLITS:
        for tokens in texts_of(corpus, name):
            key = "".join(token for token in tokens if token.isalnum())
            assert seen.setdefault(key, name) == name
    assert corpus.manifest.duplicate_texts >= 200


def test_the_split_survives_added_data(make):
    before, after = make(reviews(200), "before"), make(reviews(200) + reviews(300, seed=9), "after")
    for name in SPLITS:
        assert {*map(tuple, texts_of(before, name))} <= {*map(tuple, texts_of(after, name))}


@given(st.lists(st.floats(0.5, 100), min_size=3, max_size=3))
def test_split_shares_are_kept(shares):
    counts = np.bincount([split_of(text_hash(f"第{n}条", 1), shares) for n in range(3000)], minlength=3)
    np.testing.assert_allclose(counts / 3000, np.array(shares) / sum(shares), atol=0.05)


def test_vocabulary_and_vectors_come_from_the_training_split_only(make):
    texts = reviews(300)
    first = make(texts, "first")
    config = PrepareConfig(split=DEFAULT_SPLIT)
    outside = [text for text in texts if split_of(text_hash(text, config.seed), config.split) != 0]
    changed = []
    for number, text in enumerate(texts):
        other = text
        if text in outside:
            tries = (f"秘密词{number}号不错{again}" for again in itertools.count())
            other = next(new for new in tries if split_of(text_hash(new, config.seed), config.split) != 0)
        changed.append(other)
    second = make(changed, "second")
    assert second.vocabulary.words == first.vocabulary.words
    np.testing.assert_array_equal(second.vocabulary.counts, first.vocabulary.counts)
    np.testing.assert_array_equal(second.codes, first.codes)


def test_the_tutorial_drops_what_the_tutorial_drops(make):
    preset = load_preset("tutorial").prepare
    corpus = make(
        [text + " OK XL！" for text in reviews(300)],
        **{**dataclasses.asdict(preset), "minimum_count": 5, "code_bits": 50},
    )
    words = corpus.vocabulary.words[len(SPECIAL_TOKENS) :]
    assert words
    assert not [word for word in words if word.isascii() or word in "，。！"]
    assert min(corpus.vocabulary.counts[len(SPECIAL_TOKENS) :]) >= 5
    assert corpus.other_words == []


def test_same_seed_same_corpus_another_seed_another_split(make):
    texts = reviews(200)
    first, second, third = make(texts, "a"), make(texts, "b"), make(texts, "c", seed=2)
    for name in SPLITS:
        assert texts_of(first, name) == texts_of(second, name)
    np.testing.assert_array_equal(first.codes, second.codes)
    assert texts_of(first, "test") != texts_of(third, "test")


def test_tokens_are_memory_mapped(make):
    for shard in make(reviews(100)).split("train").shards:
        assert isinstance(shard.tokens.base, np.memmap)
        assert isinstance(shard.offsets.base, np.memmap)


def test_codes_can_be_left_out(make):
    corpus = make(reviews(100), code_bits=0)
    with pytest.raises(FolderError, match="without codes"):
        _ = corpus.codes


@given(st.integers(2, 60), st.integers(6, 10), st.integers(0, 1000))
def test_codes_are_unique_and_the_first_of_a_kind_keeps_its_signs(words, bits, seed):
    generator = np.random.default_rng(seed)
    vectors = generator.choice([-2.0, -1.0, 0.5, 3.0], (words, bits)).astype(np.float32)
    vectors[1] = vectors[0] * 0.5
    codes, report = unique_codes(vectors)
    assert len(np.unique(codes, axis=0)) == words
    assert report.collisions >= 1
    signs = (vectors > 0).astype(np.uint8)
    np.testing.assert_array_equal(codes[0], signs[0])
    assert (codes != signs).sum() == report.flipped_bits


def test_a_collision_flips_the_least_certain_bit():
    vectors = np.array([[1, -1, 1], [5, -0.1, 2]], dtype=np.float32)
    codes, report = unique_codes(vectors)
    assert codes.tolist() == [[1, 0, 1], [1, 1, 1]]
    assert (report.collisions, report.flipped_bits) == (1, 1)


@pytest.mark.parametrize("line", ["VIP卡号 10", "ＶＩＰ卡号", "vip卡号 5 n", "K歌王", "&amp;pro"])
def test_words_of_a_user_dictionary_are_normalised_as_texts_are(tmp_path, line):
    word = line.split()[0]
    (tmp_path / "words.txt").write_text(f"{line}\n", encoding="utf-8")
    (tmp_path / "texts.txt").write_text("\n".join(f"第{n}次用{word}，很方便" for n in range(60)), encoding="utf-8")
    config = PrepareConfig(user_dict=str(tmp_path / "words.txt"), minimum_count=1, code_bits=0)
    corpus = prepare(Files([tmp_path / "texts.txt"]), tmp_path / "prepared", config)
    assert unicodedata.normalize("NFKC", html.unescape(word)).lower() in corpus.vocabulary


def test_words_that_normalise_alike_are_one_and_the_first_counts(tmp_path):
    (tmp_path / "words.txt").write_text("VIP卡号 10 n\nvip卡号 20\n", encoding="utf-8")
    (tmp_path / "texts.txt").write_text("\n".join(f"第{n}次用VIP卡号" for n in range(60)), encoding="utf-8")
    config = PrepareConfig(user_dict=str(tmp_path / "words.txt"), minimum_count=1, code_bits=0)
    assert prepare(Files([tmp_path / "texts.txt"]), tmp_path / "prepared", config).user_words == ["vip卡号 10 n"]


def test_without_normalisation_words_of_a_user_dictionary_stay_as_typed(tmp_path):
    (tmp_path / "words.txt").write_text("VIP卡号\n", encoding="utf-8")
    (tmp_path / "texts.txt").write_text("\n".join(f"第{n}次用VIP卡号" for n in range(60)), encoding="utf-8")
    config = PrepareConfig(user_dict=str(tmp_path / "words.txt"), minimum_count=1, code_bits=0, normalisation="none")
    assert "VIP卡号" in prepare(Files([tmp_path / "texts.txt"]), tmp_path / "prepared", config).vocabulary


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16", "utf-32"])
def test_the_encoding_of_a_user_dictionary_is_detected(tmp_path, encoding):
    (tmp_path / "words.txt").write_text("神速达快递 10 n\n质量很好\n", encoding=encoding)
    (tmp_path / "texts.txt").write_text("\n".join(f"第{n}次用神速达快递" for n in range(60)), encoding="utf-8")
    config = PrepareConfig(user_dict=str(tmp_path / "words.txt"), minimum_count=1, code_bits=0)
    assert "神速达快递" in prepare(Files([tmp_path / "texts.txt"]), tmp_path / "prepared", config).vocabulary


@pytest.mark.parametrize(
    "line",
    [
        "Hello World",
        "神速达,5",
        "神速达，10",
        "神速达 -5",
        "神速达 5.5",
        "x y z",
        "# 人名地名",
        "神速达 5 n n",
        "神速达 ²",
    ],
)
def test_a_line_of_a_user_dictionary_that_would_do_nothing_is_named(tmp_path, line):
    (tmp_path / "words.txt").write_text(f"好用\n\n{line}\n", encoding="utf-8")
    (tmp_path / "texts.txt").write_text("很好用\n" * 60, encoding="utf-8")
    config = PrepareConfig(user_dict=str(tmp_path / "words.txt"), code_bits=0)
    with pytest.raises(OptionError, match=r"line 3 of the user dictionary .*words\.txt is "):
        prepare(Files([tmp_path / "texts.txt"]), tmp_path / "prepared", config)
    assert not (tmp_path / "prepared").exists()


@pytest.mark.parametrize("content", ["\n", "  \n\t\n"])
def test_an_empty_user_dictionary_is_refused(tmp_path, content):
    (tmp_path / "words.txt").write_text(content, encoding="utf-8")
    (tmp_path / "texts.txt").write_text("很好用\n" * 60, encoding="utf-8")
    config = PrepareConfig(user_dict=str(tmp_path / "words.txt"), code_bits=0)
    with pytest.raises(OptionError, match="holds no word"):
        prepare(Files([tmp_path / "texts.txt"]), tmp_path / "prepared", config)


def test_a_word_of_a_user_dictionary_that_is_nothing_is_named(tmp_path):
    (tmp_path / "words.txt").write_text("好用\n\u2060\n", encoding="utf-8")
    (tmp_path / "texts.txt").write_text("很好用\n" * 60, encoding="utf-8")
    config = PrepareConfig(user_dict=str(tmp_path / "words.txt"), code_bits=0)
    with pytest.raises(OptionError, match=r"in the user dictionary .* is no word once it is normalised"):
        prepare(Files([tmp_path / "texts.txt"]), tmp_path / "prepared", config)
