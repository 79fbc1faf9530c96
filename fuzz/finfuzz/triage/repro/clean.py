"""Make an environment of a CPython, a compiler and a framework's headers, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.targets.compiler import find_compiler
from finfuzz.targets.instrumentation import make_variables
from finfuzz.targets.releases import list_header_variables

#: Variables that a compiler or a loader reads, and no script.
_OF_THE_COMPILER = ("CXX", "CPATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "LD_LIBRARY_PATH")

#: The number of paths for the interpreter and for the script, and the characters by which each path
#: exceeds the one before. Memory comes in blocks of 16 bytes: the paths end at each place in one.
_PYTHONS, _PYTHON_STEP = 5, 17
_FOLDERS, _FOLDER_STEP = 11, 7


class CleanEnvironment:
    """A new virtual environment of the build's CPython, made in an empty folder.

    ``python``: its interpreter, with no site-packages; ``environment``: all variables.
    Raise UserError if the CPython can't make one.
    """

    def __init__(self, folder: Path, made: Build) -> None:
        self._folder = folder
        self.python = str(folder / "venv" / "bin" / "python")
        self.environment = _make_variables(folder, made)
        command = [
            str(made.interpreter.executable),
            "-I",
            "-m",
            "venv",
            "--without-pip",
            "--symlinks",
        ]
        done = subprocess.run(
            [*command, str(folder / "venv")],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().rpartition("\n")[2]
            raise UserError(f"{command[0]} can't make a virtual environment: {said}")

    def pick_python(self, run: int) -> str:
        """Return the same interpreter, by a path of another length from run to run.

        The length of a path can decide what freed memory holds: a script that used freed memory
        crashed in 10 of 10 runs by one path, and in none by another.
        """
        alias = self._folder / ("p" * (1 + _PYTHON_STEP * (run % _PYTHONS)))
        if not alias.is_symlink():
            alias.symlink_to("venv")
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
    return variables | make_variables(made.interpreter) | list_header_variables(made.spec)
