"""The package as it is handed out: metadata, dependencies, and what the wheel and the sdist hold."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tiankong.version import VERSION

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKED = ("serve", "train", "release")
SENTENCE = "外套做工__，穿着很暖和"


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def declared(*extras):
    requirements = list(PROJECT["dependencies"])
    for extra in extras:
        requirements += PROJECT["optional-dependencies"][extra]
    return [Requirement(requirement) for requirement in requirements]


def constraints():
    lines = [line for line in read("constraints.txt").splitlines() if line and not line.startswith("#")]
    pins = [re.fullmatch(r"([\w.-]+)==([\w.!]+)", line) for line in lines]
    assert all(pins), "constraints.txt holds exact versions and nothing else"
    versions = {canonicalize_name(pin[1]): pin[2] for pin in pins}
    assert len(versions) == len(lines)
    return versions


def locked(name):
    """Versions by package; every one has hashes."""
    text = re.sub(r"\\\n\s*", "", read(f"requirements/{name}.txt"))
    versions = {}
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split("--hash=")
            assert hashes, line
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value.strip()) for value in hashes)
            package, _, version = requirement.partition(";")[0].strip().partition("==")
            versions[canonicalize_name(package)] = version
    return versions


def test_the_version_is_the_same_everywhere():
    headings = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == ("Unreleased", "")
    version, date = headings[1]
    citation = yaml.safe_load(read("CITATION.cff"))
    assert version == citation["version"] == VERSION
    assert date == citation["date-released"]
    links = re.findall(r"^\[(.+)\]: ", read("CHANGELOG.md"), re.MULTILINE)
    assert links == [heading for heading, _ in headings]


def test_the_licence_is_apache_2_unchanged():
    assert PROJECT["license"] == yaml.safe_load(read("CITATION.cff"))["license"] == "Apache-2.0"
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_dependencies_are_ranges():
    for requirement in declared(*PROJECT["optional-dependencies"]):
        assert not {specifier.operator for specifier in requirement.specifier} & {"==", "===", "~="}, requirement


def test_constraints_satisfy_every_declared_dependency():
    versions = constraints()
    for requirement in declared(*PROJECT["optional-dependencies"]):
        if requirement.marker is None or requirement.marker.evaluate():
            version = versions[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version, prereleases=True), requirement


@pytest.mark.parametrize("name", ["serve", "train"])
def test_locked_versions_are_those_of_the_constraints(name):
    versions = locked(name)
    assert versions.items() <= constraints().items(), "run `make lock`"
    missing = {canonicalize_name(requirement.name) for requirement in declared(name)} - versions.keys()
    assert missing == ({"torch"} if name == "train" else set()), "run `make lock`"


def test_nothing_asks_for_cuda():
    packages = {*constraints(), *(package for name in LOCKED for package in locked(name))}
    packages |= {canonicalize_name(requirement.name) for requirement in declared(*PROJECT["optional-dependencies"])}
    assert not [package for package in packages if re.match("nvidia|cuda|triton|pytorch-triton", package)]
    assert not [name for name in LOCKED if "torch" in locked(name)]
    assert "index-url" not in "".join(map(read, ["Makefile", "Containerfile", ".ci/run"]))


def test_every_dependency_is_justified():
    (page,) = (ROOT / "docs").rglob("dependencies.md")
    rows = re.findall(r"^\| ([^|]+) \|.* (\S[^|]+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    justified = {canonicalize_name(package) for packages, _ in rows for package in packages.split(", ")}
    names = {canonicalize_name(requirement.name) for requirement in declared(*PROJECT["optional-dependencies"])}
    tools = set(re.findall(r"^[\w-]+$", read("requirements/release.in"), re.MULTILINE))
    assert justified - {"package", "---"} == names | tools


def test_templates_are_forms_that_github_reads():
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert [form.stem for form in forms] == ["bug", "config", "feature", "wrong-answer"]
    for form in forms:
        content = yaml.safe_load(form.read_text(encoding="utf-8"))
        if form.stem == "config":
            assert all(link.keys() == {"name", "url", "about"} for link in content["contact_links"])
            continue
        assert content.keys() == {"name", "description", "labels", "body"}
        questions = [part for part in content["body"] if part["type"] != "markdown"]
        names = [question["id"] for question in questions]
        assert len(set(names)) == len(names)
        assert all(question["attributes"]["label"] for question in questions)


def test_hooks_need_no_network():
    hooks = yaml.safe_load(read(".pre-commit-config.yaml"))
    assert [repository["repo"] for repository in hooks["repos"]] == ["local"]
    assert {hook["language"] for hook in hooks["repos"][0]["hooks"]} <= {"system", "pygrep"}


@pytest.mark.parametrize(
    ("message", "passes"),
    [("Add a head\n\n" + "x" * 90, True), ("x" * 72, True), ("x" * 73, False), ("x" * 73 + "\n\nwhy\n", False)],
)
def test_the_hook_for_subjects_counts_the_first_line(message, passes):
    hooks = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"][0]["hooks"]
    (hook,) = [hook for hook in hooks if hook.get("stages") == ["commit-msg"]]
    assert (re.search(hook["entry"], message) is None) == passes


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The sdist of the tracked files and the wheel built from it, as ``make dist`` builds them, without a network."""
    folder = tmp_path_factory.mktemp("dist")
    source = folder / "source"
    for name in tracked():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    build(source, "sdist", folder)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    build(unpacked, "wheel", folder)
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


