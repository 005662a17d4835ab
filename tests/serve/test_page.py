"""The page in a real browser, against a real server with the built-in model for reviews."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

import tiankong
from tests.serve.browser import SENTENCE, TWO, WRONG, chips, open_page
from tests.serve.conftest import serving


@pytest.fixture(scope="module")
def model():
    return tiankong.load("reviews-zh")


def test_answers_appear_as_you_type_and_a_click_puts_one_in(page, url, model):
    page.goto(url)
    page.locator("#text").fill("")
    page.locator("#text").press_sequentially(SENTENCE)
    expect(page.locator(".chip").first).to_have_attribute("aria-label", re.compile("insert"))
    expected = model.fill(SENTENCE)
    expect(page.locator(".chip .word")).to_have_text([answer["token_str"] for answer in expected])
    share = "bars => bars.map(bar => bar.clientWidth / bar.parentNode.clientWidth)"
    bars = page.locator(".chip .bar").evaluate_all(share)
    for width, answer in zip(bars, expected, strict=True):
        assert width == pytest.approx(answer["score"], abs=0.03)
    page.locator(".chip").nth(1).click()
    expect(page.locator("#text")).to_have_value(expected[1]["sequence"])
    page.locator("#undo").click()
    expect(page.locator("#text")).to_have_value(SENTENCE)


def test_a_click_on_a_word_blanks_it(page, url, model):
    open_page(page, url, "外套做工不错，穿着很暖和")
    expect(page.locator("#answers")).to_contain_text("No blank yet")
    words = [word for word in model.segment("外套做工不错，穿着很暖和") if word["kind"] == "word"]
    expect(page.locator("#words button")).to_have_text([word["word"] for word in words])
    page.get_by_label("Blank the word 不错").click()
    expect(page.locator("#text")).to_have_value(SENTENCE)
    assert chips(page) == [answer["token_str"] for answer in model.fill(SENTENCE)]
    # Two adjacent blanks stay two.
    page.get_by_label("Blank the word 做工").click()
    expect(page.locator("#text")).to_have_value("外套__ __，穿着很暖和")
    expect(page.locator("#words .blank")).to_have_count(2)
    page.locator("#undo").click()
    page.locator("#undo").click()
    expect(page.locator("#text")).to_have_value("外套做工不错，穿着很暖和")


def test_characters_that_javascript_counts_twice_shift_no_words(page, url, model):
    text = "😀𠮷的外套做工很好，穿着很暖和"
    open_page(page, url, text)
    words = [word["word"] for word in model.segment(text)]
    expect(page.locator("#words button, #words .mark")).to_have_text(words)
    assert page.locator("#words").inner_text().split() == "".join(words).split()
    page.get_by_label("Blank the word 做工").click()
    expect(page.locator("#text")).to_have_value(text.replace("做工", "__"))
    text = f"😀😀{WRONG}"
    open_page(page, url, text, view="check")
    page.locator("#checked .misfit").focus()
    better = page.locator("#suggestions .chip .word").first.text_content()
    page.locator("#suggestions .chip").first.click()
    expect(page.locator("#text")).to_have_value(text.replace("充电", better))


def test_an_example_can_be_picked(page, url):
    page.goto(url)
    examples = page.locator("#examples option").all_text_contents()
    page.locator("#examples").select_option(examples[3])
    expect(page.locator("#text")).to_have_value(examples[3])
    assert len(chips(page)) == 10


def test_the_examples_are_in_the_language_of_the_model(page):
    with serving("--model", "en", "--threads", 1) as english:
        page.goto(english.url)
        expect(page.locator("#text")).to_have_value(re.compile("^[ -~]+$"))
        assert len(chips(page)) == 10


def test_several_blanks_are_filled_together(page, url, model):
    open_page(page, url, TWO)
    expected = model.joint(TWO)
    assert chips(page) == [" … ".join(answer["token_strs"]) for answer in expected]
    lists = model.fill(TWO)
    for group, answers in enumerate(lists, start=1):
        assert chips(page, group) == [answer["token_str"] for answer in answers]
    page.get_by_label("Show the answers for blank 2").click()
    expect(page.locator("#diagram figcaption")).to_contain_text(lists[1][0]["token_str"])
    # The link keeps the selected blank; asking why about a word of another blank selects that one.
    page.reload()
    expect(page.get_by_label("Show the answers for blank 2")).to_have_attribute("aria-pressed", "true")
    page.get_by_label(f"Why {lists[0][1]['token_str']}?").click()
    expect(page.get_by_label("Show the answers for blank 1")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#diagram .meeting strong")).to_have_text(lists[0][1]["token_str"])
    page.locator(".together .chip").first.click()
    expect(page.locator("#text")).to_have_value(expected[0]["sequence"])


def test_constraints_and_their_errors(page, url, model):
    open_page(page, url, SENTENCE)
    chips(page)
    page.locator("#constraints summary").click()
    page.get_by_label("starts with").fill("很")
    page.get_by_label("characters").fill("2-3")
    page.get_by_label("number of answers").fill("4")
    expected = model.fill(SENTENCE, top_k=4, starts_with="很", length=(2, 3))
    expect(page.locator(".chip .word")).to_have_text([answer["token_str"] for answer in expected])
    expect(page.locator("#constraints-set")).to_have_text("(3 set)")
    page.get_by_label("regular expression").fill("(")
    expect(page.locator("#error")).to_contain_text("regular expression")
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator("#words .blank")).to_have_count(1)
    page.locator("#clear").click()
    expect(page.locator("#error")).to_be_hidden()
    expect(page.locator(".chip .word").first).to_have_text(model.fill(SENTENCE)[0]["token_str"])
    page.get_by_label("number of answers").fill("many")
    expect(page.locator("#error")).to_have_text("number of answers: give a whole number.")
    page.get_by_label("number of answers").fill("")
    page.get_by_label("only one of").fill("暖和 神速达")
    expect(page.locator(".chip")).to_have_count(2)
    page.get_by_label("only one of").fill("")
    page.get_by_label("starts with").fill("龘龘龘")
    expect(page.locator("#answers")).to_contain_text("No word")


def test_the_less_a_word_fits_the_darker_its_underline(page, url, model):
    open_page(page, url, WRONG, view="check")
    checked = [word for word in model.check(WRONG, suggestions=5) if not word["fits"]]
    assert [word["word"] for word in checked] == ["充电"]
    misfit = page.locator("#checked .misfit")
    expect(misfit).to_have_text(["充电"])
    assert float(misfit.evaluate("word => word.style.getPropertyValue('--misfit')")) == pytest.approx(
        checked[0]["misfit"], abs=1e-3
    )
    shade = "word => Number(getComputedStyle(word).borderBottomColor.match(/[\\d.]+/g).at(-1))"
    darkness = misfit.evaluate(shade)
    misfit.evaluate("word => word.style.setProperty('--misfit', 0.5)")
    assert misfit.evaluate(shade) < darkness
    expect(page.locator("#suggestions")).to_be_hidden()
    misfit.focus()
    better = [suggestion["token_str"] for suggestion in checked[0]["suggestions"]]
    expect(page.locator("#suggestions .chip .word")).to_have_text(better)
    page.locator("#suggestions .chip").first.click()
    expect(page.locator("#text")).to_have_value(WRONG.replace("充电", better[0]))
    expect(page.locator("#checked-summary")).to_contain_text("All 7 words fit")
    expect(page.locator("#checked-summary")).to_be_focused()


def test_hovering_shows_suggestions(page, url):
    open_page(page, url, WRONG, view="check")
    page.locator("#checked .misfit").hover()
    expect(page.locator("#suggestions .chip").first).to_be_visible()


def test_check_reads_underscores_as_text(page, url, model):
    text = f"(*^__^*) {WRONG}，T__T"
    open_page(page, url, text, view="check")
    expect(page.locator("#checked .misfit")).to_have_text(["充电"])
    expect(page.locator("#checked")).to_have_text(text)
    expect(page.locator("#error")).to_be_hidden()
    expect(page.locator("#checked-summary")).to_contain_text(f"1 of {len(model.check(text))} words")


def test_the_diagram_shades_words_by_their_influence(page, url, model):
    open_page(page, url, SENTENCE)
    expect(page.locator("#diagram")).to_be_visible()
    expected = model.explain(SENTENCE)
    expect(page.locator("#diagram .meeting strong")).to_have_text(expected["token_str"])
    before = [word for word in expected["context"] if word["end"] <= SENTENCE.index("__")]
    behind = expected["context"][len(before) :]
    expect(page.locator("#diagram .forward li .word")).to_have_text([word["word"] for word in before])
    expect(page.locator("#diagram .backward li .word")).to_have_text([word["word"] for word in behind])
    strengths = page.locator("#diagram li").evaluate_all(
        "boxes => boxes.map(box => Number(box.style.getPropertyValue('--strength')))"
    )
    influences = [abs(word["influence"]) for word in expected["context"]]
    assert strengths == pytest.approx([influence / max(influences) for influence in influences], abs=2e-3)
    # Asking why about another word shows that word's influences.
    second = model.fill(SENTENCE)[1]["token_str"]
    page.get_by_label(f"Why {second}?").click()
    expect(page.locator("#diagram .meeting strong")).to_have_text(second)


def test_both_languages(page, url):
    open_page(page, url, SENTENCE, language="zh")
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    expect(page.locator("#view-fill")).to_have_text("填空")
    page.locator("#language").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#view-fill")).to_have_text("Fill blanks")
    chips(page)
    for language in ("en", "zh"):
        open_page(page, url, SENTENCE, language=language)
        left = page.locator("[data-say]").evaluate_all("parts => parts.filter(part => !part.textContent).length")
        assert left == 0


def test_a_server_error_is_explained_in_chinese(page, url):
    open_page(page, url, "__", language="zh")
    expect(page.locator("#error")).to_contain_text("无法处理该句子")


def test_a_link_restores_the_state(page, url, browser):
    open_page(page, url, TWO, starts_with="很", language="zh")
    chips(page)
    page.locator("#link").click()
    expect(page.locator("#copied")).to_have_text("链接已复制。")
    link = page.evaluate("navigator.clipboard.readText()")
    other = browser.new_page()
    other.goto(link)
    expect(other.locator("#text")).to_have_value(TWO)
    expect(other.locator("html")).to_have_attribute("lang", "zh")
    expect(other.locator("input[name=starts_with]")).to_have_value("很")
    assert chips(other) == chips(page)
    other.close()


def test_markup_in_a_sentence_stays_text(page, url):
    open_page(page, url, "<img src=x onerror=alert(1)>做工__，很暖和", targets="<b>好</b>")
    expect(page.locator("#words")).to_contain_text("<img src=x onerror=alert(1)>".replace(" ", " "))
    assert page.locator("#words img, #answers b").count() == 0
