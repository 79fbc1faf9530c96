"""Builds of packages: a module in a folder, its recipe, and what the probe says of both."""

from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.diagnosis import diagnose

MODULE = """
class Box:
    def __init__(self, item=None):
        self.items = [item]

    def add(self, item):
        self.items.append(item)

class Bare:
    __slots__ = ()
"""
RECIPE = """
module = "mine"
imports = ["collections as c"]

[kind.box]
make = "t.Box(cell)"
edges.added = "source.add(target)"
role = "container"

[kind.bare]
make = "t.Bare()"

[action]
use = "c.deque([t.Box()])"

[check]
"a box's items" = ["len(t.Box().items)", 1]
"""

Make = Callable[..., Build]


@pytest.fixture
def make(tmp_path: Path, interpreter: Interpreter) -> Make:
    """A function that writes a module and its recipe, and builds them."""

    def make_build(module: str = MODULE, recipe: str = RECIPE) -> Build:
        (tmp_path / "mine.py").write_text(module)
        (tmp_path / "mine.toml").write_text(recipe)
        recipe_file = tmp_path / "mine.toml" if recipe else None
        spec = TargetSpec("module", path=tmp_path, package="mine", recipe=recipe_file)
        return build(spec, interpreter)

    return make_build


def test_a_recipe_gives_the_target_its_words(make: Make) -> None:
    made = make()
    box, bare = made.offers.own.kinds.values()
    assert (box.text, box.edges) == (":box", (":cell", ":added", "attribute"))
    assert (box.weak, box.hashable) == (True, True)
    assert (bare.text, bare.edges, bare.weak) == (":bare", (), False)
    assert made.offers.own.actions == (":use",)
    assert "self-check" not in made.offers.lacking_operations
    assert made.notes == ("mine is pure Python: nothing to fuzz but CPython",)


def test_what_the_package_no_longer_has_is_told_and_the_rest_works(make: Make) -> None:
    recipe = RECIPE.replace("t.Bare()", "t.Gone()").replace("source.add", "source.gone")
    made = make(recipe=recipe)
    assert list(made.offers.own.kinds) == [":box"]
    assert made.offers.own.kinds[":box"].edges == (":cell", "attribute")
    assert made.notes[:2] == (
        "kind.box.edges.added is left out: AttributeError: 'Box' object has no attribute 'gone'",
        "kind.bare is left out: AttributeError: module 'mine' has no attribute 'Gone'",
    )


def test_a_check_that_the_recipe_answers_wrongly_is_told_and_not_asked(make: Make) -> None:
    made = make(recipe=RECIPE.replace('.items)", 1]', '.items)", 2]'))
    assert "check: a box's items: 1, should be 2" in made.notes
    assert "self-check" in made.offers.lacking_operations


@pytest.mark.parametrize("runner", ["fresh", "zygote"])
def test_a_program_uses_them(make: Make, runner: str) -> None:
    program = parse(
        "finfuzz 1\nimport\nnode a :box\nedge a a :cell\nedge a a :added\nhook a atexit :use\n"
        "self-check\nunimport\nimport\nnode b :bare\nroot a leak\n"
        "start i legacy\nenter i\nnode a :box\nself-check\nstop i\nagain\nnode a :box\n"
    )
    made = make()
    if runner == "fresh":
        outcome = run_fresh(made, program)
    else:
        with Executor(made) as executor:
            outcome = executor.run(program)
    assert outcome.took == (len(program.steps), 0, 0), outcome.stderr
    assert not diagnose(outcome, 2048)


def test_a_recipe_of_another_module_is_refused(make: Make) -> None:
    with pytest.raises(UserError, match=r"mine\.toml: the recipe is of the module json, and the "):
        make(recipe='module = "json"')


@pytest.mark.parametrize("code", [0, 3])
def test_a_word_that_exits_is_told(make: Make, code: int) -> None:
    recipe = RECIPE.replace("t.Bare()", f"__import__('os')._exit({code})")
    made = make(recipe=recipe)
    assert made.notes[0] == f"kind.bare is left out: ends the process with {code}"
    assert list(made.offers.own.kinds) == [":box"]


def test_a_thread_that_never_ends_does_not_hold_the_probe(make: Make) -> None:
    endless = "import threading\nthreading.Thread(target=threading.Event().wait).start()\n"
    made = make(module=endless + MODULE)
    assert list(made.offers.own.kinds) == [":box", ":bare"]
    assert not made.imports_early


def test_a_new_version_of_the_module_is_probed_again(make: Make) -> None:
    assert list(make().offers.own.kinds) == [":box", ":bare"]
    made = make(module=MODULE.replace("class Bare:", "class Renamed:"))
    assert list(made.offers.own.kinds) == [":box"]


@pytest.mark.parametrize(
    ("module", "error"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import os; os._exit(0)", "its import ends the process with 0"),
        ("import os; os._exit(7)", "its import ends the process with 7"),
        ("import os; os.abort()", "its import dies of SIGABRT"),
    ],
)
def test_a_module_that_cant_be_imported(make: Make, module: str, error: str) -> None:
    with pytest.raises(UserError) as raised:
        make(module=module)
    line = str(raised.value)
    assert line.endswith(f": {error}")
    assert "can't be imported by CPython" in line
    assert len(line.splitlines()) == 1


def test_nothing_is_compiled_for_a_module_that_cant_be_imported(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(UserError, match="division by zero"):
        make(module="1 / 0")
    assert not list(tmp_path.glob("cache/finfuzz/builds/*/build.json"))


def test_threads_that_the_import_starts_are_told(make: Make) -> None:
    made = make(
        module="import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True)"
        ".start()",
        recipe="",
    )
    assert not made.imports_early
    assert made.notes[0].startswith("importing mine starts threads (1), which")


def test_a_package_that_prints_and_forks_on_import_works(make: Make) -> None:
    made = make(
        module="import os, sys\nprint('hello')\nprint('there', file=sys.stderr)\n"
        "pid = os.fork()\nif not pid: os._exit(0)\nos.waitpid(pid, 0)\n" + MODULE
    )
    assert list(made.offers.own.kinds) == [":box", ":bare"]
    with Executor(made) as executor:
        assert not diagnose(executor.run(parse("finfuzz 1\nimport\nnode a :box\n")), 2048)


def test_unimport_drops_all_modules_of_the_package(
    tmp_path: Path, interpreter: Interpreter
) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "__init__.py").write_text("from whole import part\nimport _whole\n")
    (tmp_path / "whole" / "part.py").write_text("print('part', file=__import__('sys').stderr)\n")
    (tmp_path / "_whole.py").write_text("print('_whole', file=__import__('sys').stderr)\n")
    made = build(TargetSpec("module", path=tmp_path, package="whole"), interpreter)
    outcome = run_fresh(made, parse("finfuzz 1\nimport\nunimport\nimport\n"))
    assert outcome.stderr == "part\n_whole\n" * 2
