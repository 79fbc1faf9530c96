"""Decide how to compile a target: sources, flags, and the hash that names the build."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from finfuzz.targets.extension_plan import FIRST, SECOND, ExtensionPlan
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.release_files import list_files
from finfuzz.targets.spec import TargetSpec
from finfuzz.targets.units import COMMON_FLAGS, Library, Unit

RUNTIME_LINK = ("-ldl", "-pthread")
#: Preloaded into every zygote: no other library may come with it, least of all libstdc++, whose
#: symbols would take the place of a copy that an extension brings.
AFTER_MAIN = "finfuzz_after_main.so"
AFTER_MAIN_LINK = ("-ldl", "-Wl,--as-needed")
#: The endings of our files that a build may depend on, beside its sources.
_OWN_INPUTS = (".h", ".pyx", ".pxi", ".toml")


def plan_libraries(
    child: Path,
    spec: TargetSpec,
    interpreter: Interpreter,
    instrumented: bool,
    roots: list[Path | None],
    *,
    reduced: bool = False,
) -> tuple[Library, ...]:
    """Plan extension, runtime, preloaded library and, if the target has them, further modules.

    ``child``: the folder of the sources. ``roots``: of the framework's files, for each extension.
    ``reduced``: a source that the build writes takes the place of the extension's main source. A
    target without an extension has a Python module in its place.
    """
    names = (FIRST, SECOND)[: len(roots)]
    plan = ExtensionPlan(child, spec, interpreter, instrumented, reduced)
    if spec.record.is_compiled:
        first, *seconds = (plan.plan(*one) for one in zip(names, roots, strict=True))
    else:
        module = child / "extensions" / spec.record.python_module
        first, seconds = Library(f"{FIRST}.py", (), python=module), []
    own = tuple(path for name in ("native", "common") for path in (child / name).glob("*.h"))
    runtime = tuple(
        Unit(file, COMMON_FLAGS, depends=(file, *own))
        for file in sorted((child / "native").glob("*.cpp"))
    )
    after_main = (Unit(child / "common" / "after_main.cpp", COMMON_FLAGS),)
    return (
        first,
        Library("finfuzz_runtime.so", runtime, RUNTIME_LINK),
        Library(AFTER_MAIN, after_main, AFTER_MAIN_LINK),
        *seconds,
        *plan.plan_side_module(roots[0]),
    )


def make_compile_command(
    compiler: Path, library: Library, unit: Unit, includes: Iterable[Path]
) -> list[str]:
    """Return the command that makes ``unit.object_name`` in its working folder.

    ``includes``: of the CPython.
    """
    # Not by -I: a header of ours may have the name of one of the C library.
    own = [f"-iquote{library.own_folder}"] if library.own_folder else []
    folders = [f"-I{include}" for include in (*library.includes, *includes)]
    source, made = str(unit.source), unit.object_name
    return [str(compiler), *unit.flags, *own, *folders, "-c", source, "-o", made]


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
        yield from (library.name, *library.link_flags, *library.translate[2:])
        for unit in library.units:
            yield from (unit.object_name, *unit.flags)


def _list_inputs(
    made: tuple[Library, ...], child: Path, spec: TargetSpec
) -> Iterator[tuple[str, Path]]:
    sources = {unit.source for library in made for unit in library.units}
    sources |= {library.python for library in made if library.python is not None}
    policy = spec.record.find_policy(spec.policy)
    folders = ("common", *(policy.sources or spec.record.sources))
    places = [child / name for name in ("common", "native")]
    places += [child / "extensions" / name for name in folders]
    own = {file for place in places for file in place.rglob("*") if file.suffix in _OWN_INPUTS}
    for file in sorted(own.union(one for one in sources if child in one.parents)):
        yield f"child/{file.relative_to(child)}", file
    package = spec.record.releases
    for library in made:
        if package and library.root is not None:
            for file in list_files(package, library.root):
                yield f"{library.name}/{file.relative_to(library.root)}", file


def _feed(digest: "hashlib._Hash", data: bytes) -> None:
    digest.update(
        len(data).to_bytes(8, "big")
    )  # so that no two sequences of fields have the same bytes
    digest.update(data)
