"""Steps that raised, read off standard error."""

import pytest

from finfuzz.executor.raised import Raised, find_raised


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "finfuzz: step 3 `edge a b append` raised TypeError: no list",
            Raised(3, "edge a b append", False, "TypeError", "no list"),
        ),
        (
            "finfuzz: step 1 `node a box` raised while importing ImportError: no box: gone",
            Raised(1, "node a box", True, "ImportError", "no box: gone"),
        ),
        (
            "finfuzz: step 2 `drop a` raised E: ",
            Raised(2, "drop a", False, "E", ""),
        ),
        # Two lines of text are one, so no text can look like another step.
        (
            r"finfuzz: step 2 `collect` raised E: a\nfinfuzz: step 3 `collect` raised E: b",
            Raised(2, "collect", False, "E", r"a\nfinfuzz: step 3 `collect` raised E: b"),
        ),
        # As of findings of finfuzz before 0.4.
        ("finfuzz: `import` raised KeyError: 'x'", Raised(0, "import", False, "KeyError", "'x'")),
    ],
)
def test_one_line_is_one_step(line: str, expected: Raised) -> None:
    assert find_raised(f"before\n{line}\nafter\n") == (expected,)


def test_nothing_raised() -> None:
    assert find_raised("TypeError: no list\nself-check: finfuzz: raised\n") == ()
