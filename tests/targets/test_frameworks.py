"""A framework is named in its record and nowhere else."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from finfuzz.targets.forms import list_target_forms
from finfuzz.targets.frameworks import DEFAULT, FRAMEWORKS, KNOWN
from helpers.places import CHILD, PACKAGE

RECORDS = PACKAGE / "targets" / "frameworks"
NAMES = re.compile("|".join(name.replace("-", "[-_]").replace("+", r"\+") for name in KNOWN))
MODULES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if RECORDS not in path.parents and CHILD / "extensions" not in path.parents
)


def code_of(source: str) -> Iterator[str]:
    """Yield names and strings, without docstrings and comments, which may give examples."""
    documentation = {
        node.body[0].value.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and ast.get_docstring(node) is not None
        and isinstance(node.body[0], ast.Expr)
    }
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            yield token.string
        if token.type == tokenize.STRING and token.start[0] not in documentation:
            yield token.string


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_framework_is_named_elsewhere(path: Path) -> None:
    assert [text for text in code_of(path.read_text("utf-8")) if NAMES.search(text)] == []


def test_every_module_defines_a_record() -> None:
    modules = [
        path.stem for path in RECORDS.glob("*.py") if path.stem not in ("framework", "__init__")
    ]
    assert len(modules) == len(KNOWN)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_target_has_sources_and_controls(name: str) -> None:
    record = FRAMEWORKS[name]
    folders = [CHILD / "extensions" / folder for folder in record.sources]
    assert all(folder.is_dir() for folder in folders)
    assert not folders or (folders[0] / record.main_source).is_file()
    assert record.is_compiled is not bool(record.python_module)
    controls = [FRAMEWORKS[control] for control in record.controls]
    assert all(control.is_control for control in controls)
    # The owner of a finding is read off these: the first has no extension, the others have one.
    assert [control.is_compiled for control in controls] == [False, True][: len(controls)]


def test_one_of_them_is_the_default() -> None:
    assert [name for name, record in FRAMEWORKS.items() if record.default] == [DEFAULT]


def test_forms_name_every_target_and_policy() -> None:
    forms = list_target_forms()
    for name, record in FRAMEWORKS.items():
        assert name in forms
        if record.releases:
            assert all(f"+{policy}" in forms for policy in record.policy_names)
