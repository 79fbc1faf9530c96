"""nanobind: each name of its features is bound, its own words do what their file says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import Vocabulary
from finfuzz.targets.build import Build, build
from finfuzz.targets.extension_words import read_extension_recipe, write_extension_words
from finfuzz.targets.features import read_features
from finfuzz.targets.frameworks.nanobind import FRAMEWORK
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.words import name_function
from finfuzz.targets.spec import parse_target
from helpers.places import CHILD

#: One release of each major version; the variants have the same sources.
RELEASES = ["2.15.0", "3.1.0"]

RECIPE = read_extension_recipe(FRAMEWORK)
assert RECIPE is not None
KINDS = RECIPE.kind
NAMES = sorted({*read_features(CHILD / "extensions" / "nanobind").rows.values()})

#: Prints what is wrong, one line each.
ASK_NAMES = """
for name in ASKED:
    if not hasattr(finfuzz_target, name):
        print("has no", name)
"""
ASK_KINDS = """
import weakref

def works(function, *arguments):
    try:
        function(*arguments)
    except TypeError:
        return False
    return True

for function, facts in ASKED.items():
    node = globals()[function](finfuzz_target)
    found = [works(weakref.ref, node), works(hash, node), hasattr(node, "__dict__")]
    if found != facts:
        print(function, found, "should be", facts)
"""
ASK_CHECK = """
for line in self_check(finfuzz_target):
    print(line)
"""


@pytest.fixture(scope="module", params=RELEASES)
def target(request: pytest.FixtureRequest, interpreter: Interpreter) -> Build:
    return build(parse_target(f"nanobind=={request.param}"), interpreter, instrumented=False)


@pytest.fixture(scope="module")
def executor(target: Build) -> Iterator[Executor]:
    with Executor(target, Limits(deadline=20)) as running:
        yield running


def ask(target: Build, code: str, asked: object = None) -> str:
    """Run code beside the extension, with all functions of words. Return what it prints."""
    library = [path.read_text(encoding="utf-8") for path in (CHILD / "words").glob("*.py")]
    script = "\n".join(
        [
            *library,
            write_extension_words(FRAMEWORK),
            f"import json, sys; sys.path.insert(0, {str(target.directory)!r})",
            "import finfuzz_target",
            f"ASKED = json.loads({json.dumps(asked)!r})",
            code,
        ]
    )
    command = [str(target.interpreter.executable), "-I", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_name_is_bound(target: Build) -> None:
    assert ask(target, ASK_NAMES, [name for names in NAMES for name in names]) == ""


def test_what_the_words_say_of_each_kind_is_so(target: Build) -> None:
    facts = {
        name_function("make_", f":{name}"): [kind.weak, kind.hashable, kind.attributes]
        for name, kind in KINDS.items()
    }
    assert ask(target, ASK_KINDS, facts) == ""


def test_each_question_has_its_answer(target: Build) -> None:
    assert ask(target, ASK_CHECK) == ""


def use_kind(offers: Vocabulary, kind: str) -> list[str]:
    """Return steps with all edges and hooks of a kind, and with every action of nanobind's own."""
    edges = [f"edge a b {edge}" for edge in offers.edges_from[kind]]
    hooks = [f"hook a {hook} plain" for hook in offers.hooks_of[kind] if hook != "unraisable"]
    own = [f"hook a atexit {action}" for action in offers.own.actions]
    return [
        f"node a {kind}",
        "node b list",
        *edges,
        *hooks,
        *own,
        "root a sys",
        "drop a",
        "collect",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_survives_all_that_is_legal(executor: Executor, kind: str) -> None:
    program = parse("\n".join(["finfuzz 1", *use_kind(executor.build.offers, f":{kind}")]))
    outcome = executor.run(program)
    assert (outcome.exit_code, outcome.phase) == (0, "exited/dict-cleared"), outcome.stderr
    assert outcome.took[2] == 0, outcome.stderr


def test_its_folder_lists_no_name_twice() -> None:
    names = [name for row in NAMES for name in row]
    assert len(names) == len(set(names))
