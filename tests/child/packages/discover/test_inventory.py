"""What a package offers: public names of its own, by the shortest expression."""

from __future__ import annotations

import collections
import decimal
import importlib.machinery
import json
import sys
import types
from pathlib import Path

import pytest

from helpers.discovery import load_child

inventory = load_child("inventory")
members = load_child("members")
SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]


def test_types_and_functions_of_json() -> None:
    found = inventory.Inventory(json)
    types_ = dict(found.types)
    assert types_["t.JSONDecoder"] is json.JSONDecoder
    assert "t.decoder.JSONDecoder" not in types_
    assert dict(found.functions)["t.dumps"] is json.dumps
    assert found.compiled == ["_json"]


def test_what_comes_from_elsewhere_is_left_out() -> None:
    module = types.ModuleType("mine")
    module.__dict__.update(deque=collections.deque, loads=json.loads, Own=type("Own", (), {}))
    module.Own.__module__ = "mine"
    module.__dict__.update(_Private=type("_Private", (), {"__module__": "mine"}))
    module.__dict__.update(alias=module.Own, own=module.Own())
    found = inventory.Inventory(module)
    assert [path for path, _ in found.types] == ["t.Own"]
    assert found.functions == []
    assert [path for path, _ in found.constants] == ["t.own"]


@pytest.mark.parametrize(
    ("module", "owned"),
    [
        *(("mine", True), ("mine.inner", True), ("_mine", True), ("no_such_module", True)),
        *(("builtins", False), ("collections", False), ("pytest", False)),
    ],
)
def test_what_a_package_owns(module: str, owned: bool) -> None:
    found = inventory.Inventory(types.ModuleType("mine"))
    assert found.owns_module(module) == owned


def test_extension_modules_that_the_import_leaves_out(tmp_path: Path) -> None:
    package = types.ModuleType("mine")
    package.__path__ = [str(tmp_path)]
    for name in ("etree", "_private", "inner/deep", "tests/helper", "python.py", "inner/_hidden"):
        path = tmp_path / (name if name.endswith(".py") else name + SUFFIX)
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    assert inventory.list_compiled_submodules(package) == ["mine.etree", "mine.inner.deep"]


def test_members_of_an_object() -> None:
    owns = inventory.Inventory(sys.modules["decimal"]).owns
    stubs = load_child("stubs").Stubs()
    described = members.describe_members(decimal.Decimal(1), owns, stubs)
    assert "real" in described["attributes"]
    assert [one["name"] for one in described["methods"]["sqrt"][0]] == ["context"]
    assert "from_float" not in described["methods"]  # of the class
    assert not described["items"]
