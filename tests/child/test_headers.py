"""The headers that number flavours and hooks are what the lists of their names make of them."""

from __future__ import annotations

import pytest

import headers


@pytest.mark.parametrize("name", headers.render_headers())
def test_the_header_is_current(name: str) -> None:
    """If this fails: `python tools/headers.py`."""
    assert (headers.FOLDER / name).read_text(encoding="utf-8") == headers.render_headers()[name]