def tracked():
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("needs a git checkout")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def build(source, kind, output):
    code = f"from setuptools import build_meta; build_meta.build_{kind}({str(output)!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.builds
def test_the_wheel_holds_the_package_and_its_data(distributions):
    _, wheel = distributions
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata_name,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        metadata = archive.read(metadata_name).decode()
    package = {name.removeprefix("src/") for name in tracked() if name.startswith("src/")}
    assert {name for name in names if ".dist-info/" not in name} == package
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert "License-Expression: Apache-2.0" in metadata
    assert f"Version: {VERSION}" in metadata
    assert "Description-Content-Type: text/markdown" in metadata
    readme = read("README.md")
    links = re.findall(r"\]\(([^)]+)\)", metadata)
    assert len(links) == len(re.findall(r"\]\(([^)]+)\)", readme)) > 5
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    for path in re.findall(r"\((https://github\.com/[\w-]+/\w+)/blob/main/([^)#]+)", metadata):
        assert (ROOT / path[1]).exists()


@pytest.mark.builds
def test_the_sdist_holds_what_is_tracked(distributions):
    sdist, _ = distributions
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    made = {name for name in names if ".egg-info/" in name} | {"PKG-INFO", "setup.cfg"}
    assert names - made == {name for name in tracked() if name != ".gitignore"}, "name it in MANIFEST.in"


@pytest.mark.builds
def test_the_wheel_alone_fills_a_blank(distributions, tmp_path):
    """Our dependencies are borrowed from this environment; `make dist` and CI install them anew."""
    _, wheel = distributions
    venv.create(tmp_path / "environment", with_pip=True)
    python = tmp_path / "environment" / "bin" / "python"
    subprocess.run([python, "-I", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    site = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    ).strip()
    # The path alone is added, so that no .pth file in it is read: an editable install stays out.
    Path(site, "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    program = [python, "-I", "-c", "import tiankong; print(tiankong.__file__)"]
    origin = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(origin.stdout.strip()).is_relative_to(site)
    for options, expected in ((["--model", "reviews-zh"], "不错"), ([], None)):
        program = [python.with_name("tiankong"), "fill", "--top-k", "1", *options, SENTENCE]
        done = subprocess.run(program, cwd=tmp_path, env={}, capture_output=True, text=True, check=True)
        (word, _) = done.stdout.split()
        assert expected in {None, word}


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_links_of_the_project_pages_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)]+)\)", read(page)):
        path, _, place = link.partition("#")
        if "://" not in link:
            assert (ROOT / path).is_file(), link
            headings = re.findall(r"^#+ (.+)$", read(path), re.MULTILINE)
            assert not place or place in [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings]
