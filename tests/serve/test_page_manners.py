"""The page offline, by keyboard, with screen readers, on a phone, with a key, and without a server."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.serve.browser import SENTENCE, TWO, WRONG, chips, open_page
from tests.serve.conftest import CLIENT, KEY, serving

STATES = [
    {"text": SENTENCE},
    {"text": TWO, "language": "zh"},
    {"text": WRONG, "view": "check"},
    {"text": SENTENCE, "pattern": "("},
]


def settled(page):
    """Waits until the state is complete: the diagram, the words that don't fit, or an error is the last to appear."""
    expect(page.locator("#diagram, #checked .misfit, #error").filter(visible=True).first).to_be_visible()


def test_the_page_loads_nothing_from_other_sites(page, url):
    addresses = []
    page.on("request", lambda request: addresses.append(request.url))
    open_page(page, url, SENTENCE)
    chips(page)
    settled(page)
    assert len(addresses) > 8
    assert [address for address in addresses if not address.startswith(f"{url}/")] == []
    assert "default-src 'none'" in CLIENT.get(url).headers["content-security-policy"]


@pytest.mark.parametrize("state", STATES)
def test_the_page_is_accessible(page, url, state):
    open_page(page, url, **state)
    settled(page)
    if state.get("view") == "check":
        page.locator("#checked .misfit").focus()
    page.locator("#constraints").evaluate("panel => { panel.open = true }")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        violations = Axe().run(page).response["violations"]
        assert [(scheme, rule["id"], [node["html"] for node in rule["nodes"]]) for rule in violations] == []


@pytest.mark.parametrize("state", STATES)
def test_it_fits_on_a_phone(browser, url, state):
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    phone = context.new_page()
    open_page(phone, url, **state)
    settled(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    if "pattern" not in state and state.get("view") != "check":
        phone.locator(".chip").first.tap()
        expect(phone.locator("#text")).not_to_have_value(state["text"])
    context.close()


def test_the_keyboard_is_enough(page, url):
    page.goto(url)
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("外套做工很好，穿着很暖和")
    expect(page.locator("#words button")).to_have_count(7)

    def tab_to(label):
        for _ in range(60):
            page.keyboard.press("Tab")
            if label in (page.evaluate("document.activeElement.getAttribute('aria-label')") or ""):
                return
        raise AssertionError(f"{label} can't be reached")

    tab_to("Blank the word 暖和")
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_have_value("外套做工很好，穿着很__")
    chips(page)
    tab_to("insert")
    page.keyboard.press("Enter")
    expect(page.locator("#words .blank")).to_have_count(0)


def test_focus_stays_where_it_was_when_words_are_shown_again(page, url):
    open_page(page, url, "外套做工很好，穿着很暖和")
    page.get_by_label("Blank the word 做工").press("Enter")
    expect(page.get_by_label("Show the answers for blank 1")).to_be_focused()


def test_focus_goes_to_the_text_when_the_last_blank_is_filled(page, url):
    open_page(page, url, SENTENCE)
    chips(page)
    page.locator(".chip").first.press("Enter")
    expect(page.locator("#words .blank")).to_have_count(0)
    expect(page.locator("#text")).to_be_focused()


def test_answers_for_an_earlier_text_are_dimmed(page, url):
    open_page(page, url, SENTENCE)
    chips(page)
    page.route("**/fill", lambda _: None)  # never answered
    page.locator("#text").fill("物流__，很满意")
    expect(page.locator("body")).to_have_class("waiting")


def test_the_page_follows_the_server_to_another_model(page, keyed, classifier_folder):
    open_page(page, keyed.url, SENTENCE)
    page.locator("#key").fill("sesame")
    page.locator("#key").press("Enter")
    chips(page)
    assert keyed.post("/reload", {"model": str(classifier_folder)}, headers=KEY).status_code == 200
    page.locator("#text").fill("质量很好")
    expect(page.locator("#labels li")).to_have_count(2)


def test_screen_readers_announce_the_best_answer(page, url):
    open_page(page, url, SENTENCE)
    best = chips(page)[0]
    expect(page.locator("#status[role=status]")).to_contain_text(f"Best answer: {best}")


def test_the_page_asks_for_the_key(page, keyed):
    open_page(page, keyed.url, SENTENCE)
    expect(page.locator("#error")).to_contain_text("key")
    for wrong_key in ("密钥", "wrong"):
        page.locator("#key").fill(wrong_key)
        page.locator("#key").press("Enter")
        expect(page.locator("#key-form")).to_be_visible()
    page.locator("#key").fill("sesame")
    page.locator("#key").press("Enter")
    assert len(chips(page)) == 10
    expect(page.locator("#key-form")).to_be_hidden()


def test_a_stopped_server_is_reported(page):
    with serving("--quiet") as running:
        open_page(page, running.url, SENTENCE)
        chips(page)
    page.locator("#text").fill("物流__，很满意")
    expect(page.locator("#error")).to_contain_text("does not answer")


def test_a_busy_server_is_tried_again(page, url):
    answers = {"first": True}

    def busy_once(route):
        if answers.pop("first", False):
            route.fulfill(status=429, headers={"Retry-After": "0"}, json={"error": "busy", "reason": "busy"})
        else:
            route.continue_()

    page.route("**/fill", busy_once)
    open_page(page, url, SENTENCE)
    assert len(chips(page)) == 10
    assert not answers


def test_outdated_requests_show_nothing(page, url):
    open_page(page, url, TWO)
    chips(page)
    expect(page.locator("#diagram")).to_be_visible()
    waiting = []
    page.route("**/explain", lambda route: waiting.append(route))  # noqa: PLW0108 - it must be a function
    why = page.locator(".answers .why")
    with page.expect_request("**/explain"):
        why.first.click()
    with page.expect_request("**/explain"):  # another one, before the first is answered
        why.last.click()
    page.unroute("**/explain")
    with page.expect_response("**/explain"):
        page.locator("#text").fill(SENTENCE)
    assert len(chips(page)) == 10
    page.wait_for_load_state("networkidle")
    expect(page.locator("#error")).to_be_hidden()
    assert len(waiting) == 2


def test_an_error_without_a_message_shows_its_status(page, url):
    open_page(page, url, SENTENCE)
    chips(page)
    # As behind an HTTP/2 proxy, where a status has no reason phrase.
    page.evaluate("window.fetch = async () => new Response('<html>', { status: 502 })")
    page.locator("#text").fill("物流__，很满意")
    expect(page.locator("#error")).to_have_text("HTTP 502")
