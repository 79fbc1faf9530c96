"""Decide how to compile a target: sources, flags, and the hash that names the build."""

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
    "-fno-inline",  # here a stack with every function is worth more than speed
    "-Og",
    "-DNDEBUG",  # as in released extensions: pybind11 would assert conditions that it survives
)
COVERED_FLAGS = ("-fsanitize-coverage=trace-pc", "-DFINFUZZ_COVERAGE")
# The coverage callback must not be instrumented itself: it would call itself for ever.
CALLBACK_FLAGS = ("-DFINFUZZ_COVERAGE", "-O2")
RUNTIME_LINK = ("-ldl", "-pthread")
#: Preloaded into every zygote: no other library may come with it, least of all libstdc++, whose
#: symbols would take the place of a copy that an extension brings.
AFTER_MAIN = "finfuzz_after_main.so"
AFTER_MAIN_LINK = ("-ldl", "-Wl,--as-needed")


@dataclass(frozen=True, slots=True)
class Unit:
    """A source file with its compile flags, except the include folders.

    ``prefix``: distinguishes its object from another one of the same source.
    """

    source: Path
    flags: tuple[str, ...]
    prefix: str = ""

    @property
    def object_name(self) -> str:
        return f"{self.prefix}{self.source.parent.name}-{self.source.stem}.o"


@dataclass(frozen=True, slots=True)
class Library:
    """A shared object: its file name, its units, and its link flags.

    ``headers``: the include folder of the framework, if there is one. ``python``: a Python module
    to copy in place of a shared object.
    """

    name: str
    units: tuple[Unit, ...]
    link_flags: tuple[str, ...]
    headers: Path | None = None
    python: Path | None = None


def plan_libraries(
    child: Path,
    spec: TargetSpec,
    interpreter: Interpreter,
    instrumented: bool,
    headers: list[Path | None],
) -> tuple[Library, ...]:
    """Plan extension, runtime, preloaded library and, if the target has one, second extension.

    ``child``: the folder of the sources. ``headers``: the include folder of each extension's
    framework. A target without an extension has a Python module in its place.
    """
    record = spec.record
    flags = (*COMMON_FLAGS, *define_policies(spec), *record.compile_flags)
    extensions = child / "extensions"

    def plan_extension(name: str, prefix: str, headers: Path | None, *more: str) -> Library:
        covered = COVERED_FLAGS if instrumented else ()
        source = extensions / record.sources[0] / "module.cpp"
        units = [Unit(source, (*flags, *more, *covered), prefix)]
        if instrumented:
            units.append(
                Unit(extensions / "common" / "coverage.cpp", (*flags, *CALLBACK_FLAGS), prefix)
            )
        return Library(f"{name}{interpreter.ext_suffix}", tuple(units), record.link_flags, headers)

    if record.is_compiled:
        first = plan_extension("finfuzz_target", "", headers[0])
    else:
        module = extensions / record.python_module
        first = Library("finfuzz_target.py", (), (), python=module)
    seconds = [
        plan_extension("finfuzz_second", "second-", folder, "-DFINFUZZ_MODULE=finfuzz_second")
        for folder in headers[1:]
    ]
    runtime = tuple(Unit(file, COMMON_FLAGS) for file in sorted((child / "native").glob("*.cpp")))
    after_main = (Unit(child / "common" / "after_main.cpp", COMMON_FLAGS),)
    return (
        first,
        Library("finfuzz_runtime.so", runtime, RUNTIME_LINK),
        Library(AFTER_MAIN, after_main, AFTER_MAIN_LINK),
        *seconds,
    )


def define_policies(spec: TargetSpec) -> tuple[str, ...]:
    """Return a definition for each policy of the framework: 1 for the target's own, else 0."""
    names = spec.record.policy_names
    return tuple(f"-DFINFUZZ_POLICY_{name.upper()}={int(name == spec.policy)}" for name in names)


def make_compile_command(compiler: Path, unit: Unit, includes: list[Path]) -> list[str]:
    """Return the command that makes ``unit.object_name`` in its working folder."""
    folders = [f"-I{include}" for include in includes]
    return [str(compiler), *unit.flags, *folders, "-c", str(unit.source), "-o", unit.object_name]


def make_link_command(compiler: Path, library: Library) -> list[str]:
    """Return the command that links ``library.name`` in the folder of its objects."""
    objects = [unit.object_name for unit in library.units]
    return [str(compiler), "-shared", *objects, *library.link_flags, "-o", library.name]


def compute_fingerprint(
    made: tuple[Library, ...], child: Path, spec: TargetSpec, facts: list[str]
) -> str:
    """Compute 16 hex digits that change with any input of a build.

    Files count by content and by name relative to ``child`` or to a framework's headers: a
    release's headers and a checkout with the same content make the same build.
    """
    digest = hashlib.sha256()
    for fact in [*facts, *_list_flags(made)]:
        _feed(digest, fact.encode())
    for name, file in _list_inputs(made, child, spec):
        _feed(digest, name.encode())
        _feed(digest, file.read_bytes())
    return digest.hexdigest()[:16]


def _list_flags(made: tuple[Library, ...]) -> Iterator[str]:
    for library in made:
        yield from (library.name, *library.link_flags)
        for unit in library.units:
            yield from (unit.object_name, *unit.flags)


def _list_inputs(
    made: tuple[Library, ...], child: Path, spec: TargetSpec
) -> Iterator[tuple[str, Path]]:
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
    digest.update(
        len(data).to_bytes(8, "big")
    )  # so that no two sequences of fields have the same bytes
    digest.update(data)
