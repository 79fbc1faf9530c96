"""Which reported exceptions a step explains: texts in and out."""

import pytest

from finfuzz.executor.unraisable import find_unraisable

REPORT = """Exception ignored in: <function act at 0x7ffff6f98900>
Traceback (most recent call last):
  File "words.py", line 14, in act
"""


@pytest.mark.parametrize(
    "line",
    [
        "LookupError: lost",
        "TypeError: 'int' object is not callable",
        "RuntimeError: an object is gone",
    ],
)
def test_no_step_explains_it(line: str) -> None:
    assert find_unraisable(f"{REPORT}{line}\n") == (line,)


@pytest.mark.parametrize(
    "line",
    [
        "ValueError: a hook raises",
        "ImportError: sys.meta_path is None, Python is likely shutting down",
        "AttributeError: 'NoneType' object has no attribute 'loads'",
        "TypeError: catching classes that do not inherit from BaseException is not allowed",
        "TypeError: isinstance() arg 2 must be a type, a tuple of types, or a union",
        "TypeError: issubclass() arg 2 must be a class, a tuple of classes, or a union",
        "TypeError: argument of type 'NoneType' is not iterable",
        "ImportError: module mine._core does not support loading in subinterpreters",
        "ImportError: cannot load module more than once per process",
        "NameError: name 'len' is not defined",
        "RuntimeError: sys.excepthook is None",  # of a Thread that is made at the end
    ],
)
def test_a_step_came_too_late_or_was_refused(line: str) -> None:
    assert find_unraisable(f"{REPORT}{line}\n") == ()


def test_each_is_told_once_and_in_order() -> None:
    lines = ("B: b", "A: a", "B: b")
    assert find_unraisable("".join(f"{REPORT}{line}\n" for line in lines)) == ("B: b", "A: a")
