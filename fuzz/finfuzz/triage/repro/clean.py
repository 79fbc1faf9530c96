"""Make an environment of a CPython, a compiler, and a framework's headers or a package with its
dependencies, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.targets.compiler import find_compiler
from finfuzz.targets.instrumentation import make_variables
from finfuzz.targets.packages.environment import make_environment
from finfuzz.targets.releases import list_root_variables

#: Variables that a compiler or a loader reads, and no script.
_OF_THE_COMPILER = ("CXX", "CPATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "LD_LIBRARY_PATH")

#: The number of paths for the interpreter and for the script, and the characters by which each path
#: exceeds the one before. Memory comes in blocks of 16 bytes: the paths end at each place in one.
_PYTHONS, _PYTHON_STEP = 5, 17
_FOLDERS, _FOLDER_STEP = 11, 7


class CleanEnvironment:
    """A virtual environment of the build's CPython, with the packages that the script names.

    A package that a user installed is there in the user's own Python only, so that runs the script.
    ``python``: the interpreter; ``environment``: all variables; ``folder``: empty, for copies and
    other paths. Raise UserError if there can't be such an environment.
    """

    def __init__(self, folder: Path, made: Build) -> None:
        self._folder = folder
        self.environment = _make_variables(folder, made)
        self.python, self._prefix = self._prepare(made)

    def _prepare(self, made: Build) -> tuple[str, Path | None]:
        """Return the interpreter, and the folder that it is in by any path."""
        package = made.package
        if package is not None and package.site:
            return str(made.interpreter.path), None
        if package is not None and package.pins:
            python = make_environment(package.pins, made.interpreter)
            return str(python), python.parent.parent
        prefix = self._folder / "venv"
        _make_empty(prefix, made, self.environment)
        return str(prefix / "bin" / "python"), prefix

    def pick_python(self, run: int) -> str:
        """Return the same interpreter, by a path of another length from run to run.

        The length of a path can decide what freed memory holds: a script that used freed memory
        crashed in 10 of 10 runs by one path, and in none by another.
        """
        if self._prefix is None:
            return self.python
        alias = self._folder / ("p" * (1 + _PYTHON_STEP * (run % _PYTHONS)))
        if not alias.is_symlink():
            alias.symlink_to(self._prefix)
        return str(alias / "bin" / "python")

    def pick_folder(self, folder: Path, run: int) -> Path:
        """Return the script's own folder for run 0, then copies of it with longer paths."""
        if run % _FOLDERS == 0:
            return folder
        copy = self._folder / ("s" * (_FOLDER_STEP * (run % _FOLDERS)))
        if not copy.exists():
            copy.mkdir()
            for path in folder.glob("*.py"):
                shutil.copy(path, copy)
            for path in folder.glob("*.so"):
                (copy / path.name).symlink_to(path.absolute())
        return copy


def _make_empty(prefix: Path, made: Build, environment: dict[str, str]) -> None:
    python = str(made.interpreter.executable)
    done = subprocess.run(
        [python, "-I", "-m", "venv", "--without-pip", "--symlinks", str(prefix)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        raise UserError(f"{python} can't make a virtual environment: {said}")


def _make_variables(folder: Path, made: Build) -> dict[str, str]:
    compiler = find_compiler()
    variables = {name: os.environ[name] for name in _OF_THE_COMPILER if name in os.environ}
    variables |= {
        "PATH": os.pathsep.join([str(compiler.parent), os.defpath]),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
    }
    variables.setdefault("CXX", str(compiler))
    return variables | make_variables(made.interpreter) | list_root_variables(made.spec)
