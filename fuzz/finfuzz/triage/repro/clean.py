"""An environment in which there is a CPython, a compiler and a framework's headers, and no more."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.targets.compiler import find_compiler
from finfuzz.targets.releases import header_variables

#: What a compiler or a loader goes by, and no script does.
_OF_THE_COMPILER = ("CXX", "CPATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "LD_LIBRARY_PATH")

#: How many paths there are for the interpreter and for the script, and how much longer each is than
#: the one before. Blocks of memory come in steps of 16 bytes: these meet all places within one.
_PYTHONS, _PYTHON_STEP = 5, 17
_FOLDERS, _FOLDER_STEP = 11, 7


class Clean:
    """A new virtual environment of the build's CPython, made in an empty folder.

    ``python``: its interpreter, without site-packages of anybody; ``environment``: all variables.
    Raises UserError where the CPython can't make one.
    """

    def __init__(self, folder: Path, made: Build) -> None:
        self._folder = folder
        self.python = str(folder / "venv" / "bin" / "python")
        self.environment = _variables(folder, made)
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

    def python_of_run(self, run: int) -> str:
        """The same interpreter, by a path of another length from run to run.

        What becomes of freed memory hangs on as little as that: a script that used some died ten
        of ten times by one path and never by another.
        """
        alias = self._folder / ("p" * (1 + _PYTHON_STEP * (run % _PYTHONS)))
        if not alias.is_symlink():
            alias.symlink_to("venv")
        return str(alias / "bin" / "python")

    def folder_of_run(self, folder: Path, run: int) -> Path:
        """The script's own folder first, then folders with the script whose paths are longer."""
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


def _variables(folder: Path, made: Build) -> dict[str, str]:
    compiler = find_compiler()
    variables = {name: os.environ[name] for name in _OF_THE_COMPILER if name in os.environ}
    variables |= {
        "PATH": os.pathsep.join([str(compiler.parent), os.defpath]),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
    }
    variables.setdefault("CXX", str(compiler))
    return variables | header_variables(made.spec)
