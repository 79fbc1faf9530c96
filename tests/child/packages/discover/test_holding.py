"""What holds what, by reference counts; which types are in C."""

from __future__ import annotations

import collections
import datetime
import enum
import functools
from collections.abc import Callable
from typing import Any

import pytest

from helpers.discovery import load_child

holding = load_child("holding")
natives = load_child("natives")


EVERYTHING: list[object] = []


class Keeps:
    """Keeps what it gets, where the collector sees it or not."""

    def __init__(self, held: object = None) -> None:
        self.held = held

    def keep(self, held: object) -> None:
        self.held = held

    def forget(self, held: object) -> None:
        del held

    def register(self, held: object) -> None:
        EVERYTHING.append(held)

    def refuse(self, held: object) -> None:
        raise TypeError(held)

    def call(self) -> None:
        if callable(self.held):
            self.held()


NAMES = {"t": collections, "Keeps": Keeps, "partial": functools.partial}


def measure(make: str, edge: str | None, *, plain: bool = False, **more: Any) -> Any:
    held = holding.Plain() if plain else holding.make_cell()
    return holding.measure(NAMES, lambda _: {}, make, edge, held, **more)


@pytest.mark.parametrize(
    ("make", "edge", "found"),
    [
        ("t.deque([cell])", None, (True, True)),
        ("t.deque()", "source.append(target)", (True, True)),
        ("Keeps()", "source.keep([target])", (True, True)),
        ("Keeps()", "source.register(target)", (False, False)),
        ("Keeps()", "source.forget(target)", None),
        ("t.deque([1])", "source.append(target); source.pop()", None),
    ],
)
def test_seen_and_freed(make: str, edge: str | None, found: tuple[bool, bool] | None) -> None:
    answer = measure(make, edge)
    assert (answer and (answer["seen"], answer["freed"])) == found


def test_an_object_that_is_no_function() -> None:
    assert measure("Keeps()", "source.keep(target)", plain=True)["freed"]


def test_called() -> None:
    assert not measure("Keeps(cell)", None)["called"]
    assert measure("Keeps(cell)", None, after=["source.call()"])["called"]
    assert measure("t.defaultdict(cell)", None, after=["source['a']"])["called"]


def test_a_call_that_raises_is_no_edge() -> None:
    with pytest.raises(TypeError):
        measure("Keeps()", "source.refuse(target)")


class Derived(collections.deque):  # type: ignore[type-arg]
    pass


class Slots:
    __slots__ = ("a",)


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    ("kind", "is_c"),
    [
        *((collections.deque, True), (datetime.datetime, True), (functools.partial, True)),
        *((Keeps, False), (Derived, False), (Slots, False), (Colour, False)),
        *((collections.UserDict, False), (collections.abc.Hashable, False)),
    ],
)
def test_types_in_c(kind: type, is_c: bool) -> None:
    assert natives.is_c_type(kind) == is_c


def wrapper() -> Keeps:
    return Keeps(collections.deque())


@pytest.mark.parametrize(
    ("make", "layer"),
    [
        (collections.deque, "c"),
        (Derived, "derived"),
        (wrapper, "wrapper"),
        (Keeps, "python"),
    ],
)
def test_layers(make: Callable[[], object], layer: str) -> None:
    own = {collections.deque, Derived, Keeps}
    assert natives.find_layer(make(), own.__contains__) == layer


def test_traits() -> None:
    assert holding.read_traits(collections.deque()) == {
        "weak": True,
        "hashable": False,
        "attributes": False,
        "gc": True,
    }
    assert holding.read_traits(Keeps())["attributes"]


@pytest.mark.parametrize(("top", "expected"), [("json", True), ("_json", True), ("numpy", False)])
def test_the_standard_library(top: str, expected: bool) -> None:
    assert natives.is_stdlib(top) == expected
