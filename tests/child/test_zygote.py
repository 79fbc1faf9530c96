"""The content of the process that runs a program, inspected by an extension made for that."""

from collections.abc import Callable

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.program.words import ROOT
from finfuzz.targets.build import Build
from finfuzz.targets.interpreters import Interpreter

Fake = Callable[[str], Build]

#: Modules of a Python that has only started, on at least one of 3.9 to 3.14.
STARTUP = {
    *("__main__", "_abc", "_codecs", "_frozen_importlib", "_frozen_importlib_external", "_imp"),
    *("_io", "_signal", "_thread", "_warnings", "_weakref", "abc", "builtins", "codecs"),
    *("encodings", "encodings.aliases", "encodings.latin_1", "encodings.utf_8", "io", "marshal"),
    *("posix", "sys", "time", "winreg", "zipimport"),
}
#: Modules that the runtime adds to observe phases, imports of driver and library, the inspecting
#: extension, and what a program itself puts there.
OURS = {"_contextvars", "atexit", "finfuzz_phase", "finfuzz_target", "gc", "root0"}

PRINTS_MODULES = "import sys\nsys.stderr.write(' '.join(sys.modules))\n"
PRINTS_LIVE_OBJECTS = """
import gc, sys
for thing in gc.get_objects():
    name = getattr(thing, "__module__", None) or getattr(thing, "__name__", None)
    if isinstance(name, str) and name.partition(".")[0] in ("ctypes", "_ctypes"):
        sys.stderr.write("%r " % thing)
"""

#: Roots that need `threading` or the real extension.
MORE = {
    *("threading-shutdown", "daemon-thread", "joined-thread", "returning-thread", "call-once"),
    "interpreter-pool",
}
EVERY_ROOT = tuple(
    f"root a {word.text}"
    for word in ROOT.words
    if not (word.main_only or word.abuse or word.text in MORE)
)


def run_steps(build: Build, *steps: str) -> str:
    """Return the standard error of a program."""
    with Executor(build) as executor:
        outcome = executor.run(parse("\n".join(["finfuzz 1", *steps])))
    assert outcome.took[2] == 0
    return outcome.stderr


def test_a_main_interpreter_has_no_more_modules_than_it_must(fake: Fake) -> None:
    steps = ("node a list", *EVERY_ROOT, "root a type-dict", "root a signal", "collect", "import")
    assert set(run_steps(fake(PRINTS_MODULES), *steps).split()) <= STARTUP | OURS


@pytest.mark.parametrize("flavour", ["legacy", "isolated"])
def test_a_subinterpreter_has_no_more_modules_than_it_must(
    fake: Fake, python: Interpreter, flavour: str
) -> None:
    """Some modules crash a subinterpreter of 3.12 by themselves, without the target."""
    if flavour == "isolated" and python.version < (3, 12):
        pytest.skip("has no isolated interpreters")
    used = ("node a list", "node b function", *EVERY_ROOT, "collect")
    printed = run_steps(
        fake(PRINTS_MODULES), f"start i {flavour}", "enter i", *used, "import", "stop i"
    )
    assert set(printed.split()) <= STARTUP | OURS


def test_ctypes_is_not_among_the_modules(fake: Fake) -> None:
    found = {name.partition(".")[0] for name in run_steps(fake(PRINTS_MODULES), "import").split()}
    assert found.isdisjoint({"ctypes", "_ctypes", "struct", "_struct"})


def test_nothing_of_ctypes_lives_on(fake: Fake) -> None:
    """Every child would finalize such an object: it costs time, and a script has none."""
    assert run_steps(fake(PRINTS_LIVE_OBJECTS), "import") == ""


def test_a_fresh_process_is_prepared_the_same_way(fake: Fake) -> None:
    build = fake(PRINTS_MODULES)
    fresh = run_fresh(build, parse("finfuzz 1\nimport\n"))
    assert run_steps(build, "import").split() == fresh.stderr.split()


PRINTS_WHERE_THE_DRIVER_IS = """
import sys
main = sys.modules["__main__"].__dict__
sys.stderr.write("%s %s\\n" % ("take" in main, main["take"].__globals__ is main))
"""


@pytest.mark.parametrize("before", [(), ("start i legacy", "enter i")])
def test_the_driver_lives_in_main_as_a_users_hooks_do(fake: Fake, before: tuple[str, ...]) -> None:
    """In each interpreter: a hook left behind keeps that module's dict alive, as in a script."""
    assert run_steps(fake(PRINTS_WHERE_THE_DRIVER_IS), *before, "import").startswith("True True")


def test_it_ends_as_a_script_ends(fake: Fake) -> None:
    """`__main__` returns, exit functions run, then modules go: no phase is left out."""
    source = """
import atexit, sys
class Last:
    def __init__(self, write=sys.stderr.write): self.write = write
    def __del__(self): self.write("modules gone")
last = Last()
atexit.register(sys.stderr.write, "exit functions, ")
"""
    assert run_steps(fake(source), "import", "exit sys-exit") == "exit functions, modules gone"


def test_a_further_life_is_configured_as_the_first(fake: Fake) -> None:
    """Since 3.14 by `PyInitConfig`, which begins with an isolated configuration."""
    source = "import sys\nprint(sys.flags, hash('x'), sys.executable, sys.argv, file=sys.stderr)"
    printed = run_steps(fake(source), "import", "again", "import", "again", "import").splitlines()
    assert printed == [printed[0]] * 3
