"""Help texts, the version, the list of targets, and the installed command."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import click
import pytest

import finfuzz.cli
from finfuzz.cli.group import COMMANDS, cli
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.package_name import FORMS
from helpers.command import finfuzz as run_finfuzz


def test_targets_lists_what_is_there(tmp_path: Path, pythons: list[Interpreter]) -> None:
    done = run_finfuzz("targets", cwd=tmp_path)
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    for found in pythons:
        assert [found.text, str(found.executable)] in [line[:2] for line in lines]
    told = " ".join(done.stdout.split())
    assert re.search(r" pybind11==\S+ \(or [^)]*3\.0\.1, 3\.0\.0\)", told)
    assert re.search(r" nanobind==\S+ \(or [^)]*2\.0\.0\)", told)
    for form in FORMS:
        assert f" {form} {FORMS[form]}" in told
    assert "policies of pybind11: +released, +destroy, +leak, +hold" in done.stdout


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("--help", ["run", "exec", "targets", "doctor"]),
        ("run -h", ["--target", "--python", "--time", "--engine", "--seed", "--json", "--crashes"]),
        ("exec --help", ["PROGRAM", "--target", "--deadline", "--memory", "--abuse"]),
        ("--version", [version("finfuzz")]),
    ],
)
def test_help(command: str, words: list[str], tmp_path: Path) -> None:
    done = run_finfuzz(*command.split(), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [word for word in words if word not in done.stdout] == []


def test_the_installed_command_is_the_same(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("finfuzz")
    if not command.exists():
        pytest.skip("finfuzz is not installed beside this Python")
    done = subprocess.run([command, "-h"], capture_output=True, text=True, cwd=tmp_path, check=True)
    as_module = run_finfuzz("-h", cwd=tmp_path).stdout
    assert done.stdout == as_module.replace("python -m finfuzz", "finfuzz")


def test_every_command_is_in_the_table() -> None:
    for module in pkgutil.iter_modules(finfuzz.cli.__path__):
        import_module(f"finfuzz.cli.{module.name}")
    assert sorted(cli.commands) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_each_command_without_importing_it(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert COMMANDS[name][1].rstrip(".") == command.get_short_help_str(200).rstrip(".")


@pytest.mark.parametrize("group", ["", "corpus"])
def test_help_has_each_sentence_in_full(group: str, tmp_path: Path) -> None:
    """A third of the sentences ended in "..." at 80 columns, before they said what is done."""
    told = " ".join(run_finfuzz(*group.split(), "--help", cwd=tmp_path).stdout.split())
    assert "..." not in told.replace("COMMAND [ARGS]...", "")
    if group:
        assert "stats Report which words of the language the programs of FOLDER use, and" in told
    for name, (_, sentence) in COMMANDS.items() if not group else ():
        assert f" {name} {sentence.rstrip('.')}" in told


#: What takes long to import, and the commands that do without.
HEAVY = {"atheris", "igraph", "jinja2", "junitparser", "matplotlib", "numpy", "pygal", "scipy"}
OF_BUILDS = {"elftools", "filelock", "findpython", "psutil"}
LISTS_MODULES = """
import sys
from finfuzz.cli import main
sys.argv = ["finfuzz", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("command", "without"),
    [
        ("--help", {*HEAVY, *OF_BUILDS, "rich", "msgspec", "packaging", "finfuzz.targets"}),
        ("steps", {*HEAVY, *OF_BUILDS, "finfuzz.targets"}),
        *((f"{name} --help", HEAVY - {"junitparser"}) for name in COMMANDS),
    ],
)
def test_a_command_imports_what_it_needs(command: str, without: set[str], tmp_path: Path) -> None:
    """`--help` took 0.5 s of CPU; on a busy machine that was 2 to 4 s of waiting (issue 21)."""
    done = subprocess.run(
        [sys.executable, "-c", LISTS_MODULES, *command.split()],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert sorted(without & set(done.stderr.split())) == []
