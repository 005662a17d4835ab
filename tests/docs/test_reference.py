"""The reference is what the program says of itself."""

from __future__ import annotations

import importlib.util
import inspect
import re
import tomllib

import pytest

import tiankong
from tests.docs.pages import ROOT


def _generator():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = _generator()
PYTHON_PAGE = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GENERATOR.PAGES)
def test_a_page_is_up_to_date(name):
    page = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert GENERATOR.PAGES[name]() == page, "run `make reference`"


@pytest.mark.parametrize("name", [name for name in tiankong.__all__ if name != "__version__"])
def test_public_names_are_documented(name):
    assert re.search(rf"(?m)^#+ (tiankong\.)?{name}$|^\| `{name}` \|", PYTHON_PAGE)
    assert (getattr(tiankong, name).__doc__ or "").strip()


def _methods():
    return [
        (name, value) for name, value in vars(tiankong.Model).items() if inspect.isfunction(value) and name[0] != "_"
    ]


@pytest.mark.parametrize(("name", "method"), _methods())
def test_methods_are_documented_with_their_parameters(name, method):
    section = re.search(rf"(?ms)^### Model\.{name}$(.*?)(?=^##)", PYTHON_PAGE)[1]
    assert len(re.sub(r"(?s)```.*?```", "", section).split()) > 3
    for parameter in inspect.signature(method).parameters:
        assert parameter == "self" or re.search(rf"\b{parameter}\b", section), parameter


def test_dependencies_are_explained():
    """Every package of pyproject.toml and of the release tools has a row, and no other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    wanted += (ROOT / "requirements" / "release.in").read_text(encoding="utf-8").splitlines()
    wanted = [one for one in wanted if one and not one.startswith("#")]
    names = {re.match(r"[\w.-]+", one)[0].lower() for one in wanted} - {"tiankong"}
    page = (ROOT / "docs" / "reference" / "dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| ([\w., -]+) \|", page)
    assert {one.strip() for row in rows for one in row.split(",")} - {"package"} == names
