from __future__ import annotations

import pytest

from tiankong.cli.main import run


@pytest.fixture
def refused(capfd, tmp_path, monkeypatch):
    """Runs a command in ``tmp_path`` that must be refused and change nothing there; returns the sentence."""
    monkeypatch.chdir(tmp_path)

    def check(*arguments: object) -> str:
        before = sorted(tmp_path.rglob("*"))
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert (code, out) == (2, ""), err
        assert err.startswith("tiankong: ")
        assert err.endswith("\n")
        assert err.count("\n") == 1, err
        assert sorted(tmp_path.rglob("*")) == before
        return err

    return check
