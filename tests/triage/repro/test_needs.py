"""A script says what it needs of its Python, and checks that before it imports anything."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from finfuzz.program.text import parse
from finfuzz.support.cpythons import Version
from finfuzz.targets.spec import parse_target
from finfuzz.triage.repro.needs import IN_CAPI, Need, describe_needs, list_needs, write_checks
from finfuzz.triage.repro.write import write_script


@pytest.mark.parametrize(
    ("abiflags", "diagnostic", "uses", "nouns"),
    [
        ("", "none", (), ""),
        ("t", "none", (), "a free-threaded CPython"),
        ("d", "negative-refcount", (), "a debug build of CPython"),
        ("td", "gc-invariant", (), "a free-threaded CPython, and a debug build of CPython"),
        ("d", "hang", (), ""),  # a release build may hang, too
        ("", "negative-refcount", (), ""),
        ("", "none", ("sys", "_interpreters"), "CPython 3.13 or later"),
        ("", "none", ("_xxsubinterpreters as _interpreters",), "CPython 3.12 or earlier"),
        ("", "none", (IN_CAPI,), "CPython 3.12 or later"),
        ("", "none", (IN_CAPI, "concurrent.interpreters as interpreters"),
         "CPython 3.14 or later"),
    ],
)  # fmt: skip
def test_needs(abiflags: str, diagnostic: str, uses: tuple[str, ...], nouns: str) -> None:
    assert describe_needs(list_needs(abiflags, diagnostic, uses)) == nouns


PROGRAM = "finfuzz 1\nstart i1 isolated\nenter i1\nnode a container\n"


@pytest.mark.parametrize(
    ("python", "abiflags", "diagnostic", "checked"),
    [
        ((3, 13, 18), "", "none", ["sys.version_info < (3, 13)"]),
        ((3, 12, 1), "", "none", ["sys.version_info < (3, 12)"]),
        ((3, 11, 7), "", "none", []),
        ((3, 14, 10), "d", "negative-refcount",
         ["'d' not in sys.abiflags", "sys.version_info < (3, 13)"]),
        ((3, 14, 10), "td", "none", ["'t' not in sys.abiflags", "sys.version_info < (3, 13)"]),
    ],
)  # fmt: skip
def test_the_checks_come_before_every_import_but_sys(
    python: Version, abiflags: str, diagnostic: str, checked: list[str]
) -> None:
    files = write_script(
        parse(PROGRAM), parse_target("plain-c"), python, "It.", diagnostic=diagnostic,
        abiflags=abiflags,
    )  # fmt: skip
    body = ast.parse(files["repro.py"]).body[1:]
    if checked:
        assert ast.unparse(body[0]) == "import sys"
        tests = [one for one in body[1:] if isinstance(one, ast.If)][: len(checked)]
        assert body[1 : 1 + len(checked)] == tests
        assert [ast.unparse(one.test) for one in tests] == checked
    needs = [line for line in files["repro.py"].splitlines() if line.startswith("It needs ")]
    assert len(needs) == bool(checked)


def test_another_build_is_one_line(tmp_path: Path) -> None:
    script = tmp_path / "repro.py"
    checks = write_checks([Need('"x" not in sys.abiflags', "an x build of CPython")], "python3.9x")
    script.write_text(f"{checks}import no_such_module\n")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "this script needs an x build of CPython: run it by python3.9x\n"


def test_found_on_a_debug_build_it_may_show_on_another() -> None:
    script = write_script(
        parse("finfuzz 1\nnode a list\n"), parse_target("no-extension"), (3, 14, 10), "It.",
        abiflags="d",
    )["repro.py"]  # fmt: skip
    assert 'sys.version_info[:2] != (3, 14) or "d" not in sys.abiflags:' in script
    assert "made for CPython 3.14, a debug build: another version may behave differently" in script
