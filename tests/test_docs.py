"""The generated pages are what the code says, and every link in the docs leads somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from helpers.places import ROOT

_spec = importlib.util.spec_from_file_location("docs", ROOT / "tools" / "docs.py")
assert _spec is not None
assert _spec.loader is not None
docs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(docs)


@pytest.mark.parametrize("name", docs.render_pages())
def test_page_is_current(name: str) -> None:
    """If this fails: `python tools/docs.py`."""
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == docs.render_pages()[name]


@pytest.mark.parametrize("page", [ROOT / "README.md", *(ROOT / "docs").glob("*.md")], ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\[[^\]]+\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
