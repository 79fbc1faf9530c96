"""The pytest plugin that pytest itself loads: options only, until `--finfuzz` is given.

pytest loads this module in every project. So it must not fail where a `finfuzz.py` in the working
folder hides the package, and it must not import the package where nobody asks for it.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

_PACKAGE = Path(__file__).resolve().with_name("finfuzz")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("finfuzz")
    group.addoption("--finfuzz", action="store_true", help="replay programs and findings")
    for option, value in (
        ("--finfuzz-target", "a target, as for `finfuzz replay --target`"),
        ("--finfuzz-python", "a version (3.13) or the path of an interpreter"),
    ):
        group.addoption(option, action="append", default=[], help=f"{value}; repeatable")
    trust = "also run recipes of findings that somebody else wrote"
    group.addoption("--finfuzz-trust", action="store_true", help=trust)


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("finfuzz"):
        return
    if other := _hiding():
        raise pytest.UsageError(
            f"--finfuzz: {other} hides the package finfuzz: rename it, or start pytest so that its "
            "folder is not on the path (`pytest` or `python -P -m pytest`)"
        )
    from finfuzz.replay import pytest_plugin  # noqa: PLC0415  only now: most runs don't need it

    config.pluginmanager.register(pytest_plugin, "finfuzz-replay")


def _hiding() -> str:
    """The file that `import finfuzz` finds in place of the package; empty where there is none."""
    loaded = sys.modules.get("finfuzz")
    spec = getattr(loaded, "__spec__", None) if loaded else find_spec("finfuzz")
    places = [*(spec.submodule_search_locations or ()), spec.origin] if spec else []
    if any(place and Path(place).resolve() == _PACKAGE for place in places):
        return ""
    return str(spec.origin if spec and spec.origin else "another module `finfuzz`")
