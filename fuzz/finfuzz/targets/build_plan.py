"""The plan of a build: what is compiled how, the id, and the record that the cache has of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from finfuzz.targets.cache import find_cache
from finfuzz.targets.compile_plan import (
    compute_fingerprint,
    make_compile_command,
    make_link_command,
    plan_libraries,
)
from finfuzz.targets.compiler import find_compiler, read_version
from finfuzz.targets.extension_plan import SECOND
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.releases import find_roots
from finfuzz.targets.spec import TargetSpec
from finfuzz.targets.units import Library, Unit

RECORD = "build.json"


class BuildRecord(msgspec.Struct):
    """``build.json``. ``commands``: as they ran where it was compiled.

    ``seconds``: that it took, an estimate for the next one; 0 for one that is reduced, or was
    compiled on another machine.
    """

    id: str
    spec: str
    python: str
    instrumented: bool
    commands: list[list[str]]
    blocks: int
    second_blocks: int
    releases: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """The decisions before a compiler runs."""

    id: str
    child: Path
    spec: TargetSpec
    interpreter: Interpreter
    instrumented: bool
    facts: list[str]
    source: str
    libraries: tuple[Library, ...]
    compile_commands: list[tuple[Unit, list[str]]]
    link_commands: list[list[str]]

    @property
    def extension(self) -> Library:
        return self.libraries[0]

    @property
    def runtime(self) -> Library:
        return self.libraries[1]

    @property
    def second(self) -> Library | None:
        return next((one for one in self.libraries if one.name.startswith(f"{SECOND}.")), None)


def plan_build(
    child: Path, spec: TargetSpec, interpreter: Interpreter, instrumented: bool, source: str
) -> BuildPlan:
    """Plan a build. ``child``: the folder of our sources. Raises UserError."""
    compiler = find_compiler()
    roots = find_roots(spec)
    made = plan_libraries(child, spec, interpreter, instrumented, roots, reduced=bool(source))
    facts = [str(compiler), read_version(compiler), interpreter.build_key]
    return BuildPlan(
        id=compute_fingerprint(made, child, spec, [*facts, *([source] if source else [])]),
        child=child,
        spec=spec,
        interpreter=interpreter,
        instrumented=instrumented,
        facts=facts,
        source=source,
        libraries=made,
        compile_commands=[
            (unit, make_compile_command(compiler, one, unit, interpreter.includes))
            for one in made
            for unit in one.units
        ],
        link_commands=[make_link_command(compiler, library) for library in made if library.units],
    )


def locate_build(plan: BuildPlan) -> Path:
    """Locate the folder of a build. Raises UserError without a cache."""
    return find_cache() / "builds" / plan.id


def read_record(plan: BuildPlan, directory: Path) -> BuildRecord | None:
    """Return None unless the build is complete: a power cut can leave empty files behind."""
    try:
        record = msgspec.json.decode((directory / RECORD).read_bytes(), type=BuildRecord)
        sizes = [(directory / one.name).stat().st_size for one in plan.libraries]
    except (OSError, msgspec.DecodeError):
        return None
    return record if all(sizes) else None


def write_record(record: BuildRecord, directory: Path) -> None:
    """Write the record of a build. Raises OSError."""
    (directory / RECORD).write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2))
