"""A classifier behind the service and on the page."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.answers import same
from tests.serve.browser import open_page
from tests.serve.conftest import KEY, serving
from tests.serve.test_refusals import refused
from tiankong.artifact.model_folder import open_model
from tiankong.model import load

GOOD = "质量很好，穿着舒服"
TEXTS = [GOOD, "物流太慢，客服也不理人"]


@pytest.fixture(scope="module")
def model(classifier_folder):
    return load(classifier_folder, threads=1)


def test_classify_answers_like_the_model(labelling, model):
    answer = labelling.post("/classify", {"inputs": TEXTS}).json()
    same(answer, model.classify(TEXTS))
    assert labelling.post("/classify", {"inputs": TEXTS, "parameters": {}}).json() == answer
    alone = labelling.post("/classify", {"inputs": GOOD}).json()
    same(alone, answer[:1])


def test_information_lists_the_labels(labelling, server):
    information = labelling.get("/info").json()
    assert (information["task"], information["labels"]) == ("classify", ["0", "1"])
    assert labelling.get("/ready").status_code == 200
    assert server.get("/info").json()["labels"] == []
    assert information["base"] is None


@pytest.mark.trains
def test_information_names_the_model_that_it_goes_on_from(tuned_folder, practice_model):
    with serving("--model", tuned_folder, "--threads", 1) as running:
        base = running.get("/info").json()["base"]
    folder = open_model(practice_model)
    assert base == {"name": folder.path.name, "sha256": folder.sha256}


@pytest.mark.parametrize(
    ("path", "request_", "words"),
    [
        ("/fill", {"inputs": "很__"}, "fills no blanks"),
        ("/check", {"inputs": "很好"}, "fills no blanks"),
        ("/rank", {"inputs": ["很好", "很差"]}, "fills no blanks"),
        ("/segment", {"inputs": "很好"}, "fills no blanks"),
        ("/classify", {"inputs": GOOD, "parameters": {"prompts": ["{text}__"], "labels": {"a": ["b"]}}}, "of its own"),
        ("/classify", {"inputs": ["好", ""]}, "text 2: the text has no word"),
    ],
)
def test_unsupported_requests_get_one_sentence(labelling, path, request_, words):
    response = labelling.post(path, request_)
    assert response.status_code == 422
    assert words in response.json()["error"]


def test_a_classifier_replaces_a_model_that_fills_blanks(classifier_folder, keyed):
    assert keyed.post("/classify", {"inputs": GOOD}, headers=KEY).status_code == 404
    assert keyed.post("/reload", {"model": str(classifier_folder)}, headers=KEY).status_code == 200
    assert len(keyed.post("/classify", {"inputs": GOOD}, headers=KEY).json()[0]) == 2
    assert keyed.post("/fill", {"inputs": "很__"}, headers=KEY).status_code == 422


def test_the_page_shows_labels_with_their_probabilities(page, labelling, model):
    open_page(page, labelling.url, GOOD)
    expected = model.classify(GOOD)
    lines = page.locator("#labels li")
    expect(lines).to_have_count(2)
    expect(lines.locator(".word")).to_have_text([share["label"] for share in expected])
    for width, share in zip(
        lines.locator(".bar").evaluate_all("bars => bars.map(bar => bar.clientWidth / bar.parentNode.clientWidth)"),
        expected,
        strict=True,
    ):
        assert width == pytest.approx(share["score"], abs=0.03)
    expect(page.locator("#status")).to_contain_text(f"Label: {expected[0]['label']}")
    expect(page.locator("#model")).to_contain_text("2 labels")
    for hidden in ("#views", "#fill-view", "#check-view"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("#error")).to_be_hidden()
    page.locator("#text").fill(TEXTS[1])
    other = model.classify(TEXTS[1])
    expect(lines.locator(".word")).to_have_text([share["label"] for share in other])
    page.locator("#text").fill("")
    expect(lines).to_have_count(0)


def test_the_page_starts_with_an_example_and_offers_more(page, labelling):
    page.goto(labelling.url)
    expect(page.locator("#labels li")).to_have_count(2)
    examples = page.locator("#examples option").all_text_contents()
    assert not any("__" in example for example in examples)
    page.locator("#examples").select_option(examples[2])
    expect(page.locator("#text")).to_have_value(examples[2])
    page.locator("#language").click()
    expect(page.locator("label[for=text]")).to_contain_text("输入要分类的文本")
    expect(page.locator("#labels h2")).to_have_text("标签")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labels_are_accessible(page, labelling, scheme):
    page.emulate_media(color_scheme=scheme)
    open_page(page, labelling.url, GOOD)
    expect(page.locator("#labels li")).to_have_count(2)
    assert [rule["id"] for rule in Axe().run(page).response["violations"]] == []


LONG = "好" * 4097
"""Over the default limit by one."""

LONGER = {
    "classifier_folder": [("/classify", LONG), ("/classify", ["很好", LONG])],
    "model_folder": [
        ("/fill", f"{LONG}，__"),
        ("/fill", ["很__", f"__，{LONG}"]),
        ("/check", LONG),
        ("/check", ["很好", LONG]),
        ("/embed", f"{LONG}，__"),
        ("/segment", LONG),
        ("/rank", ["很好", LONG]),
    ],
}
"""Requests beyond the default limit for each model."""


@pytest.mark.parametrize("folder", LONGER)
def test_the_limit_on_characters_can_be_above_its_default(folder, request):
    environment = {"TIANKONG_MAX_CHARACTERS": "5000"}
    with serving("--model", request.getfixturevalue(folder), "--threads", 1, environment=environment) as running:
        for path, inputs in LONGER[folder]:
            parameters = {"parameters": {"precision": 0.01}} if path == "/check" else {}
            assert running.post(path, {"inputs": inputs, **parameters}).status_code == 200
            longer = (
                [text.ljust(5001, "好") for text in inputs] if isinstance(inputs, list) else inputs.ljust(5001, "好")
            )
            response = running.post(path, {"inputs": longer})
            refused(response, 422, "5,001 characters: send at most 5,000")
            assert response.json()["reason"] == "limit"
        assert running.get("/info").json()["limits"]["max_characters"] == 5000
