"""Rows of Markdown tables that hold any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.report.markdown import Markdown, fence, make_row, quote_code, quote_text

ROWS = [
    (("a", "b c"), "| a | b c |"),
    (("a|b", ""), "| `a\\|b` |  |"),
    (("two\nlines\r\nand three",), "| two lines and three |"),
    (("\x1b[31m",), "| `␛[31m` |"),
    # markup in data means nothing, whoever forgets to quote it
    (
        ("<img src=x>", "[a](https://e.org)", "@all"),
        "| `<img src=x>` | `[a](https://e.org)` | `@all` |",
    ),
    ((Markdown("**bold**"), quote_code("a|b")), "| **bold** | `a\\|b` |"),
]
CODES = [
    ("a.fin", "`a.fin`"),
    ("a`b", "``a`b``"),
    ("`a``b", "``` `a``b ```"),
    ("a\n\n<b>", "`a␊␊<b>`"),  # no line ends the quotes
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


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("survives on plain-c, so pybind11 is required; 3.0.0 too (SIGSEGV)",) * 2,
        ("in Py_FinalizeEx, after  the\ndict", "in Py_FinalizeEx, after the dict"),
        ("pybind11::cast", "`pybind11::cast`"),
        ("_emphasis_", "`_emphasis_`"),
        ("@somebody", "`@somebody`"),
        ("see GH-12", "`see GH-12`"),
        ("www.example.org", "`www.example.org`"),
        ("http://example.org", "`http://example.org`"),
        ("<b>", "`<b>`"),
        ("it is `so`", "`` it is `so` ``"),
    ],
)
def test_texts(text: str, written: str) -> None:
    assert quote_text(text) == written


@pytest.mark.parametrize(
    ("text", "fenced"),
    [
        ("a\nb\n", "```cpp\na\nb\n```"),
        ("a ``` b", "````cpp\na ``` b\n````"),
        ("\x1b[31m", "```cpp\n␛[31m\n```"),
    ],
)
def test_fences(text: str, fenced: str) -> None:
    assert fence(text, "cpp") == fenced
