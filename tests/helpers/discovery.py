"""What the discovery's tests share: the package's side of it, and a small result."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from finfuzz.discovery.answer import Death, Discovery, Held, Imported, Kind, Traits
from helpers.places import CHILD

FOLDER = CHILD / "packages" / "discover"


def load_child(name: str) -> ModuleType:
    """Load a module of `child/packages/discover` as the package's Python does."""
    spec = importlib.util.spec_from_file_location("discover_start", FOLDER / "start.py")
    assert spec is not None
    assert spec.loader is not None
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
    try:
        importlib.import_module(start.NAME)
    except ModuleNotFoundError:
        start.load_package(str(FOLDER))
    return importlib.import_module(f"{start.NAME}.{name}")


def make_kind(name: str, **more: object) -> Kind:
    facts = {"type": f"mine.{name}", "name": name, "make": f"t.{name}()", "layer": "c"} | more
    return Kind(**facts)  # type: ignore[arg-type]


def make_held(text: str, name: str = "", **more: bool) -> Held:
    facts = {"seen": True, "freed": True, "called": False} | more
    return Held(text=text, name=name, **facts)


def make_discovery(*kinds: Kind, **more: object) -> Discovery:
    imported = Imported(0.1, "1.2", 1, ("mine._c",), (), types=9, functions=4)
    facts = {
        "module": "mine",
        "python": "3.13.0",
        "imported": imported,
        "kinds": kinds,
        "uses": (),
        "made": len(kinds),
        "deaths": (),
        "notes": (),
        "seconds": 1.5,
    } | more
    return Discovery(**facts)  # type: ignore[arg-type]


EXAMPLE = make_discovery(
    make_kind("Plain", traits=Traits(weak=True, hashable=True)),
    make_kind(
        "Variable",
        traits=Traits(gc=True),
        holdings=(
            make_held("t.Variable([cell])"),
            make_held("t.Variable('a', cell)", seen=False),
            make_held("t.Variable('a', context=cell)"),
        ),
        edges=(
            make_held("source.setContext(target)", "setContext"),
            make_held("source.add(t.Plain(), target)", "add", freed=False, called=True),
            make_held("source['a'] = target", "item", any=False),
        ),
    ),
    make_kind("Solver", type="mine.etree.Solver", make="t.etree.Solver(io.BytesIO())"),
    imported=Imported(0.1, "1.2", 1, ("mine._c",), ("mine.etree",), types=9, functions=4),
    uses=("a = t.Plain(); a.name()", "t.version()"),
    deaths=(Death("t.Plain().crash", "SIGSEGV"), Death("t.spin()", "hangs")),
    notes=("60 s were not enough: some types were not probed; give --time",),
)
