"""What is in the process that runs a program, seen from inside by an extension made for that."""

from collections.abc import Callable

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.program.words import ROOT
from finfuzz.targets.build import Build
from finfuzz.targets.interpreters import Interpreter

Fake = Callable[[str], Build]

#: What a Python that is only starting up has, on one of 3.9 to 3.14 at least.
STARTUP = {
    *("__main__", "_abc", "_codecs", "_frozen_importlib", "_frozen_importlib_external", "_imp"),
    *("_io", "_signal", "_thread", "_warnings", "_weakref", "abc", "builtins", "codecs"),
    *("encodings", "encodings.aliases", "encodings.latin_1", "encodings.utf_8", "io", "marshal"),
    *("posix", "sys", "time", "winreg", "zipimport"),
}
#: What the runtime adds to tell phases, what driver and library import, who is asking, and what a
#: program itself puts there.
OURS = {"_contextvars", "atexit", "finfuzz_phase", "finfuzz_target", "gc", "root0"}

TELLS_MODULES = "import sys\nsys.stderr.write(' '.join(sys.modules))\n"
TELLS_LIVE_OBJECTS = """
import gc, sys
for thing in gc.get_objects():
    name = getattr(thing, "__module__", None) or getattr(thing, "__name__", None)
    if isinstance(name, str) and name.partition(".")[0] in ("ctypes", "_ctypes"):
        sys.stderr.write("%r " % thing)
"""

#: Those that need `threading`, or the extension, which is not the real one here.
MORE = {"threading-shutdown", "daemon-thread", "joined-thread", "returning-thread", "call-once"}
EVERY_ROOT = tuple(
    f"root a {word.text}"
    for word in ROOT.words
    if not (word.main_only or word.abuse or word.text in MORE)
)


def told(build: Build, *steps: str) -> str:
    with Executor(build) as executor:
        outcome = executor.run(parse("\n".join(["finfuzz 1", *steps])))
    assert outcome.took[2] == 0
    return outcome.stderr


def test_a_main_interpreter_has_no_more_modules_than_it_must(fake: Fake) -> None:
    steps = ("node a list", *EVERY_ROOT, "root a type-dict", "root a signal", "collect", "import")
    assert set(told(fake(TELLS_MODULES), *steps).split()) <= STARTUP | OURS


@pytest.mark.parametrize("flavour", ["legacy", "isolated"])
def test_a_subinterpreter_has_no_more_modules_than_it_must(
    fake: Fake, python: Interpreter, flavour: str
) -> None:
    """Some kill a subinterpreter of 3.12 by themselves; that would not be the target's doing."""
    if flavour == "isolated" and python.version < (3, 12):
        pytest.skip("has no isolated interpreters")
    used = ("node a list", "node b function", *EVERY_ROOT, "collect")
    said = told(fake(TELLS_MODULES), f"start i {flavour}", "enter i", *used, "import", "stop i")
    assert set(said.split()) <= STARTUP | OURS


def test_ctypes_is_not_among_the_modules(fake: Fake) -> None:
    found = {name.partition(".")[0] for name in told(fake(TELLS_MODULES), "import").split()}
    assert found.isdisjoint({"ctypes", "_ctypes", "struct", "_struct"})


def test_nothing_of_ctypes_lives_on(fake: Fake) -> None:
    """What does is finalized in every child: it costs time, and it is not there in a script."""
    assert told(fake(TELLS_LIVE_OBJECTS), "import") == ""


def test_a_fresh_process_is_prepared_the_same_way(fake: Fake) -> None:
    build = fake(TELLS_MODULES)
    assert (
        told(build, "import").split()
        == run_fresh(build, parse("finfuzz 1\nimport\n")).stderr.split()
    )


TELLS_WHERE_THE_DRIVER_IS = """
import sys
main = sys.modules["__main__"].__dict__
sys.stderr.write("%s %s\\n" % ("take" in main, main["take"].__globals__ is main))
"""


@pytest.mark.parametrize("before", [(), ("start i legacy", "enter i")])
def test_the_driver_lives_in_main_as_a_users_hooks_do(fake: Fake, before: tuple[str, ...]) -> None:
    """Of each interpreter: a hook left behind keeps that module's dict alive, as in a script."""
    assert told(fake(TELLS_WHERE_THE_DRIVER_IS), *before, "import").startswith("True True")


def test_it_ends_as_a_script_ends(fake: Fake) -> None:
    """`__main__` returns, then exit functions run, then modules go: nothing is cut short."""
    source = """
import atexit, sys
class Last:
    def __init__(self, write=sys.stderr.write): self.write = write
    def __del__(self): self.write("modules gone")
last = Last()
atexit.register(sys.stderr.write, "exit functions, ")
"""
    assert told(fake(source), "import", "exit sys-exit") == "exit functions, modules gone"
