"""Which built-in model answers where none is named."""

from __future__ import annotations

import pytest

from tiankong.artifact.general_model import MOST_TEXTS, choose_general_model
from tiankong.config import DEFAULT_MODEL
from tiankong.registry.general_models import GENERAL_MODELS

pytestmark = pytest.mark.usefixtures("two_languages")

ANSWERS = "`model` names another"


@pytest.mark.parametrize(
    "text",
    [
        "中国的首都是__",
        "我用 Python 写了一个 web 服务，部署在 Kubernetes 的__上",
        "質量__，很失望",
        "The character 道 means __",
        "iPhone 15 Pro Max 拍照很__",
    ],
)
def test_a_text_with_chinese_characters_is_chinese(text):
    assert choose_general_model([text]) == ("zh", "")


@pytest.mark.parametrize(
    "text",
    [
        "The capital of France is __",
        "She poured the coffee into a __.",
        "ＴＨＥ ＣＡＦÉ ＩＳ __",
        "On 3 May 2021, at 10:45, we __ (again)!",
        "Ω is the last letter of the Greek __",
    ],
)
def test_a_text_of_latin_letters_is_english(text):
    assert choose_general_model([text]) == ("en", f"the text is in Latin letters: en answers; {ANSWERS}")


@pytest.mark.parametrize("text", ["__", "", "3.14 + __ = 4", "Москва — столица __", "서울은 한국의 __", "__！？😀"])
def test_other_texts_are_answered_by_the_default(text):
    assert choose_general_model([text]) == (DEFAULT_MODEL, "")


def test_most_of_the_first_texts_decide():
    english, chinese = ["the lamp is __"], ["灯很__"]
    assert choose_general_model(english * 3) == ("en", f"the first 3 texts are in Latin letters: en answers; {ANSWERS}")
    assert choose_general_model(chinese * 3) == ("zh", "")
    assert choose_general_model(["", *english * 3, *chinese]) == (
        "en",
        f"of the first 5 texts, 1 in Chinese characters and 3 in Latin letters: en answers all of them; {ANSWERS}",
    )
    name, note = choose_general_model([*english, *chinese])
    assert name == "zh"
    assert note.startswith("of the first 2 texts, 1 in Chinese characters and 1 in Latin letters: zh")
    texts = iter(english * MOST_TEXTS + chinese * 2 * MOST_TEXTS)
    assert choose_general_model(texts).name == "en"
    assert len(list(texts)) == 2 * MOST_TEXTS


def test_a_model_that_is_not_installed_is_passed_over(two_languages):
    (two_languages / "en").unlink()
    texts = iter(["the lamp is __"])
    assert choose_general_model(texts) == (DEFAULT_MODEL, "")
    assert list(texts), "nothing is read where there is nothing to choose"


def test_the_first_of_the_table_is_the_default():
    assert next(iter(GENERAL_MODELS)) == DEFAULT_MODEL == "zh"
