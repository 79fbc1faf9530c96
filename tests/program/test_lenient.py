"""Damaged text: what can be read of it is the program, and the rest is said."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finfuzz.program.lenient import parse_leniently
from finfuzz.program.model import Program
from finfuzz.program.text import ParseError, parse, to_text

#: No step begins so; anything but a line end may follow, a comment too where it is not excluded.
GARBAGE = st.text(st.characters(exclude_characters="#\n"), max_size=20).map(lambda text: f"?{text}")


@given(st.from_type(Program))
def test_a_program_passes_unchanged(program: Program) -> None:
    assert parse_leniently(to_text(program)) == (program, [])


@given(st.from_type(Program), st.lists(GARBAGE, min_size=1, max_size=4), st.data())
def test_garbage_lines_are_all_that_is_lost(
    program: Program, garbage: list[str], data: st.DataObject
) -> None:
    lines = to_text(program).splitlines()
    for line in garbage:
        lines.insert(data.draw(st.integers(0, len(lines))), line)
    found, problems = parse_leniently("\n".join(lines))
    assert found == program
    numbers = [number for number, line in enumerate(lines, start=1) if line in garbage]
    assert [problem.split(" is left out")[0] for problem in problems] == [
        f"line {number}" for number in numbers
    ]


@given(st.text())
@example("finfuzz 1\n# \x0c\n?\u2028node a list")
@example("collect")
def test_any_text_gives_a_program_and_a_short_printable_line_for_each_loss(text: str) -> None:
    program, problems = parse_leniently(text)
    assert parse(to_text(program)) == program
    try:
        assert parse(text) == program
    except ParseError:
        # Without its first line a text is no program, and loses nothing: blank text, a bare step.
        assert problems or parse(f"finfuzz 1\n{text}") == program
    for problem in problems:
        assert problem.isprintable()
        assert len(problem) < 250


CASES = {
    # text: the program, and how each problem begins
    "node a list\n": ("finfuzz 1\nnode a list\n", []),
    "finfuzz 2  # title\nnode a list\n": (
        "finfuzz 1\n# title\nnode a list\n",
        ["line 1: `finfuzz 2` is taken for `finfuzz 1`"],
    ),
    "finfuzz\ncollect\n": (
        "finfuzz 1\ncollect\n",
        ["line 1: `finfuzz` is taken for `finfuzz 1`"],
    ),
    "see:\n# why\nfinfuzz 1\ncollect\n": (
        "finfuzz 1\n# why\ncollect\n",
        ["line 1 is left out: found `see:`"],
    ),
    # two programs in one file: the second's first line is no step
    "finfuzz 1\ncollect\nfinfuzz 1\ndrop a\n": (
        "finfuzz 1\ncollect\ndrop a\n",
        ["line 3 is left out: found `finfuzz`"],
    ),
    "finfuzz 1\nfly # so that it lands\n# above\ncollect # beside\n": (
        "finfuzz 1\n# so that it lands\n# above\ncollect  # beside\n",
        ["line 2 is left out: found `fly`"],
    ),
    # as parse has it: one line, white space in it
    "finfuzz 1\nnode a\u2028list\nnode\x0cb list\nfly\n": (
        "finfuzz 1\nnode a list\nnode b list\n",
        ["line 4 is left out: found `fly`"],
    ),
    "\ufefffinfuzz 1\r\ncollect\r\nfly\r\n": (
        "finfuzz 1\ncollect\n",
        ["line 3 is left out: found `fly`"],
    ),
    "finfuzz 1\nnode a lst\nroot a codek\n": (
        "finfuzz 1\n",
        [
            "line 2 is left out: found `lst`, expected kind: `list`?",
            "line 3 is left out: found `codek`, expected root: `codec`?",
        ],
    ),
    "finfuzz 1\n\x1b[2J\n": ("finfuzz 1\n", ["line 2 is left out: found `?[2J`"]),
    "": ("finfuzz 1\n", []),
}


@pytest.mark.parametrize("text", CASES, ids=ascii)
def test_cases(text: str) -> None:
    program, begins = CASES[text]
    found, problems = parse_leniently(text)
    assert to_text(found) == program
    assert len(problems) == len(begins)
    for problem, begin in zip(problems, begins, strict=True):
        assert problem.startswith(begin)
