"""Rows of Markdown tables that hold any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.report.markdown import make_row, quote_code

ROWS = [
    (("a", "b c"), "| a | b c |"),
    (("a|b", ""), "| a\\|b |  |"),
    (("two\nlines\r\nand three",), "| two lines and three |"),
    (("\x1b[31m",), "| ␛[31m |"),
]
CODES = [
    ("a.fin", "`a.fin`"),
    ("a`b", "``a`b``"),
    ("`a``b", "``` `a``b ```"),
]


@pytest.mark.parametrize(("cells", "row"), ROWS)
def test_rows(cells: tuple[str, ...], row: str) -> None:
    assert make_row(*cells) == row


@pytest.mark.parametrize(("text", "quoted"), CODES)
def test_code(text: str, quoted: str) -> None:
    assert quote_code(text) == quoted


@given(st.text(max_size=30))
def test_a_row_is_one_line(text: str) -> None:
    assert len(make_row(text, quote_code(text)).splitlines()) == 1
