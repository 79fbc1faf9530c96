"""The floor: a bare fork and Py_FinalizeEx in the thinnest embedder (floor.cpp)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import msgspec

from benchmarks.timing import Slice
from finfuzz.executor.process import environment, fixed_addresses
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.targets.cache import find_cache
from finfuzz.targets.compiler import find_compiler, read_version, run_compiler
from finfuzz.targets.interpreters import Interpreter

_SOURCE = Path(__file__).with_name("floor.cpp")
_PHASES = ("fork", "interpreter", "finalize", "exit")
_PROBE = """
import json, sys, sysconfig
names = "LDLIBRARY", "LIBRARY", "LIBDIR", "LIBPL", "LIBS", "SYSLIBS", "LINKFORSHARED"
print(json.dumps({
    "prefix": sys.base_prefix, **{name: sysconfig.get_config_var(name) or "" for name in names}
}))
"""


class Linking(msgspec.Struct, rename="upper"):
    """The linking of a CPython, by the names of its Makefile."""

    prefix: str = msgspec.field(name="prefix")
    ldlibrary: str
    library: str
    libdir: str
    libpl: str
    libs: str
    syslibs: str
    linkforshared: str

    def find_flags(self) -> list[str] | None:
        """Return the linker's flags, or None where there is no library.

        The shared library goes before the static one.
        """
        folders = [Path(folder) for folder in (self.libdir, self.libpl)]
        libs = [*self.libs.split(), *self.syslibs.split()]
        for folder in folders:
            # Without --enable-shared, LDLIBRARY is the static one.
            if ".so" in self.ldlibrary and (folder / self.ldlibrary).is_file():
                return [str(folder / self.ldlibrary), f"-Wl,-rpath,{folder}", *libs]
        for folder in folders:
            archive = folder / self.library
            if self.library and archive.is_file():
                # Whole: an extension may need what the embedder itself does not.
                whole = ["-Wl,--whole-archive", str(archive), "-Wl,--no-whole-archive"]
                return [*whole, *self.linkforshared.split(), "-pthread", *libs]
        return None


class Floor:
    """A running embedder with a build's extension.

    ``interpreter``: before a child finalizes, it starts a subinterpreter, imports the extension
    there and ends the subinterpreter.
    """

    def __init__(self, build: Build, *, interpreter: bool) -> None:
        self._interpreter = interpreter
        linking = probe_linking(build.interpreter)
        program = _compile(build.interpreter, linking)
        command = [str(program), linking.prefix, str(build.extension.parent)]
        with fixed_addresses():
            self._process = subprocess.Popen(
                [*command, "interpreter"] if interpreter else command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment(),
                text=True,
            )

    def __enter__(self) -> Floor:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(BrokenPipeError), self._process:
            pass  # closing its input ends the embedder

    def run_children(self, count: int) -> Slice:
        """Run children one after another. Raises UserError where one does not exit with 0."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(f"{count}\n")
            stdin.flush()
            every, failures, *phases = map(int, stdout.readline().split())
        except (BrokenPipeError, ValueError):
            raise UserError("the embedder is gone: it can't import the extension") from None
        if failures:
            raise UserError(f"{failures} of {count} children failed or hung")
        spent = dict(zip(_PHASES, (phase / count / 1e9 for phase in phases), strict=True))
        if not self._interpreter:
            del spent["interpreter"]
        return Slice(every / count / 1e9, spent)


def probe_linking(interpreter: Interpreter) -> Linking:
    """Ask a CPython how it is linked."""
    done = subprocess.run(
        [interpreter.executable, "-I", "-S", "-c", _PROBE], capture_output=True, check=True
    )
    return msgspec.json.decode(done.stdout, type=Linking)


def _compile(interpreter: Interpreter, linking: Linking) -> Path:
    """Return the embedder of that CPython; the first call compiles it.

    Raises UserError where the embedder can't be linked.
    """
    flags = linking.find_flags()
    if flags is None:
        raise UserError(
            f"CPython {interpreter.text} has no {linking.ldlibrary or 'libpython'} in "
            f"{linking.libdir} to embed it with: install its development package, or one that was "
            "built with --enable-shared"
        )
    compiler = find_compiler()
    headers = [f"-I{folder}" for folder in interpreter.includes]
    command = [str(compiler), "-std=c++17", "-O2", *headers, str(_SOURCE), *flags]
    facts = [*command, read_version(compiler), interpreter.build_key, _SOURCE.read_text()]
    folder = find_cache() / "floors"
    folder.mkdir(exist_ok=True)
    program = folder / hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]
    if not program.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            run_compiler([*command, "-o", "floor"], Path(scratch))
            os.replace(Path(scratch, "floor"), program)
    return program
