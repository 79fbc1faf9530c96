"""What a discovery found out: the lines that the package's own Python writes, as records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

#: How near an object is to the package's C code, as `child/packages/discover/natives.py` finds it.
Layer = Literal["c", "derived", "wrapper", "python"]


class Progress(msgspec.Struct, tag_field="event", tag="progress"):
    """``done`` of ``of`` types, functions or kinds of this stage are probed; ``name`` is next."""

    stage: str
    name: str
    done: int
    of: int


class Isolated(msgspec.Struct, tag_field="event", tag="isolated"):
    """``missing``: the parts of the machine that could not be kept apart."""

    missing: tuple[str, ...]


class Imported(msgspec.Struct, tag_field="event", tag="imported"):
    """The import took ``seconds``, and left ``threads`` running, 1 where it started none.

    ``compiled``: the extension modules loaded. ``submodules``: those of them that the package's own
    import leaves out. ``types`` and ``functions`` count public ones.
    """

    seconds: float
    version: str
    threads: int
    compiled: tuple[str, ...]
    submodules: tuple[str, ...]
    types: int
    functions: int


class Failed(msgspec.Struct, tag_field="event", tag="failed"):
    """The import raised: the last line of its traceback."""

    text: str


class Death(msgspec.Struct, tag_field="event", tag="death", frozen=True):
    """A probe that ended its process. ``how``: SIGSEGV, `hangs`, `exits with 3`."""

    text: str
    how: str

    @property
    def is_crash(self) -> bool:
        """Whether a signal ended the process."""
        return self.how.startswith("SIG")


class Held(msgspec.Struct, frozen=True):
    """A call after which an object holds another.

    ``text``: a recipe's `make` with `cell`, or an edge. ``seen``: the garbage collector is led
    to what is held. ``freed``: the reference goes with the object. ``called``: what is held was
    called. ``any``: of an edge, whether any object is held, or else functions only. ``name``: of an
    edge, the member.
    """

    text: str
    seen: bool
    freed: bool
    called: bool
    any: bool = True
    name: str = ""


class Traits(msgspec.Struct, frozen=True):
    """What an object is or has: ``gc`` means that the garbage collector tracks the object."""

    weak: bool = False
    hashable: bool = False
    attributes: bool = False
    gc: bool = False


class Kind(msgspec.Struct, tag_field="event", tag="kind", frozen=True, kw_only=True):
    """A type of which the expression ``make`` gives an object.

    ``name``: the type's, and ``type`` with its module. ``holdings``: expressions with `cell` that
    give one that holds; ``edges``: statements. ``uses``: expressions with `source` that work.
    """

    type: str
    name: str
    make: str
    layer: Layer
    traits: Traits = Traits()
    uses: tuple[str, ...] = ()
    holdings: tuple[Held, ...] = ()
    edges: tuple[Held, ...] = ()


class Found(msgspec.Struct, tag_field="event", tag="found"):
    """The end of the search. ``made``: types that could be made. ``uses``: statements that work."""

    uses: tuple[str, ...]
    made: int
    time_up: bool


class End(msgspec.Struct, tag_field="event", tag="end"):
    """Everything is done, in so many seconds."""

    seconds: float


class Ended(msgspec.Struct, tag_field="event", tag="ended"):
    """The process of the package ended, by a signal or, where that is 0, with a code."""

    signal: int
    code: int


Line = Progress | Isolated | Imported | Failed | Death | Kind | Found | End | Ended


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """What a package is made of, as far as probing shows.

    ``python``: CPython's version. ``deaths``: what ended a probe; no findings, as nobody has
    confirmed them. ``notes``: one line each on what a reader should know of package and run.
    """

    module: str
    python: str
    imported: Imported
    kinds: tuple[Kind, ...]
    uses: tuple[str, ...]
    made: int
    deaths: tuple[Death, ...]
    notes: tuple[str, ...]
    seconds: float

    @property
    def edges(self) -> int:
        """The number of calls after which an object holds another."""
        return sum(len(kind.holdings) + len(kind.edges) for kind in self.kinds)


def parse_line(line: bytes) -> Line:
    """Parse a line. Raise msgspec.DecodeError for anything else."""
    return _DECODER.decode(line)


_DECODER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def summarize_deaths(deaths: Sequence[Death]) -> str:
    """Count deaths by how they ended: `SIGSEGV 3, hangs 1`."""
    counts: dict[str, int] = {}
    for death in deaths:
        counts[death.how] = counts.get(death.how, 0) + 1
    return ", ".join(f"{how} {count}" for how, count in counts.items())
