"""No test has a limit of time of its own: pytest's is for all of them, and far away (issue 21)."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.patience import PATIENCE
from helpers.places import ROOT

TESTS = sorted((ROOT / "tests").rglob("*.py"))
#: Ends of waits that a test is about: a hang, a lock, a poll.
MEANT = {
    "plain_scripts.py": "a script that hangs does so for long enough to be told from a slow one",
    "test_crashes.py": "likewise",
    "test_said.py": "takes milliseconds, and minutes where it fails",
    "journals.py": "SQLite waits that long for a lock, and says so",
}


def list_limits(tree: ast.AST) -> Iterator[ast.expr]:
    """List the values of `timeout`, and what is given to pytest's mark and to a browser's wait."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (one.value for one in node.keywords if one.arg == "timeout")
            if (name := ast.unparse(node.func)) == "pytest.mark.timeout":
                yield from node.args
            elif name == "WebDriverWait":
                yield from node.args[1:]


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("run(command, timeout=280)", ["280"]),
        ("process.wait(PATIENCE)", []),
        ("process.wait(timeout=PATIENCE)", ["PATIENCE"]),
        ("WebDriverWait(browser, 20)", ["20"]),
        ("run(command)", []),
        ("@pytest.mark.timeout(120)\ndef test(): pass", ["120"]),
    ],
)
def test_a_limit_is_seen(text: str, limits: list[str]) -> None:
    assert [ast.unparse(one) for one in list_limits(ast.parse(text))] == limits


@pytest.mark.parametrize("path", TESTS, ids=[str(one.relative_to(ROOT)) for one in TESTS])
def test_a_busy_machine_makes_no_test_fail(path: Path) -> None:
    if path.name in MEANT:
        return
    for limit in list_limits(ast.parse(path.read_text("utf-8"))):
        value = limit.value if isinstance(limit, ast.Constant) else ast.unparse(limit)
        patient = value in (None, "PATIENCE") or (isinstance(value, int) and value >= PATIENCE)
        assert patient, f"{path.name}:{limit.lineno}"


def test_pytests_own_limit_comes_after_that_of_a_wait() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]
    assert options["ini_options"]["timeout"] > PATIENCE
