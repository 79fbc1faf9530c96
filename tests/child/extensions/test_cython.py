"""Each word that Cython's extension offers has its effect, in each interpreter."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.version import Version

from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.scope import effective
from finfuzz.program.text import parse
from finfuzz.program.words import ACTION, HOOK, KIND
from finfuzz.targets.build import build
from finfuzz.targets.extension_words import read_extension_recipe, write_extension_words
from finfuzz.targets.features import read_features
from finfuzz.targets.frameworks.cython import FRAMEWORK
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.words import name_function
from finfuzz.targets.releases import find_root
from finfuzz.targets.spec import parse_target
from finfuzz.triage.repro.sources import write_extension
from helpers.places import CHILD

NEWEST = "cython==3.3.1"
#: Targets, each with the newest CPython that their release is compiled for.
TARGETS = {
    NEWEST: (3, 15),
    "cython==3.0.0": (3, 12),
    "cython==3.0.12": (3, 13),
    "cython==3.1.0+module-state": (3, 14),
    f"{NEWEST}+module-state": (3, 15),
    f"{NEWEST}+single-phase": (3, 15),
}
#: What shows a known defect of older releases, with the first good one (docs/known-defects.md).
KNOWN_KINDS = {":fails-in-dealloc": "3.0.11", ":finalized": "3.3.1"}
KNOWN_CHECKS = {
    "what a coroutine returned is freed": "3.1.1",
    "what a generator raised is freed": "3.2.5",
    "a function's annotations are traversed": "3.2.5",
}
FEATURES = read_features(CHILD / "extensions" / "cython")
#: Extension types are immutable, and so is what `bound-type` is.
REFUSED = "type 'finfuzz_target.Instance'"

#: Prints the kinds of which the file of words says something wrong.
ASK_KINDS = """
import weakref

def works(function, *arguments):
    try:
        function(*arguments)
    except (AttributeError, TypeError):
        return False
    return True

for function, facts in ASKED.items():
    node = globals()[function](finfuzz_target)
    found = [works(weakref.ref, node), works(hash, node), works(setattr, node, "new", None)]
    if found != facts:
        print(function, found, "should be", facts)
