"""Whether a program contains another one."""

import pytest

from finfuzz.program.model import Program
from finfuzz.program.text import parse
from truth.containment import contains


def read(text: str) -> Program:
    return parse("finfuzz 1\n" + text.replace("; ", "\n"))


@pytest.mark.parametrize(
    ("program", "part"),
    [
        ("node a list", "node a list"),
        ("node a dict; node b list; root b sys", "node a list; root a sys"),  # under another name
        ("node a list; collect; root a sys", "node a list; root a sys"),  # others between them
        # the first list is not the one
        ("node a list; node b list; root b sys", "node a list; root a sys"),
        ("start i2 legacy; enter i2; import", "start i1 legacy; enter i1; import"),
        ("start i1 legacy; enter i1; enter main", "start i2 legacy; enter main"),
        ("node a list; edge a a append", "node b list; edge b b append"),
        ("elsewhere; import; elsewhere; node a list", "elsewhere; node a list"),
    ],
)
def test_it_does(program: str, part: str) -> None:
    assert contains(read(program), read(part))


@pytest.mark.parametrize(
    ("program", "part"),
    [
        ("node a list", "node a dict"),
        ("unimport; node a list", "node a list; unimport"),  # another order
        ("node a list; node b list; root a sys; hook b atexit plain",
         "node a list; root a sys; hook a atexit plain"),  # two nodes are not one
        ("start i1 legacy; enter main; import", "start i1 legacy; enter i1; import"),
        ("node a list; node b list; edge a b append", "node a list; edge a a append"),
        ("elsewhere; import; node a list", "elsewhere; node a list"),  # it is another step's
        ("", "import"),
    ],
)  # fmt: skip
def test_it_does_not(program: str, part: str) -> None:
    assert not contains(read(program), read(part))
