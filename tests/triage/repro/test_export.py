"""A finding as a test that others can run: it fails while the defect is there, and only then."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.releases import find_root
from finfuzz.targets.spec import parse_target
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.repro.export import write_pytest_file
from finfuzz.triage.repro.write import write_script
from helpers.finding_example import bare_finding as finding

PROGRAM = "finfuzz 1\nnode a container\nedge a a append\nroot a codec\n"
HERE = sys.version_info[:2]


def filed(folder: Path, **changes: object) -> Finding:
    """A finding of the Python that runs these tests, with its script in the folder."""
    one = finding(program=PROGRAM, script=Rate(10, 10), **changes)
    one.target = type(one.target)(
        "pybind11==3.1.0+destroy", "pybind11", "3.1.0", "destroy", "{}.{}.0".format(*HERE), "b"
    )
    spec = parse_target(one.target.spec)
    for name, text in write_script(parse(PROGRAM), spec, HERE, "A story.").items():
        (folder / name).write_text(text, encoding="utf-8")
    return one


def names_of(text: str) -> dict[str, object]:
    """The constants on top of a test."""
    assigned = [node for node in ast.parse(text).body if isinstance(node, ast.Assign)]
    return {ast.unparse(node.targets[0]): ast.literal_eval(node.value) for node in assigned}


def test_it_holds_the_script_as_it_is(tmp_path: Path) -> None:
    text = write_pytest_file(tmp_path, filed(tmp_path))
    there = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert names_of(text)["FILES"] == there


RAISES = ("ImportError", "generic_type: type … is already registered!", "import")
RAISED = [
    ('raised: ImportError: generic_type: type "Box" is already registered!', True),
    ('raised: ImportError: generic_type:  type "Tin"  is already registered! And more', True),
    ("raised: ValueError: generic_type: type Box is already registered!", False),
    ("ImportError: generic_type: type Box is already registered!", False),
    ("raised: ImportError: no such module", False),
]


@pytest.mark.parametrize(("line", "there"), RAISED)
def test_an_exception_that_a_script_prints_is_a_symptom(
    line: str, there: bool, tmp_path: Path
) -> None:
    """A test of `raises` passed while the defect was there."""
    one = filed(tmp_path)
    one.signal, one.diagnostic, one.frames = "NONE", "raises", RAISES
    (symptom,) = names_of(write_pytest_file(tmp_path, one))["SYMPTOMS"]  # type: ignore[misc]
    assert bool(re.search(symptom, f"before\n{line}\nafter\n")) is there


def test_a_leak_is_a_symptom(tmp_path: Path) -> None:
    one = filed(tmp_path)
    one.signal, one.diagnostic = "NONE", "leak-report"
    symptoms = names_of(write_pytest_file(tmp_path, one))["SYMPTOMS"]
    said = "nanobind: leaked 3 instances!"
    assert any(re.search(each, said) for each in symptoms)  # type: ignore[attr-defined]


@pytest.mark.parametrize("diagnostic", ["hook-not-run", "no-thread-state"])
def test_what_no_script_shows_is_no_test(diagnostic: str, tmp_path: Path) -> None:
    one = filed(tmp_path)
    one.signal, one.diagnostic, one.frames = "NONE", diagnostic, ("hook del",)
    with pytest.raises(UserError, match=f"a script does not show {diagnostic}"):
        write_pytest_file(tmp_path, one)


@pytest.mark.parametrize("text", ["'''", "a\\", "\\x00 \\n\n", 'r"""a"""\n', "é…\n"])
def test_any_source_can_be_held(text: str, tmp_path: Path) -> None:
    one = filed(tmp_path)
    (tmp_path / "repro.py").write_text(text, encoding="utf-8")
    files = names_of(write_pytest_file(tmp_path, one))["FILES"]
    assert isinstance(files, dict)
    assert files["repro.py"] == text


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({}, "EXIT_CODES", [0]),
        ({"program": f"{PROGRAM}exit exception\n"}, "EXIT_CODES", [0, 1]),
        ({"program": f"{PROGRAM}exit interrupt\n"}, "EXIT_CODES", [-2, 0]),
        ({}, "SYMPTOMS", []),
        ({"signal": "NONE", "diagnostic": "wrong-answer"}, "SYMPTOMS", [r"self\-check:\ "]),
        ({}, "RUNS", 1),
        ({"script": Rate(5, 10)}, "RUNS", 5),
        ({}, "PYTHON", HERE),
    ],
)
def test_what_it_asks_for(
    changes: dict[str, object], name: str, value: object, tmp_path: Path
) -> None:
    one = filed(tmp_path)
    for key, changed in changes.items():
        setattr(one, key, changed)
    assert names_of(write_pytest_file(tmp_path, one))[name] == value


def test_its_docstring_says_how_it_dies_today(tmp_path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(write_pytest_file(tmp_path, filed(tmp_path)))) or ""
    assert "Crashes (SIGABRT, internals-recreated) in Py_FinalizeEx" in docstring
    assert "10 of 10" in docstring


def test_a_script_that_is_not_there_is_said(tmp_path: Path) -> None:
    one = filed(tmp_path)
    (tmp_path / "repro.py").unlink()
    with pytest.raises(UserError, match="can't read the script "):
        write_pytest_file(tmp_path, one)


def run_pytest(file: Path, **variables: str) -> str:
    """What pytest says of the one test in it, in a word and a line."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(file.parent), **variables}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", file.name],
        cwd=file.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    folder = tmp_path / "finding"
    folder.mkdir()
    file = tmp_path / "test_exported.py"
    file.write_text(write_pytest_file(folder, filed(folder)), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def include() -> str:
    return str(find_root(parse_target("pybind11==3.1.0")))


@pytest.mark.slow
def test_it_fails_while_the_defect_is_there(exported: Path, include: str) -> None:
    said = run_pytest(exported, PYBIND11_INCLUDE=include)
    assert "1 failed" in said
    assert "crashed (SIGABRT)" in said
    assert "reentrant call detected" in said


@pytest.mark.slow
def test_it_passes_in_a_checkout_where_that_is_mended(exported: Path, include: str) -> None:
    """There the internals are not destroyed: the test finds the headers above itself."""
    (exported.parent / "include").symlink_to(include)
    text = exported.read_text(encoding="utf-8")
    assert text.count("    apply_policy();\n") == 1
    tests = exported.parent / "tests"
    tests.mkdir()
    (tests / exported.name).write_text(text.replace("    apply_policy();\n", ""), encoding="utf-8")
    assert "1 passed" in run_pytest(tests / exported.name)


def test_it_is_skipped_without_a_compiler(exported: Path) -> None:
    said = run_pytest(exported, CXX="/no/such/compiler -O1")
    assert "1 skipped" in said
    assert "no C++ compiler /no/such/compiler" in said


def test_it_is_skipped_on_another_python(exported: Path) -> None:
    text = exported.read_text(encoding="utf-8")
    exported.write_text(text.replace(f"PYTHON = {HERE}", "PYTHON = (3, 8)"), encoding="utf-8")
    assert "1 skipped" in run_pytest(exported)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    one = filed(tmp_path)
    (tmp_path / "secret").write_text("of the reader's machine")
    (tmp_path / "repro.py").unlink()
    (tmp_path / "repro.py").symlink_to(tmp_path / "secret")
    with pytest.raises(UserError, match="is a link"):
        write_pytest_file(tmp_path, one)


def test_a_package_is_known_by_its_distribution_or_its_module(tmp_path: Path) -> None:
    """A wheel's module may have another name: the test of PyYAML was always skipped."""
    one = filed(tmp_path)
    one.target = type(one.target)("wheel:PyYAML==6.0", "wheel", "6.0", "", "3.13.0", "b")
    text = write_pytest_file(tmp_path, one)
    assert names_of(text)["PACKAGE"] == "PyYAML"
    tree = ast.parse(text)
    (function,) = [node for node in tree.body if getattr(node, "name", "") == "is_installed"]
    names: dict[str, Any] = {}
    exec("import importlib.metadata, importlib.util\n" + ast.unparse(function), names)
    is_installed = names["is_installed"]
    assert is_installed("json")
    assert is_installed("pytest")
    assert not is_installed("no-such.package")
