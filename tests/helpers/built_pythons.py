"""CPythons that have to be compiled: free-threaded, with coverage of their own, with sanitizers."""

from __future__ import annotations

import pytest

from finfuzz.targets.instrumentation import read_instrumentation
from finfuzz.targets.interpreters import Interpreter


def find_free_threaded(pythons: list[Interpreter]) -> Interpreter:
    """Return a free-threaded CPython; skip the test where none is found."""
    found = [python for python in pythons if python.is_free_threaded]
    if not found:
        pytest.skip("no free-threaded CPython on PATH (configure --disable-gil, make install)")
    return found[0]


def find_traced(pythons: list[Interpreter]) -> Interpreter:
    """Return a CPython whose own blocks are counted; skip the test where none is found."""
    found = [one for one in pythons if read_instrumentation(one.executable).has_trace]
    if not found:
        pytest.skip("no CPython with coverage of its own on PATH (docs/how-it-works.md)")
    return found[0]


def find_sanitized(pythons: list[Interpreter], name: str) -> Interpreter:
    """Return a CPython that is compiled with that sanitizer; skip the test where none is found."""
    for python in pythons:
        if name in (one.name for one in read_instrumentation(python.executable).sanitizers):
            return python
    pytest.skip(f"no CPython with {name} on PATH")
