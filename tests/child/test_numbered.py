"""The header that numbers flavours and hooks is what their lists make of it."""

from __future__ import annotations

import headers


def test_the_header_is_current() -> None:
    """If this fails: `python tools/headers.py`."""
    assert headers.HEADER.read_text(encoding="utf-8") == headers.render_header()
