"""Pages are short where they should be, link to what exists, and state results without a diary."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import DOCS, LAB, READMES, anchors, blocks, name, prose

DIARY = re.compile(
    r"another hour|another day|other hours|some hours before|of the commit |slow hour|slower hour|the session before"
    r"|a session's work|today's code|of an earlier commit|code as it is|with what is committed",
    re.IGNORECASE,
)
MOST_LINES = 150
GUIDE = sorted(page for page in DOCS if page.parent.name == "guide")


@pytest.mark.parametrize("page", READMES, ids=name)
def test_a_readme_is_short(page):
    assert len(page.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", [*READMES, *(page for page in DOCS if page.parent != LAB)], ids=name)
def test_results_are_stated_without_a_diary(page):
    assert DIARY.findall(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", [*READMES, *DOCS], ids=name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    for link in links:
        if "://" in link:
            continue
        path, _, place = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if place:
            assert place in anchors(target), link


def test_every_page_is_linked_from_an_index():
    indexed = {page.parent / link for page in DOCS if page.name == "README.md" for link in _links(page)}
    reachable = {page.resolve() for page in indexed}
    assert [name(page) for page in DOCS if page not in reachable and page.name != "README.md"] == []


def _links(page):
    return [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if "://" not in link]


@pytest.mark.parametrize("page", [*READMES[:1], *GUIDE], ids=name)
def test_both_languages_show_the_same_examples(page):
    chinese = page.with_name("README.zh.md") if page in READMES else page.parent / "zh" / page.name

    def shown(one):
        # Comments are translated.
        return [(language, re.sub(r"(?m) *#.*$", "", text)) for language, text in blocks(one)]

    assert shown(page) == shown(chinese)
