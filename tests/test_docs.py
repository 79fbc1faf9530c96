"""The documentation agrees with the repository: generated pages, links, paths, version, checks."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from finfuzz.cli.group import COMMANDS
from helpers.places import ROOT

_spec = importlib.util.spec_from_file_location("docs", ROOT / "tools" / "docs.py")
assert _spec is not None
assert _spec.loader is not None
docs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(docs)

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
#: Our own paths in backquotes. Of `crashes/` only findings: other paths there are placeholders.
_PATH = re.compile(
    r"`((?:(?:fuzz|tools|tests|corpus|docs)/|crashes/[A-Z]+/[a-z-]+/(?=[0-9a-f]))[\w./-]+)`"
)


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {_slug(heading) for heading in headings}


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yield each link to a file of ours and its anchor, "" where the link has none."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", text):
        yield (page.parent / path if path else page), anchor


@pytest.mark.parametrize("name", docs.render_pages())
def test_page_is_current(name: str) -> None:
    """If this fails: `python tools/docs.py`."""
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == docs.render_pages()[name]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    assert [str(path) for path, _ in _links(page) if not path.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_anchors_are_headings(page: Path) -> None:
    lost = [
        (path.name, a)
        for path, a in _links(page)
        if a and path.exists() and a not in _anchors(path)
    ]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_paths_of_the_repository_exist(page: Path) -> None:
    paths = _PATH.findall(page.read_text(encoding="utf-8"))
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_index_names_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    listed = {path.resolve() for path, _ in _links(index)}
    assert [page.name for page in PAGES if page.resolve() not in {*listed, index.resolve()}] == []


def test_the_readme_gives_the_exit_codes_of_every_command() -> None:
    heading = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n| code |")[2]
    listed = re.findall(r"`([a-z]+)`", heading.partition("\n")[0])
    assert sorted(listed) == sorted(COMMANDS)


def test_the_changelog_begins_with_the_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert versions[0] == project["version"]


def test_pre_commit_runs_what_make_test_runs() -> None:
    """All checks of `make test` but the tests themselves."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ntest:")[2]
    commands = re.findall(r"^\t\$\(BIN\)/(.+)$", recipe.partition("\n\n")[0], re.MULTILINE)
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook["entry"] for repo in config["repos"] for hook in repo["hooks"]]
    assert hooks == [f".venv/bin/{one}" for one in commands if not one.startswith("pytest")]


def test_the_workflow_runs_make_test() -> None:
    text = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["test"]["steps"]
    assert "make test" in [step.get("run") for step in steps]
