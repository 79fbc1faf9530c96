"""Static features: what two programs have in common, and in what they differ."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.generation.features import list_features
from finfuzz.program.model import Program
from finfuzz.program.text import parse


def read(text: str) -> Program:
    """Steps separated by semicolons."""
    return parse("finfuzz 1\n" + text.replace(";", "\n"))


SAME = [
    ("node a list; root a sys", "node b list; root b sys"),  # names
    ("start i1 legacy; enter i1; import", "start i2 legacy; enter i2; import"),
]
DIFFERENT = [
    ("node a list", "node a dict"),
    ("node a list; root a sys", "node a list; root a codec"),
    ("node a list; node b list; edge a b append", "node a list; node b list; edge a a append"),
    ("node a list; node b dict; root a sys", "node a list; node b dict; root b sys"),
    ("node a instance", "again; node a instance"),  # another life
    ("import; again; import", "again; import"),  # the life before imported
    ("start i1 legacy; enter i1; import", "start i1 isolated; enter i1; import"),
    ("start i1 legacy; stop i1; import", "start i1 legacy; import"),  # left, or ended
    ("import; start i1 legacy; enter i1; import", "start i1 legacy; enter i1; import"),
    ("elsewhere; import", "import"),
    ("native gil-state; import", "native framework; import"),
    ("start i1 legacy; enter i1; import; stop i1; import", "start i1 legacy; stop i1; import"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_names_make_no_difference(first: str, second: str) -> None:
    assert list_features(read(first)) == list_features(read(second))


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_circumstances_make_one(first: str, second: str) -> None:
    assert list_features(read(first)) - list_features(read(second))


@given(st.from_type(Program))
def test_they_are_numbers_of_32_bits(program: Program) -> None:
    features = list_features(program)
    assert all(0 <= feature < 2**32 for feature in features)
    assert features == list_features(program)


def test_they_are_the_same_in_every_process() -> None:
    """Workers share their counts, and a resumed campaign reads those of another day."""
    code = (
        "from finfuzz.generation.features import list_features\n"
        "from finfuzz.program.text import parse\n"
        "print(sorted(list_features(parse('finfuzz 1\\nnode a list\\nagain\\nnode a list\\n'))))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1
    assert len(answers.pop()) > 20
