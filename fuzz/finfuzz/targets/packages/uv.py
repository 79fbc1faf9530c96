"""Run uv, which chooses packages for a CPython that is not its own.

pip would not do: it decides about a requirement's markers by the Python that runs it, whatever its
``--python-version``, and can't run in each CPython from 3.9 to the newest.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

import msgspec
import uv

from finfuzz.support.errors import UserError
from finfuzz.targets.instrumentation import make_variables
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.wheels import rank_wheel

_WHEELS_ONLY = ("--only-binary", ":all:")
#: The defaults, which a user's own variables override. uv retries for eight seconds by itself.
_DEFAULTS = {"UV_HTTP_RETRIES": "1"}


class UvError(Exception):
    """A failure of uv; the message is the text that uv printed."""


class Package(msgspec.Struct, frozen=True):
    """A release of a package, and the file that installs it.

    ``name`` is in the index's spelling: small letters, hyphens. ``file``: the name of a wheel or of
    a source archive. ``sha256``: of that file, in hexadecimal; empty if the index has none.
    """

    name: str
    version: str
    file: str
    sha256: str

    @property
    def pin(self) -> str:
        """The requirement that only this release meets."""
        return f"{self.name}=={self.version}"

    @property
    def exact_pin(self) -> str:
        """The line of a requirements file that only this very file meets."""
        return f"{self.pin} --hash=sha256:{self.sha256}" if self.sha256 else self.pin


class _File(msgspec.Struct):
    hashes: dict[str, str] = {}
    url: str = ""
    path: str = ""

    @property
    def name(self) -> str:
        return Path(self.path or unquote(self.url)).name


class _Locked(msgspec.Struct):
    name: str
    version: str
    wheels: list[_File] = []
    sdist: _File | None = None


class _Lock(msgspec.Struct):
    packages: list[_Locked] = []


def lock(
    requirements: Iterable[str],
    interpreter: Interpreter,
    *,
    dependencies: bool = True,
    from_source: bool = False,
    version: tuple[int, int] | None = None,
) -> list[Package]:
    """Choose the newest releases that meet all requirements, dependencies included, by name.

    ``version``: choose for that CPython instead, of the same kind of build. Raise UvError if there
    is no choice, or if the index can't be reached.
    """
    options = [
        *(() if dependencies else ("--no-deps",)),
        *(("--python-version", "{}.{}".format(*version)) if version else ()),
    ]
    command = ["pip", "compile", "--format", "pylock.toml", "--no-header", *options, "-"]
    text = run_uv(command, interpreter, requirements, from_source=from_source)
    locked = msgspec.toml.decode(text, type=_Lock).packages
    return [_describe(one, interpreter) for one in locked]


def install(
    pins: Iterable[str], interpreter: Interpreter, *options: str, from_source: bool = False
) -> None:
    """Install exactly these packages, with their bytecode. Raise UvError if that fails.

    ``pins``: lines of a requirements file. ``options``: where to, if not to ``interpreter`` itself.
    """
    # Copies: uv's links would lead into its own cache, where a change would reach every package.
    how = ["--no-deps", "--link-mode", "copy", "--compile-bytecode", "--requirements", "-"]
    run_uv(["pip", "install", *options, *how], interpreter, pins, from_source=from_source)


def run_uv(
    command: list[str], interpreter: Interpreter, lines: Iterable[str], *, from_source: bool
) -> str:
    """Run uv with these lines as its input, for a CPython; return its output.

    Raise UvError with what it printed if it fails, and UserError if it isn't there.
    """
    variables = {
        **_DEFAULTS,
        **os.environ,
        **make_variables(interpreter),
        "UV_PYTHON_DOWNLOADS": "never",
        "PYC_INVALIDATION_MODE": "UNCHECKED_HASH",  # no file of a package is ever changed
    }
    kind = () if from_source else _WHEELS_ONLY
    # In an empty folder: the settings of a user's project must not decide what is fuzzed.
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [_find_uv(), "--quiet", *command, *kind, "--python", str(interpreter.executable)],
            cwd=folder,
            env=variables,
            input="".join(f"{line}\n" for line in lines).encode(),
            capture_output=True,
            check=False,
        )
    if done.returncode:
        raise UvError(done.stderr.decode(errors="replace"))
    return done.stdout.decode()


def _find_uv() -> str:
    try:
        return uv.find_uv_bin()
    except FileNotFoundError:
        raise UserError(
            "uv, which installs packages, is not there: run `pip install uv` for finfuzz's Python"
        ) from None


def _describe(locked: _Locked, interpreter: Interpreter) -> Package:
    wheels = sorted(locked.wheels, key=lambda one: rank_wheel(one.name, interpreter))
    (file, *_) = [*wheels, *filter(None, [locked.sdist])]
    return Package(locked.name, locked.version, file.name, file.hashes.get("sha256", ""))
