"""Discoveries of modules that are written here, and of the standard library's."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.discovery.answer import Discovery, Held, Kind, Progress
from finfuzz.discovery.discover import discover
from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter
from helpers.patience import PATIENCE

PYTHON = Path(sys.executable)
Find = Callable[..., Discovery]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Discover a module of this source, in this Python."""

    def run(source: str, seconds: float = PATIENCE, **files: str) -> Discovery:
        for name, text in {"mine": source, **files}.items():
            (tmp_path / f"{name}.py").write_text(text)
        return discover(PYTHON, [tmp_path], "mine", seconds)

    return run


def by_name(found: Discovery) -> dict[str, Kind]:
    return {kind.name: kind for kind in found.kinds}


def texts(held: tuple[Held, ...]) -> list[str]:
    return [one.text for one in held]


def test_collections_on_every_cpython(pythons: list[Interpreter]) -> None:
    for python in pythons:
        found = discover(python.executable, (), "collections", PATIENCE, site=False)
        kinds = by_name(found)
        assert found.imported.compiled == ("_collections",)
        assert {"deque", "defaultdict", "OrderedDict", "_deque_iterator"} <= kinds.keys()
        assert not {"UserDict", "Counter", "ChainMap"} & kinds.keys()
        deque, default = kinds["deque"], kinds["defaultdict"]
        assert (deque.make, deque.layer) == ("t.deque()", "c")
        assert (deque.traits.weak, deque.traits.hashable, deque.traits.gc) == (True, False, True)
        assert "source.append(target)" in texts(deque.edges)
        assert "t.deque([cell])" in texts(deque.holdings)
        assert "source.default_factory = target" in texts(default.edges)
        assert all(one.seen and one.freed for one in (*deque.edges, *default.holdings))
        assert found.deaths == ()


def test_the_same_module_gives_the_same_answer() -> None:
    first, second = (discover(PYTHON, (), "datetime", PATIENCE) for _ in range(2))
    assert {"date", "datetime", "timezone"} <= by_name(first).keys()
    assert first.kinds == second.kinds
    assert first.uses == second.uses


def test_what_a_module_took_from_elsewhere_is_not_its_own(find: Find) -> None:
    assert find("from collections import *\nfrom functools import partial\n").kinds == ()


SOURCE = """
import os
class Keeps:
    def __init__(self, held=None):
        self.held = held
    def run(self):
        if callable(self.held):
            self.held()
def make() -> Keeps:
    return Keeps(1)
def crash():
    import signal
    os.kill(os.getpid(), signal.SIGSEGV)
def spin():
    while True:
        pass
def leave():
    os._exit(7)
def fork_away():
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
    return 1
"""


REGISTRY = """
import ctypes
class Box:
    pass
_kept, _cache = [], {}
def register(held):
    _kept.append(held)
def keep_twice(held, name=None):
    _cache[name] = held
    return len(_cache)
def forget(held):
    return None
def wrap(held):
    return [held]
def crash_on(held):
    if callable(held):
        ctypes.string_at(0)
"""


def test_a_function_that_registers_is_an_edge_of_the_module(find: Find) -> None:
    """It returns nothing of the package's, so it was dropped: what users look for (issue 21)."""
    found = find(REGISTRY)
    registry = by_name(found)["registry"]
    assert (registry.type, registry.make) == ("mine", "t")
    assert set(texts(registry.edges)) == {"t.register(target)", "t.keep_twice(target)"}
    assert not any(one.freed for one in registry.edges)
    assert all(one.any for one in registry.edges)
    assert registry.traits.attributes


def test_what_ends_a_probe_is_listed_and_the_rest_goes_on(find: Find) -> None:
    found = find(SOURCE.replace("def crash", "def unlucky"))
    assert [(one.text, one.how) for one in found.deaths] == [
        ("t.unlucky()", "SIGSEGV"),
        ("t.spin()", "hangs"),
        ("t.leave()", "exits with 7"),
    ]
    keeps = by_name(found)["Keeps"]
    assert keeps.layer == "python"
    (held,) = [one for one in keeps.holdings if one.text == "t.Keeps(cell)"]
    assert held.called
    assert "a = t.Keeps(); a.run()" not in found.uses  # Python's own, no call into C


def test_functions_whose_names_end_things_are_not_called(find: Find) -> None:
    found = find(SOURCE)
    assert "t.crash()" not in [death.text for death in found.deaths]


def test_names_that_are_made_when_they_are_asked_for(find: Find) -> None:
    source = """
import os
__all__ = ["Lazy", "Deadly", "Missing"]
def __getattr__(name):
    if name == "Deadly":
        os._exit(1)
    if name == "Lazy":
        return type(name, (), {"__init__": lambda self, held=None: setattr(self, "held", held)})
    raise AttributeError(name)
"""
    found = find(source)
    assert (list(by_name(found)), found.deaths) == (["Lazy"], ())


def test_pure_python_is_noted(find: Find) -> None:
    assert "pure Python: nothing to fuzz but CPython" in find("class A: pass").notes


def test_threads_at_import_are_noted(find: Find) -> None:
    source = (
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    )
    assert any("starts 1 threads" in note for note in find(source).notes)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("raise ValueError('no\\nmore')", "ValueError: no"),
        ("import nosuchmodule", "ModuleNotFoundError: No module named 'nosuchmodule'"),
        ("import sys; sys.exit(4)", "SystemExit: 4"),
        ("import os; os._exit(3)", "the import ends the process with exit code 3"),
        (
            "import os, sys; print('at last', file=sys.stderr, flush=True); os.abort()",
            "the import ends the process by SIGABRT, after it wrote: at last",
        ),
    ],
)
def test_a_module_that_cannot_be_imported(source: str, says: str, find: Find) -> None:
    with pytest.raises(UserError) as raised:
        find(source)
    version = ".".join(map(str, sys.version_info[:3]))
    assert str(raised.value) == f"can't import mine in {PYTHON} (CPython {version}): {says}"


def test_an_import_without_end(find: Find) -> None:
    with pytest.raises(UserError, match="the import takes longer than 1 s"):
        find("while True: pass", seconds=1)


def test_an_import_that_prints_and_forks(find: Find) -> None:
    source = "import os\nprint('x' * 100_000)\nos.write(1, b'{}')\nif os.fork() == 0: A = 1\n"
    found = find(source + "class B: pass\n")
    assert list(by_name(found)) == ["B"]


def test_time_that_is_not_enough_is_noted(find: Find) -> None:
    slow = "def slow():\n    while True: pass\n"
    names = [f"slow_{number}" for number in range(40)]
    found = find("\n".join(slow.replace("slow", name) for name in names), seconds=3)
    assert any("3 s were not enough" in note for note in found.notes)


def test_progress_is_shown() -> None:
    seen: list[Progress] = []
    discover(PYTHON, (), "collections", PATIENCE, show=seen.append)
    stages = list(dict.fromkeys(one.stage for one in seen))
    assert stages[0] == "types"
    assert stages[-1] == "confirming"
    assert all(one.done < one.of for one in seen)


def test_nothing_is_left_in_the_working_folder(find: Find, tmp_path: Path) -> None:
    source = "def write(name='a'):\n    open('left', 'w').close()\n    return open(name, 'w')\n"
    before = set(os.listdir())
    find(source)
    assert set(os.listdir()) == before
    assert sorted(os.listdir(tmp_path)) == ["mine.py"]
