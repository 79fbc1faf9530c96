"""A build of a target, as all that runs programs sees it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.targets.compile_plan import AFTER_MAIN
from finfuzz.targets.gate import NO_GATE, has_gate
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.package import Package
from finfuzz.targets.releases import describe_origin
from finfuzz.targets.spec import TargetSpec


@dataclass(frozen=True, slots=True)
class Build:
    """A build in the cache; ``directory`` also holds ``build.json``, for humans.

    ``blocks`` is how many coverage counters the extension can touch; 0 if not instrumented.
    ``second`` is the other extension of a target that has two, with counters of its own, and
    ``cpython_blocks`` is for a CPython that is compiled for it. ``package``: of a target that is
    one; its ``extension`` is the file of its words. ``gated``: files and folders whose calls of
    CPython are judged, and counted as blocks (``targets/gate.py``). ``offers``: the words that the
    target has.
    """

    id: str
    spec: TargetSpec
    interpreter: Interpreter
    instrumented: bool
    directory: Path
    extension: Path
    runtime: Path
    blocks: int
    second: Path | None = None
    second_blocks: int = 0
    cpython_blocks: int = 0
    package: Package | None = None
    gated: tuple[Path, ...] = ()
    offers: Vocabulary = EVERYTHING

    @property
    def avoided(self) -> tuple[str, ...]:
        """Words that a package's documentation rules out: no campaign generates them."""
        return self.package.avoided if self.package else ()

    @property
    def after_main(self) -> Path:
        """The library to preload, without which a process has only one life of Python."""
        return self.runtime.with_name(AFTER_MAIN)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about the target before it runs."""
        if self.package is None:
            return describe_origin(self.spec)
        return (*self.package.notes, *(() if has_gate() else (NO_GATE,)))

    @property
    def imports_early(self) -> bool:
        """Whether a zygote may import the extension ahead of its children.

        A module in Python may print then, and threads that an import starts are not forked.
        """
        if self.package is not None:
            return self.package.probe.imported.threads == 0
        name, _, suffix = self.extension.name.partition(".")
        return name == "finfuzz_target" and suffix != "py"
