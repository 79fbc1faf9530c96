"""Names of kinds and edges."""

from __future__ import annotations

import pytest

from finfuzz.discovery.names import hyphenate, make_edge_name, make_kind_names, make_unique
from helpers.discovery import make_held, make_kind


@pytest.mark.parametrize(
    ("name", "hyphenated"),
    [
        ("Variable", "variable"),
        ("PyTreeSpec", "py-tree-spec"),
        ("regular_none", "regular-none"),
        ("HTMLParser2", "html-parser-2"),
        ("_Private", "private"),
        ("int64", "int-64"),
        ("_", "n"),
        ("Größe", "gr-e"),
        ("A" * 60, "a" * 36),
    ],
)
def test_hyphenate(name: str, hyphenated: str) -> None:
    assert hyphenate(name) == hyphenated


def test_kinds_with_one_name_get_their_module() -> None:
    kinds = [
        make_kind("Encoder", type="mine.json.Encoder"),
        make_kind("Encoder", type="mine.msgpack.Encoder"),
        make_kind("Raw", type="mine.Raw"),
    ]
    assert make_kind_names(kinds) == ["json-encoder", "msgpack-encoder", "raw"]


def test_equal_names_are_numbered() -> None:
    assert make_unique(["a", "b", "a", "a-2", "a"]) == ["a", "b", "a-2", "a-2-2", "a-3"]


@pytest.mark.parametrize(
    ("member", "name"),
    [("setContext", "context"), ("set", "set"), ("append", "append"), ("cell", "cell-edge")],
)
def test_edges(member: str, name: str) -> None:
    assert make_edge_name(make_held("", member)) == name
