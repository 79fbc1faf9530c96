"""CPythons that have to be compiled: free-threaded, with coverage of their own, with sanitizers."""

from __future__ import annotations

import pytest

from finfuzz.targets.interpreters import Interpreter


def find_free_threaded(pythons: list[Interpreter]) -> Interpreter:
    """Return a free-threaded CPython; skip the test where none is found."""
    found = [python for python in pythons if "t-" in python.ext_suffix]
    if not found:
        pytest.skip("no free-threaded CPython on PATH (configure --disable-gil, make install)")
    return found[0]
