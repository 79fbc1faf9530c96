"""Make virtual environments that have exactly some packages, to run scripts as users would."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from finfuzz.support.errors import UserError
from finfuzz.targets.cache import find_cache
from finfuzz.targets.instrumentation import make_variables
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages import uv
from finfuzz.targets.packages.failures import explain_install
from finfuzz.targets.packages.folders import fill_once
from finfuzz.targets.packages.uv import UvError

RECORD = "environment.json"
_PYTHON = "bin/python"
_ASK = "import sys, sysconfig; print(sys.prefix, sysconfig.get_path('purelib'), sep='\\n')"


class _Record(msgspec.Struct):
    pins: tuple[str, ...]
    python: str


def make_environment(
    pins: tuple[str, ...],
    interpreter: Interpreter,
    *,
    from_source: bool = False,
    announce: Callable[[str], None] = lambda _: None,
) -> Path:
    """Return the Python of a virtual environment with these packages and no others.

    ``pins``: `name==version` of each, dependencies included; may be empty. ``announce`` gets one
    line before an environment is made. Raise UserError if a package can't be installed, or if the
    CPython can't be used in a virtual environment.
    """
    facts = (*sorted(pins), interpreter.build_key, from_source)
    name = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    folder = find_cache() / "environments" / name

    def fill(made: Path) -> _Record:
        announce(f"making an environment with {', '.join(pins)} for CPython {interpreter.text}")
        _make_empty(made, interpreter)
        _install_into(made, pins, interpreter, from_source)
        return _Record(pins, interpreter.name)

    fill_once(folder, RECORD, _Record, fill)
    return folder / _PYTHON


def _make_empty(folder: Path, interpreter: Interpreter) -> None:
    """Make what `python -m venv --without-pip` makes: some CPythons come without that module."""
    executable = interpreter.executable
    major, minor, micro = interpreter.version
    (folder / "bin").mkdir()
    for name in ("python", "python3", f"python{major}.{minor}"):
        os.symlink(executable, folder / "bin" / name)
    settings = {
        "home": executable.parent,
        "include-system-site-packages": "false",
        "version": f"{major}.{minor}.{micro}",
        "executable": executable,
        "relocatable": "true",  # uv writes scripts that stand the folder being renamed
    }
    lines = [f"{key} = {value}\n" for key, value in settings.items()]
    (folder / "pyvenv.cfg").write_text("".join(lines))
    os.symlink("lib", folder / "lib64")
    prefix, site = _ask(folder / _PYTHON, interpreter)
    if Path(prefix).resolve() != folder.resolve():
        raise UserError(
            f"{interpreter.name} can't be used in a virtual environment (its prefix stays "
            f"{prefix}): choose another with --python"
        )
    Path(site).mkdir(parents=True)


def _ask(python: Path, interpreter: Interpreter) -> list[str]:
    done = subprocess.run(
        [python, "-I", "-c", _ASK],
        env={**os.environ, **make_variables(interpreter)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        *_, last = ["", *done.stderr.strip().splitlines()]
        raise UserError(f"{interpreter.name} can't be used in a virtual environment: {last}")
    return done.stdout.splitlines()


def _install_into(
    folder: Path, pins: tuple[str, ...], interpreter: Interpreter, from_source: bool
) -> None:
    inside = dataclasses.replace(interpreter, executable=folder / _PYTHON)
    try:
        if pins:
            uv.install(pins, inside, from_source=from_source)
    except UvError as error:
        raise explain_install(error, pins, interpreter) from None