"""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(target, marks=() if target == NEWEST else pytest.mark.slow)
        for target in TARGETS
    ],
)
def executor(request: pytest.FixtureRequest, pythons: list[Interpreter]) -> Iterator[Executor]:
    newest = TARGETS[request.param]
    python = next((found for found in pythons if found.version[:2] <= newest), None)
    if python is None:
        pytest.skip("no CPython found that this release is compiled for")
    with Executor(build(parse_target(request.param), python), Limits(deadline=20)) as running:
        yield running


def has_defect(executor: Executor, first_good: str | None) -> bool:
    version = executor.build.spec.version or ""
    return first_good is not None and Version(version) < Version(first_good)


def list_kinds(executor: Executor) -> list[str]:
    offers = executor.build.offers
    return [
        text
        for text in offers.list_texts(KIND)
        if offers.has(KIND, text) and not has_defect(executor, KNOWN_KINDS.get(text))
    ]


def list_unknown_answers(executor: Executor, outcome: Outcome) -> list[str]:
    """List the wrong answers that no known defect of the release explains."""
    known = [name for name, good in KNOWN_CHECKS.items() if has_defect(executor, good)]
    lines = [line for line in outcome.stderr.splitlines() if line.startswith("self-check: ")]
    return [line for line in lines if not any(name in line for name in known)]


def use_kind(executor: Executor, kind: str) -> list[str]:
    """Return steps with all edges and hooks of a kind."""
    offers = executor.build.offers
    steps = [f"node a {kind}", "node b container"]
    for edge in offers.edges_from[kind]:
        if offers.takes(edge, "container"):
            steps += [f"edge a b {edge}"] * 2
    steps += [f"hook a {hook} plain" for hook in offers.hooks_of[kind] if offers.has(HOOK, hook)]
    return [*steps, "drop b", "root a sys", "drop a", "collect"]


def check_survival(executor: Executor, steps: list[str], raises: str = "") -> Outcome:
    """Check that each step has its effect and that the process ends as a script ends.

    Steps may raise exceptions with ``raises`` in their message.
    """
    program = parse("\n".join(["finfuzz 1", *steps]))
    version = executor.build.interpreter.version[:2]
    effects = len(effective(program, version, offers=executor.build.offers))
    outcome = executor.run(program)
    had, skipped, raised = outcome.took
    said = outcome.stderr.count("` raised ")
    expected = outcome.stderr.count(raises) if raises else 0
    assert (had + raised, skipped) == (effects, len(program) - effects), f"{steps}\n{outcome}"
    assert raised == said == expected, f"{steps}\n{outcome.stderr}"
    assert outcome.exit_code == 0, f"{steps}\n{outcome}"
    return outcome


def test_every_kind(executor: Executor) -> None:
    for kind in list_kinds(executor):
        check_survival(executor, use_kind(executor, kind), REFUSED if kind == "bound-type" else "")


@pytest.mark.parametrize(
    ("hook", "kind"),
    [
        ("dealloc", "container"),
        ("capsule", "capsule"),
        (":del", ":finalized"),
        (":finally", ":generator"),
        (":finally", ":coroutine"),
        (":async-finally", ":async-generator"),
    ],
)
def test_every_action(executor: Executor, hook: str, kind: str) -> None:
    offers = executor.build.offers
    for action in offers.list_texts(ACTION):
        # a join at the end hangs on some CPythons (gh-123940)
        root = [] if action == "join" else ["root a codec"]
        steps = [f"node a {kind}", f"hook a {hook} {action}", *root, "drop a"]
        if offers.has(ACTION, action):
            check_survival(executor, steps)


def test_the_right_answers(executor: Executor) -> None:
    outcome = check_survival(executor, ["self-check", "collect", "self-check"])
    assert list_unknown_answers(executor, outcome) == []


def test_what_the_words_say_of_each_kind_is_so(executor: Executor) -> None:
    recipe = read_extension_recipe(FRAMEWORK)
    assert recipe is not None
    facts = {
        name_function("make_", f":{name}"): [kind.weak, kind.hashable, kind.attributes]
        for name, kind in recipe.kind.items()
        if not has_defect(executor, KNOWN_KINDS.get(f":{name}"))
    }
    library = [path.read_text(encoding="utf-8") for path in (CHILD / "words").glob("*.py")]
    script = [
        *library,
        write_extension_words(FRAMEWORK),
        f"import json, sys; sys.path.insert(0, {str(executor.build.directory)!r})",
        f"import finfuzz_target; ASKED = json.loads({json.dumps(facts)!r})",
        ASK_KINDS,
    ]
    command = [str(executor.build.interpreter.executable), "-I", "-c", "\n".join(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def test_another_interpreter(executor: Executor) -> None:
    """With a module state, a legacy subinterpreter has a module of its own; else Cython refuses."""
    program = parse(
        "finfuzz 1\nself-check\nstart i legacy\nenter i\nself-check\nstop i\nself-check"
    )
    outcome = executor.run(program)
    refuses = executor.build.spec.policy == "released"
    assert ("Interpreter change detected" in outcome.stderr) == refuses, outcome.stderr
    assert list_unknown_answers(executor, outcome) == []
    assert outcome.exit_code == 0, outcome.stderr


@pytest.mark.slow
def test_every_kind_in_legacy_subinterpreters_of_a_module_state(executor: Executor) -> None:
    if executor.build.spec.policy != "module-state":
        pytest.skip("only a module state allows it")
    for kind in list_kinds(executor):
        if kind in ("gil-state-taker", ":global"):
            continue  # both belong to the main interpreter
        inside = ["start i legacy", "enter i", *use_kind(executor, kind), "enter main", "stop i"]
        steps = ["self-check", f"node k {kind}", *inside, "root k codec", "self-check"]
        outcome = check_survival(executor, steps, REFUSED if kind == "bound-type" else "")
        assert list_unknown_answers(executor, outcome) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({name for row in FEATURES.rows.values() for name in row}))
def test_a_script_has_what_a_name_needs(name: str, tmp_path: Path) -> None:
    spec = parse_target(NEWEST)
    text = write_extension(spec, f"t.{name}", plain=True, watch=False)
    (tmp_path / "extension.pyx").write_text(text, encoding="utf-8")
    translator = find_root(spec) / "cython.py"
    command = [sys.executable, str(translator), "--cplus", "-3", "extension.pyx"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
