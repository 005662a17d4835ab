"""What the tests of preparing share."""

from __future__ import annotations

import pytest

from tests.corpus.preparations import CONFIG, PAIRS, TINY
from tiankong.corpus import prepare as preparing
from tiankong.corpus.prepare import prepare
from tiankong.corpus.sources import GivenTexts


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """What one process makes of all texts together."""
    return prepare(GivenTexts(PAIRS), tmp_path_factory.mktemp("whole") / "out", CONFIG)


@pytest.fixture
def tiny(monkeypatch):
    """Lets every preparation have many chunks."""
    monkeypatch.setattr(preparing, "USUAL_SIZES", TINY)
