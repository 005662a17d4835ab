"""Words that the vocabulary takes however rare they are."""

from __future__ import annotations

import pytest

import tiankong
from tests.conftest import succeed
from tiankong.cli.main import run

TEXTS = [
    f"第{number}天{text}"
    for number in range(20)
    for text in ("天空很蓝", "大海很蓝", "草地很绿", "大海很深", "画蛇添足不好", "雪中送炭很好", "给客户看VIP卡")
]
LARGEST = 4


def words_of(folder, file="vocabulary.tsv"):
    return [line.split("\t")[0] for line in (folder / file).read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def plain(tmp_path):
    return tiankong.prepare(TEXTS, tmp_path / "plain", maximum_vocabulary=LARGEST)


def test_they_stand_behind_the_frequent_words_and_nothing_else_changes(plain, tmp_path):
    frequent, others = words_of(plain.path), words_of(plain.path, "other_words.tsv")
    assert {"画蛇添足", "雪中送炭", "vip"} <= set(others)
    keep = tmp_path / "keep.txt"
    keep.write_text(f"雪中送炭\n\n画蛇添足\nVIP\n不在这里\n{frequent[0]}\n", encoding="utf-8")
    kept = tiankong.prepare(TEXTS, tmp_path / "kept", maximum_vocabulary=LARGEST, keep_words=str(keep))
    ranked = [word for word in others if word in {"雪中送炭", "画蛇添足", "vip"}]
    assert words_of(kept.path) == [*frequent, *ranked]
    assert words_of(kept.path, "other_words.tsv") == [word for word in others if word not in ranked]
    for split in ("train", "validation", "test"):
        for text, same in zip(plain.split(split), kept.split(split), strict=True):
            assert [plain.form(number) for number in text.tolist()] == [kept.form(number) for number in same.tolist()]
    again = tiankong.prepare(TEXTS[:70], tmp_path / "again", vocabulary_of=kept)
    assert words_of(again.path) == words_of(kept.path)


def test_a_rare_word_that_is_kept_can_be_the_answer(tmp_path):
    (tmp_path / "keep.txt").write_text("雪中送炭\n", encoding="gb18030")
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    prepare = ["prepare", tmp_path / "texts.txt", "-o", tmp_path / "prepared", "--maximum-vocabulary", 6]
    succeed(*prepare, "--keep-words", tmp_path / "keep.txt", "--quiet")
    assert "雪中送炭" in words_of(tmp_path / "prepared")


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), ("\n \n", "holds no word"), ("天空 大海\n", "line 1 of the list of words to keep")],
)
def test_a_list_that_can_not_be_used_is_refused(tmp_path, capsys, content, message):
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    if content is not None:
        (tmp_path / "keep.txt").write_text(content, encoding="utf-8")
    prepare = ["prepare", str(tmp_path / "texts.txt"), "-o", str(tmp_path / "prepared")]
    assert run([*prepare, "--keep-words", str(tmp_path / "keep.txt")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "prepared").exists()


def test_with_a_given_vocabulary_there_is_nothing_to_keep(plain, tmp_path):
    with pytest.raises(tiankong.OptionError, match="`keep_words` does nothing with `vocabulary_of`"):
        tiankong.prepare(TEXTS, tmp_path / "other", vocabulary_of=plain, keep_words="keep.txt")
