"""Blanks on the page: escaped ones, those of another form, and what it says of one without an answer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

import tiankong
from tests.serve.browser import SENTENCE, chips, open_page
from tests.serve.conftest import serving

ESCAPED = r"(*^\_\_^*) 😀 味道__，下次还会__，T\_\_T"


@pytest.fixture(scope="module")
def model():
    return tiankong.load("reviews-zh")


@pytest.fixture(scope="module")
def english(spaced_model_folder):
    with serving("--model", spaced_model_folder, "--threads", 1, "--quiet") as running:
        yield running.url


def open_options(page):
    page.locator("#constraints summary").click()


def test_an_escape_stays_when_a_word_is_put_in(page, url, model):
    open_page(page, url, ESCAPED)
    lists = model.fill(ESCAPED)
    assert chips(page, 1) == [answer["token_str"] for answer in lists[0]]
    expect(page.locator("#words .blank")).to_have_count(2)
    expect(page.locator("#words")).to_contain_text(r"\_\_")
    page.locator(".answers").nth(2).locator(".chip").first.click()
    second = lists[1][0]["token_str"]
    expect(page.locator("#text")).to_have_value(rf"(*^\_\_^*) 😀 味道__，下次还会{second}，T\_\_T")
    expect(page.locator(".answers")).to_have_count(1)  # the answers for the new text are there
    first = chips(page)[0]
    page.locator(".chip").first.click()
    expect(page.locator("#text")).to_have_value(rf"(*^\_\_^*) 😀 味道{first}，下次还会{second}，T\_\_T")
    expect(page.locator("#words .blank")).to_have_count(0)


def test_an_escape_stays_when_all_blanks_are_filled(page, url, model):
    open_page(page, url, ESCAPED)
    chips(page)
    page.reload()
    expect(page.locator("#text")).to_have_value(ESCAPED)
    words = model.joint(ESCAPED)[0]["token_strs"]
    expect(page.locator(".together .chip .word").first).to_have_text(" … ".join(words))
    page.locator(".together .chip").first.click()
    expect(page.locator("#text")).to_have_value(r"(*^\_\_^*) 😀 味道{}，下次还会{}，T\_\_T".format(*words))
    expect(page.locator("#words .blank")).to_have_count(0)


def test_backslashes_that_escape_nothing_stay(page, url):
    open_page(page, url, r"¯\_(ツ)_/¯ \\ 物流__，很快")
    word = chips(page)[0]
    page.locator(".chip").first.click()
    expect(page.locator("#text")).to_have_value(rf"¯\_(ツ)_/¯ \\ 物流{word}，很快")
    # A blank right behind a backslash would be text.
    open_page(page, url, r"客服\物流很快")
    page.get_by_label("Blank the word 物流").click()
    expect(page.locator("#text")).to_have_value(r"客服\ __很快")
    expect(page.locator("#words .blank")).to_have_count(1)


@pytest.mark.parametrize(
    ("blank", "sentence"),
    [
        ("（　　）", "T__T 外套做工（ ），穿着很暖和"),
        ("<mask>", "T__T 外套做工<mask>，穿着很暖和"),
        ("____", "T__T 外套做工_____，穿着很暖和"),
    ],
)
def test_another_blank(page, url, model, blank, sentence):
    open_page(page, url, sentence)
    open_options(page)
    page.get_by_label("a blank is written").fill(blank)
    expect(page.locator("#words .blank")).to_have_count(1)
    expected = model.fill(sentence, blank=blank)
    expect(page.locator(".chip .word")).to_have_text([answer["token_str"] for answer in expected])
    explained = model.explain(sentence, blank_text=blank)
    expect(page.locator("#diagram .meeting strong")).to_have_text(explained["token_str"])
    # The link keeps it; a word that is blanked becomes such a blank; an answer leaves __ alone.
    page.reload()
    expect(page.locator("input[name=blank_text]")).to_have_value(blank)
    chips(page)
    page.get_by_label("Blank the word 暖和").click()
    expect(page.locator("#text")).to_have_value(sentence.replace("暖和", blank))
    page.locator("#undo").click()
    expect(page.locator(".chip .word").first).to_have_text(expected[0]["token_str"])
    page.locator(".chip").first.click()
    expect(page.locator("#text")).to_have_value(expected[0]["sequence"])
    expect(page.locator("#words .blank")).to_have_count(0)


def test_a_blank_of_another_kind_is_explained(page, url):
    open_page(page, url, "外套做工<mask>，穿着很暖和")
    expect(page.locator("#answers")).to_contain_text("say so under “Constraints and options”")
    open_page(page, url, "外套做工<mask>，穿着很暖和", language="zh")
    expect(page.locator("#answers")).to_contain_text("请在“约束与选项”里填写")
    open_page(page, url, SENTENCE, blank_text="好")
    expect(page.locator("#error")).to_contain_text("part of ordinary text")


def test_letters_beside_a_blank_without_an_answer(page, english, spaced_model_folder):
    sentence = "the zzz__qq is cheap but the __ isn't cheap"
    open_page(page, english, sentence)
    reason = page.locator(".answers").nth(1).locator(".hint")
    expect(reason).to_contain_text("No word of the form zzz…qq is known: the letters beside the blank count as part")
    expect(reason).to_contain_text("“letters beside a blank”")
    expect(page.locator("#status")).to_contain_text("zzz…qq")
    assert chips(page, 2)
    open_options(page)
    page.get_by_label("letters beside a blank").select_option("a word of their own")
    lists = tiankong.load(spaced_model_folder, threads=1).fill(sentence, part_of_word=False)
    expect(page.locator(".answers").nth(1).locator(".chip .word")).to_have_text(
        [answer["token_str"] for answer in lists[0]]
    )
    expect(page.locator("#diagram .meeting strong")).to_have_text(lists[0][0]["token_str"])
    expect(page.locator("#constraints-set")).to_have_text("(1 set)")
    page.reload()
    expect(page.locator("select[name=part_of_word]")).to_have_value("false")
    open_options(page)
    page.locator("#clear").click()
    expect(reason).to_contain_text("zzz…qq")
    page.locator("#language").click()
    expect(reason).to_contain_text("词表中没有形如 zzz…qq 的词")
    expect(reason).to_contain_text("“紧挨空位的字母”设为“单独成词”")


def test_constraints_that_no_word_meets_are_not_blamed_on_letters(page, english):
    open_page(page, english, "the k__ is cheap", starts_with="zzz")
    expect(page.locator("#answers .hint")).to_have_text("No word in the vocabulary meets these constraints.")
    open_page(page, english, "the __ is cheap", starts_with="zzz")
    expect(page.locator("#answers .hint")).to_have_text("No word in the vocabulary meets these constraints.")


def test_letters_that_words_have_are_not_blamed_for_constraints(page, url):
    open_page(page, url, "质量不__", part_of_word="true", starts_with="好")
    expect(page.locator("#answers .hint")).to_contain_text("No word of the form 不… meets these constraints")
    open_page(page, url, "质量不__", part_of_word="true")
    expect(page.locator("#answers .hint")).to_have_count(0)


def test_chinese_words_begun_on_demand(page, url, model):
    open_page(page, url, "质量不__", part_of_word="true")
    expected = model.fill("质量不__", part_of_word=True)
    expect(page.locator(".chip .word")).to_have_text([answer["token_str"] for answer in expected])
    open_page(page, url, "龘龘__好", part_of_word="true")
    expect(page.locator("#answers .hint")).to_contain_text(re.compile("form 龘+… is known"))
