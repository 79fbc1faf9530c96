"""Documents of right form and wrong content, and what may not happen when they are read."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finfuzz.support.errors import UserError

#: Examples of a test, in `make test` and in `make test-all`.
EXAMPLES = pytest.mark.parametrize(
    "examples", [100, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(7200)])]
)

NASTY_TEXTS = st.sampled_from(
    [
        *("", " ", "..", "../../x", "/etc/passwd", "a\0b", "a\nb", "\x1b[2J", "\u202e", "<script>"),
        *("[/b]", "{{7*7}}", "a" * 5000, "%s%n", "`|", '"""', "'; x", "-1", "1e999", "NaN", "🦀"),
        *("pybind11@/tmp", "pybind11==9999", "plain-c+leak", "wheel:x==1", "3.99.99", "SIGKILL"),
    ]
)
TEXTS = NASTY_TEXTS | st.text(max_size=30)
NUMBERS = (
    st.sampled_from([0, -1, 1, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), 10**400, 1e300, -0.0])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=6,
)


@st.composite
def changed(draw: st.DrawFn, document: Any) -> Any:
    """Draw a document with one to three values replaced, removed or repeated."""
    made = [copy.deepcopy(document)]
    for _ in range(draw(st.integers(1, 3))):
        places = list(_list_places(made))
        container, key = draw(st.sampled_from(places))
        how = draw(st.sampled_from(["replace", "replace", "remove", "repeat"]))
        if how == "replace" or container is made:
            container[key] = draw(VALUES)
        elif how == "remove":
            del container[key]
        elif isinstance(container, list):
            container.insert(key, copy.deepcopy(container[key]))
        else:
            container[draw(TEXTS)] = copy.deepcopy(container[key])
    return made[0]


@st.composite
def documents(draw: st.DrawFn, document: Any) -> bytes:
    """Draw the bytes of a changed document, one in five of them damaged as bytes."""
    text = _encode(draw(changed(document)))
    return text if draw(st.integers(0, 4)) else draw(damaged(text))


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Draw bytes that are cut, or have others at some place."""
    begin = draw(st.integers(0, len(data)))
    end = draw(st.integers(begin, min(begin + 20, len(data))))
    more = draw(st.binary(max_size=8) | st.sampled_from([b"[" * 2000, b"\xff", b"\0", b'"', b""]))
    return data[:begin] + more + (data[end:] if draw(st.booleans()) else b"")


def check(strategy: st.SearchStrategy[Any], examples: int, read: Callable[[Any], object]) -> None:
    """Run a reader on so many examples: it returns, or raises UserError with one line."""

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(strategy)
    def run(example: Any) -> None:
        try:
            read(example)
        except UserError as error:
            assert len(str(error)) < 5000  # noqa: PT017

    run()


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """The files below a folder, with size and time: what a reader must leave as it is."""
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            status = os.lstat(Path(parent, name))
            found[str(Path(parent, name))] = (status.st_size, status.st_mtime_ns)
    return found


def _list_places(container: Any) -> Iterator[tuple[Any, Any]]:
    keys = container.keys() if isinstance(container, dict) else range(len(container))
    for key in list(keys):
        yield container, key
        if isinstance(container[key], dict | list):
            yield from _list_places(container[key])


def _encode(document: Any) -> bytes:
    try:
        return msgspec.json.encode(document)
    except (UnicodeEncodeError, OverflowError, msgspec.MsgspecError):
        return repr(document).encode("utf-8", "backslashreplace")
