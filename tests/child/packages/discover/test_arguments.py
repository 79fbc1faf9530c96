"""The arguments that are tried."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.discovery import load_child

arguments = load_child("arguments")
safety = load_child("safety")
KNOWN = {"Variable": "t.Variable()"}


def parameter(
    name: str, annotation: str = "", *, sort: str = "either", required: bool = True
) -> dict[str, Any]:
    return {"name": name, "sort": sort, "annotation": annotation, "required": required}


@pytest.mark.parametrize(
    ("name", "annotation", "first"),
    [
        ("x", "int", "1"),
        ("x", "str | None", "'a'"),
        ("x", "mine.Variable", "t.Variable()"),
        ("x", "collections.abc.Callable[[int], str]", "lambda *a, **k: None"),
        ("x", "list[str]", "['a']"),
        ("x", "Literal['ascii', 'utf8']", "'ascii'"),
        ("x", "numpy.ndarray", "[[0.0, 1.0], [1.0, 0.0]]"),
        ("query", "str", "'select 1'"),
        ("callback", "", "lambda *a, **k: None"),
        ("label", "", "'a'"),
        ("whatever", "", "'a'"),
    ],
)
def test_guesses(name: str, annotation: str, first: str) -> None:
    assert arguments.guess_values(parameter(name, annotation), KNOWN)[0] == first


@pytest.mark.parametrize("name", ["pid", "fd", "fileno", "file_handle", "signum", "ptr"])
@pytest.mark.parametrize("annotation", ["int", ""])
def test_no_number_where_a_process_or_descriptor_may_be_meant(name: str, annotation: str) -> None:
    guesses = arguments.guess_values(parameter(name, annotation), KNOWN)
    assert not any(one.isdigit() for one in guesses)


def test_types_with_such_a_parameter_get_no_number_from_the_list_either() -> None:
    calls = arguments.list_generic_calls([[parameter("fd"), parameter("mode")]])
    assert calls
    assert not any("1" in one.split(", ") for one in calls)
    assert "1" in arguments.list_generic_calls([[parameter("size")]])
    assert "1, cell" not in arguments.list_generic_holding_calls("cell", numbers=False)


def test_functions_without_a_signature_get_no_number() -> None:
    assert not any(one.isdigit() for one in arguments.FUNCTION_ARGUMENTS)


def test_calls_have_the_required_parameters_then_one_optional_one_each() -> None:
    signature = [
        parameter("name", "str"),
        parameter("size", "int", required=False),
        parameter("hook", "Callable", sort="keyword", required=False),
        parameter("args", sort="star", required=False),
    ]
    assert arguments.list_calls([signature], {}) == [
        "'a'",
        "'a', 1",
        "'a', hook=lambda *a, **k: None",
    ]


def test_nothing_is_called_where_a_value_cannot_be_guessed() -> None:
    assert arguments.list_calls([[parameter("x", "mine.Unknown")]], {}) == []


def test_holding_calls() -> None:
    signature = [
        parameter("name", "str", required=False, sort="positional"),
        parameter("values", "Sequence[object]"),
        parameter("extra", "dict", required=False),
        parameter("rest", sort="stars", required=False),
    ]
    calls = arguments.list_holding_calls([signature[1:]], {}, "cell")
    assert calls[:2] == ["cell", "[cell]"]
    assert "[1, 2], {'a': cell}" in calls
    assert "[1, 2], a=cell" in calls
    assert arguments.list_holding_calls([signature], {}, "cell") == [
        *("cell, [1, 2]", "cell, ['a']", "values=cell", "values=[cell]"),
        *("values=[1, 2], extra=cell", "values=['a'], extra=cell"),
        *("values=[1, 2], extra={'a': cell}", "values=['a'], extra={'a': cell}"),
        *("values=[1, 2], a=cell", "values=['a'], a=cell"),
    ]


def test_a_call_that_works_is_varied() -> None:
    signature = [parameter("a"), parameter("b", required=False), parameter("c", required=False)]
    assert arguments.vary_call("t.A(3, b=1)", [signature], "cell") == [
        *("cell, b=1", "[cell], b=1", "3, b=cell", "3, b=[cell]", "3, b=1, c=cell"),
    ]


def test_every_generic_call_has_the_object() -> None:
    assert all("cell" in one for one in arguments.list_generic_holding_calls("cell"))


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        *(("append", True), ("setContext", True), ("executor", True), ("maintain", True)),
        *(("os_exit", False), ("killAll", False), ("_private", False), ("SystemExec", False)),
        *(("wait", False), ("forkServer", False)),
    ],
)
def test_names_of_what_is_called(name: str, allowed: bool) -> None:
    assert safety.is_allowed(name) == allowed
