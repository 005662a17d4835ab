"""Prepare says whose words a segmenter does not find, and which one does."""

from __future__ import annotations

import pytest

import tiankong
from tiankong.cli.main import run

TEXTS = {
    "thai": "ฉันชอบเสื้อตัวนี้มากและจะซื้ออีก",
    "lao": "ຂ້ອຍຮັກພາສາລາວຫຼາຍທີ່ສຸດ",
    "khmer": "ខ្ញុំស្រលាញ់ភាសាខ្មែរណាស់",
    "burmese": "ကျွန်တော်မြန်မာစကားပြောတယ်",
    "japanese": "このかばんはとてもきれいで、カメラもはいります",
    "korean": "이 가방은 정말 예쁘고 튼튼해요",
    "russian": "эта сумка очень красивая и прочная",
    "hindi": "यह थैला सचमुच बहुत सुंदर और मज़बूत है",
    "tamil": "இந்தப் பை மிகவும் அழகாக இருக்கிறது",
    "english": "this bag is really nice and strong",
    "chinese": "这个包很好看，质量也不错",
}


def notes(name: str, folder, segmenter: str, beside: str = "") -> list[str]:
    texts = [f"{beside}{TEXTS[name]} {number}" for number in range(40)]
    steps = []
    settings = {"minimum_count": 1, "code_bits": 0, "segmenter": segmenter}
    corpus = tiankong.prepare(texts, folder, progress=steps.append, **settings)
    assert corpus.manifest.config.segmenter == segmenter
    return [step.message for step in steps if step.message]


@pytest.mark.parametrize(
    ("name", "segmenter", "script", "way_out"),
    [
        ("thai", "unicode", "Thai", "segmenter=icu` (pip install 'tiankong[icu]')"),
        ("lao", "unicode", "Lao", "segmenter=icu`"),
        ("khmer", "whitespace", "Khmer", "segmenter=icu`"),
        ("burmese", "rjieba", "Burmese", "segmenter=icu`"),
        ("japanese", "unicode", "Hiragana and Katakana", "segmenter=icu`"),
        ("japanese", "rjieba", "Hiragana and Katakana", "segmenter=icu`"),
        ("korean", "rjieba", "Korean", "segmenter=whitespace`"),
        ("russian", "rjieba", "Cyrillic", "segmenter=whitespace`"),
        ("hindi", "rjieba", "Devanagari", "segmenter=unicode`"),
        ("hindi", "whitespace", "Devanagari", "segmenter=unicode`"),
        ("tamil", "rjieba", "Tamil", "segmenter=unicode`"),
        ("chinese", "unicode", "Chinese", "segmenter=rjieba`"),
    ],
)
def test_words_that_are_not_found(tmp_path, name, segmenter, script, way_out):
    [note] = notes(name, tmp_path / "out", segmenter)
    assert f"of the letters are {script}, whose words `segmenter={segmenter}` does not find: prepare again with" in note
    assert way_out in note


@pytest.mark.parametrize(
    ("name", "segmenter"),
    [
        ("english", "unicode"),
        ("english", "rjieba"),
        ("english", "whitespace"),
        ("korean", "unicode"),
        ("hindi", "unicode"),
        ("tamil", "unicode"),
        ("russian", "whitespace"),
        ("chinese", "rjieba"),
        *((name, "icu") for name in TEXTS),
    ],
)
def test_words_that_are_found(tmp_path, name, segmenter):
    assert notes(name, tmp_path / "out", segmenter) == []


def test_a_few_letters_are_not_worth_a_word(tmp_path):
    assert notes("english", tmp_path / "out", "unicode", "の") == []


def test_icu_finds_words(tmp_path):
    notes("thai", tmp_path / "icu", "icu")
    notes("thai", tmp_path / "unicode", "unicode")
    found, broken = (tiankong.PreparedCorpus(tmp_path / name).vocabulary.words for name in ("icu", "unicode"))
    assert {"เสื้อ", "ชอบ", "มาก"} <= set(found)
    assert not {"เสื้อ", "ชอบ", "มาก"} & set(broken)


def test_the_command_line_names_its_option(tmp_path, capfd):
    (tmp_path / "a.txt").write_text("\n".join(f"{TEXTS['thai']} {n}" for n in range(40)), encoding="utf-8")
    options = ["-o", str(tmp_path / "out"), "--segmenter", "unicode", "--minimum-count", "1", "--code-bits", "0"]
    assert run(["prepare", str(tmp_path / "a.txt"), *options]) == 0
    err = capfd.readouterr().err
    assert "Thai, whose words --segmenter unicode does not find: prepare again with --segmenter icu (pip install" in err
