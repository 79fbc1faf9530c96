"""Signatures: of Python and C functions, of docstrings, of stubs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.discovery import load_child

signatures = load_child("signatures")
stubs = load_child("stubs")


def short(signature: list[dict[str, Any]]) -> list[str]:
    """Write each parameter as `sort name: annotation`, with `=` behind an optional one."""
    return [
        f"{one['sort']} {one['name']}: {one['annotation']}" + ("" if one["required"] else "=")
        for one in signature
    ]


def function(a: int, /, b: str = "", *rest: bytes, c: float, **named: object) -> None: ...


def test_a_function_in_python() -> None:
    (found,) = signatures.read_signatures(function, "function")
    assert short(found) == [
        *("positional a: int", "either b: str=", "star rest: bytes="),
        *("keyword c: float", "stars named: object="),
    ]


def test_a_function_in_c() -> None:
    (found,) = signatures.read_signatures([].append, "append")
    assert short(found) == ["positional object: "]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, []),
        ("A function.", []),
        ("add(self: m.A, x: int, y: float = 0.5) -> None\n\nAdd.", [["x: int", "y: float="]]),
        (
            "add(*args, **kwargs)\nOverloaded function.\n\n1. add(self: m.A, x: int) -> None\n\n"
            "2. add(self: m.A, colour: m.Colour = <Colour.RED: 1>) -> None\n",
            [["x: int"], ["colour: m.Colour="]],
        ),
        ("add(self, x: object | None = None, *, deep: bool = False) -> A", [["x", "deep"]]),
        ("add(this is no Python)", []),
    ],
)
def test_docstrings(text: str | None, found: list[list[str]]) -> None:
    read = [short(one) for one in signatures.read_docstring(text, "add")]
    assert len(read) == len(found)
    for signature, names in zip(read, found, strict=True):
        assert all(name in one for one, name in zip(signature, names, strict=True))


STUB = """
import sys
class A:
    def __init__(self, x: int) -> None: ...
    @overload
    def add(self, x: int) -> None: ...
    @overload
    def add(self, x: str, /) -> None: ...
    @staticmethod
    def make(name: str) -> A: ...
    @classmethod
    def new(cls, name: str) -> A: ...
if sys.version_info >= (3, 10):
    def run(self: int, callback: Callable[[], None] = ...) -> None: ...
"""


def test_stubs(tmp_path: Path) -> None:
    package = tmp_path / "mine"
    package.mkdir()
    (package / "_c.pyi").write_text(STUB)
    (package / "newer.pyi").write_text("def broken(:\n")
    (tmp_path / "_mine-stubs").mkdir()
    (tmp_path / "_mine-stubs" / "__init__.pyi").write_text("def other() -> None: ...\n")
    found = stubs.read_stubs([f"{package}/"], ("mine", "_mine"))
    derived = type("B", (type("A", (), {}),), {})
    assert [short(one) for one in found.find_constructor(derived)] == [["either x: int"]]
    assert [short(one) for one in found.find_method(derived, "add")] == [
        ["either x: int"],
        ["positional x: str"],
    ]
    assert short(found.find_method(derived, "make")[0]) == ["either name: str"]
    assert short(found.find_method(derived, "new")[0]) == ["either name: str"]
    assert short(found.find_function("run")[0]) == [
        "either self: int",
        "either callback: Callable[[], None]=",
    ]
    assert found.find_function("other") == [[]]
