"""How a target is compiled: which sources, which flags, and the hash that names the result."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec

COMMON_FLAGS = (
    "-std=c++17",
    "-fPIC",
    "-g",
    "-fvisibility=hidden",
    "-fno-omit-frame-pointer",
    "-fno-inline",  # a stack that names every function is worth more here than speed
    "-Og",
    "-DNDEBUG",  # as released extensions are built: pybind11 asserts what it otherwise survives
)
COVERED_FLAGS = ("-fsanitize-coverage=trace-pc", "-DFINFUZZ_COVERAGE")
# The callback that coverage calls must not be covered itself: it would call itself for ever.
CALLBACK_FLAGS = ("-DFINFUZZ_COVERAGE", "-O2")
RUNTIME_LINK = ("-ldl", "-pthread")


@dataclass(frozen=True, slots=True)
class Unit:
    """One source file and the flags it is compiled with, besides the include folders.

    ``prefix``: tells its object from another's of the same source.
    """

    source: Path
    flags: tuple[str, ...]
    prefix: str = ""

    @property
    def object_name(self) -> str:
        return f"{self.prefix}{self.source.parent.name}-{self.source.stem}.o"


@dataclass(frozen=True, slots=True)
class Library:
    """One shared object: its file name, what is compiled for it, and how it is linked.

    ``headers``: the include folder of the framework, where there is one. ``python``: a module that
    needs no compiling and is copied in its place.
    """

    name: str
    units: tuple[Unit, ...]
    link_flags: tuple[str, ...]
    headers: Path | None = None
    python: Path | None = None


def libraries(
    child: Path,
    spec: TargetSpec,
    interpreter: Interpreter,
    instrumented: bool,
    headers: list[Path | None],
) -> tuple[Library, ...]:
    """The extension, the runtime and, where the target has one, the second extension.

    From the sources in ``child``. ``headers``: those of each extension's framework. Without an
    extension, its place is taken by a module that is written in Python.
    """
    record = spec.record
    flags = (*COMMON_FLAGS, *policy_flags(spec), *record.compile_flags)
    extensions = child / "extensions"

    def extension(name: str, prefix: str, headers: Path | None, *more: str) -> Library:
        covered = COVERED_FLAGS if instrumented else ()
        source = extensions / record.sources[0] / "module.cpp"
        units = [Unit(source, (*flags, *more, *covered), prefix)]
        if instrumented:
            units.append(
                Unit(extensions / "common" / "coverage.cpp", (*flags, *CALLBACK_FLAGS), prefix)
            )
        return Library(f"{name}{interpreter.ext_suffix}", tuple(units), record.link_flags, headers)

    if record.is_compiled:
        first = extension("finfuzz_target", "", headers[0])
    else:
        module = extensions / record.python_module
        first = Library("finfuzz_target.py", (), (), python=module)
    seconds = [
        extension("finfuzz_second", "second-", folder, "-DFINFUZZ_MODULE=finfuzz_second")
        for folder in headers[1:]
    ]
    runtime = tuple(Unit(file, COMMON_FLAGS) for file in sorted((child / "native").glob("*.cpp")))
    return (first, Library("finfuzz_runtime.so", runtime, RUNTIME_LINK), *seconds)


def policy_flags(spec: TargetSpec) -> tuple[str, ...]:
    """Return a definition for each policy of the framework: 1 for the target's own, else 0."""
    names = spec.record.policy_names
    return tuple(f"-DFINFUZZ_POLICY_{name.upper()}={int(name == spec.policy)}" for name in names)


def compile_command(compiler: Path, unit: Unit, includes: list[Path]) -> list[str]:
    """The command that makes ``unit.object_name`` in the folder it runs in."""
    folders = [f"-I{include}" for include in includes]
    return [str(compiler), *unit.flags, *folders, "-c", str(unit.source), "-o", unit.object_name]


def link_command(compiler: Path, library: Library) -> list[str]:
    """The command that makes ``library.name`` out of the objects in the folder it runs in."""
    objects = [unit.object_name for unit in library.units]
    return [str(compiler), "-shared", *objects, *library.link_flags, "-o", library.name]


def fingerprint(made: tuple[Library, ...], child: Path, spec: TargetSpec, facts: list[str]) -> str:
    """16 hex digits that change with anything that goes in.

    Files count by content and by name relative to ``child`` or to a framework's headers: a
    release's headers and a checkout with the same content make the same build.
    """
    digest = hashlib.sha256()
    for fact in [*facts, *_flags(made)]:
        _feed(digest, fact.encode())
    for name, file in _inputs(made, child, spec):
        _feed(digest, name.encode())
        _feed(digest, file.read_bytes())
    return digest.hexdigest()[:16]


def _flags(made: tuple[Library, ...]) -> Iterator[str]:
    for library in made:
        yield from (library.name, *library.link_flags)
        for unit in library.units:
            yield from (unit.object_name, *unit.flags)


def _inputs(made: tuple[Library, ...], child: Path, spec: TargetSpec) -> Iterator[tuple[str, Path]]:
    sources = [unit.source for library in made for unit in library.units]
    sources += [library.python for library in made if library.python is not None]
    extensions = [f"extensions/{name}" for name in ("common", *spec.record.sources)]
    folders = [child / name for name in ("common", "native", *extensions)]
    own = [file for folder in folders for file in folder.rglob("*.h")]
    for file in sorted([*sources, *own]):
        yield f"child/{file.relative_to(child)}", file
    package = spec.record.headers
    for library in made:
        if package and library.headers is not None:
            for file in sorted((library.headers / package.folder).rglob("*.h")):
                yield f"{library.name}/{file.relative_to(library.headers)}", file


def _feed(digest: "hashlib._Hash", data: bytes) -> None:
    digest.update(len(data).to_bytes(8, "big"))  # so that two fields can't run into each other
    digest.update(data)
