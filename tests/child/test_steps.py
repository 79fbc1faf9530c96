"""The effect of each step, observed by a container's events and by the end of a program."""

from collections.abc import Iterator

import pytest

from finfuzz.executor.zygote import Executor
from finfuzz.program.legal import EDGES_FROM
from finfuzz.program.text import parse
from finfuzz.program.words import EDGE, FLAVOUR, ROOT, Word
from finfuzz.support.cpythons import Quirk, format_version, has
from finfuzz.targets.build import Build


@pytest.fixture(scope="module")
def executor(plain_c: Build) -> Iterator[Executor]:
    with Executor(plain_c) as running:
        yield running


@pytest.fixture(scope="module")
def executor_313(plain_c_313: Build) -> Iterator[Executor]:
    with Executor(plain_c_313) as running:
        yield running


def need(executor: Executor, word: Word) -> None:
    if executor.build.interpreter.version < word.since:
        pytest.skip(f"`{word.text}` is of CPython {format_version(word.since)}")


def record_events(executor: Executor, *steps: str) -> list[tuple[str, str]]:
    """Run steps, all of which must have an effect; return (hook, phase) of each event."""
    program = parse("\n".join(["finfuzz 1", *steps]))
    outcome = executor.run(program, events=True)
    assert outcome.took == (len(steps), 0, 0)
    return [(event.hook, event.phase) for event in outcome.events]


MARK = ("start mark legacy", "stop mark")  # visible among the events
DEALLOC = ("dealloc", "running")


def record_before_end(executor: Executor, *steps: str) -> list[tuple[str, str]]:
    """Run steps; return the events up to the last step, without those of the program's end."""
    happened = record_events(executor, *steps, *MARK)
    return happened[: happened.index(("modules-cleared", "stopping/modules-cleared"))]


def test_what_nothing_holds_dies_when_its_name_is_dropped(executor: Executor) -> None:
    assert DEALLOC in record_before_end(executor, "node a container", "drop a")
    assert DEALLOC in record_before_end(executor, "node a container", "node a list")
    assert DEALLOC not in record_before_end(executor, "node a container", "collect")


def test_a_cycle_dies_when_it_is_collected(executor: Executor) -> None:
    cycle = ("node a container", "edge a a append", "drop a")
    assert DEALLOC not in record_before_end(executor, *cycle)
    happened = record_before_end(executor, *cycle, "collect")
    assert happened.index(("clear", "running")) < happened.index(DEALLOC)


#: Where a container can be held without any abuse.
ROOTS = [word.text for word in ROOT.words if not word.abuse]


@pytest.mark.parametrize("root", ROOTS)
def test_what_a_root_holds_lives_on(executor: Executor, root: str) -> None:
    need(executor, ROOT.word(root))
    steps = ("node a container", f"root a {root}", "drop a", "collect")
    assert DEALLOC not in record_before_end(executor, *steps)


@pytest.mark.parametrize("root", [root for root in ROOTS if not ROOT.word(root).main_only])
def test_what_a_root_holds_in_a_subinterpreter_lives_until_that_stops(
    executor: Executor, root: str
) -> None:
    need(executor, ROOT.word(root))
    inside = ("node a container", f"root a {root}", "drop a", "collect")
    happened = record_events(executor, "start i legacy", "enter i", *inside, "stop i")
    assert DEALLOC not in happened
    assert ("dict-cleared", "stopping/dict-cleared") in happened


def test_a_left_subinterpreter_ends_in_a_phase_of_its_own(executor: Executor) -> None:
    """Py_FinalizeEx ends it, since 3.14 before the flag that Py_IsFinalizing reads is set."""
    if has(executor.build.interpreter.version, Quirk.LEFT_SUBINTERPRETER_ABORTS):
        pytest.skip("this CPython aborts over a left subinterpreter")
    happened = record_events(executor, "start i legacy", "enter i", "import")
    assert {phase for hook, phase in happened if hook.endswith("-cleared")} <= {
        f"{progress}/{cleared}-cleared"
        for progress in ("stopping", "finalizing")
        for cleared in ("modules", "dict")
    }


def test_the_interpreter_of_a_pool_has_a_life_of_its_own(executor: Executor) -> None:
    """Its import is not counted as the main interpreter's, where the import would be the second."""
    need(executor, ROOT.word("interpreter-pool"))
    program = parse("finfuzz 1\nimport\nnode a list\nroot a interpreter-pool\n")
    outcome = executor.run(program, events=True)
    imports = [event.interpreter for event in outcome.events if event.hook == "import"]
    assert (imports, outcome.lives, outcome.interpreter) == ([0, 1], 2, "main")


def test_what_is_leaked_never_dies(executor: Executor) -> None:
    happened = record_events(executor, "node a container", "root a leak")
    assert "dealloc" not in dict(happened)


#: Places for one object only; `py::gil_safe_call_once_and_store` keeps the first one.
ONE_PLACE = {"excepthook", "unraisablehook", "displayhook", "trace", "signal"}


@pytest.mark.parametrize("root", ROOTS)
def test_roots_of_one_sort_do_not_replace_each_other(executor: Executor, root: str) -> None:
    need(executor, ROOT.word(root))
    one = ("node a container", f"root a {root}", "drop a")
    goes = root in ONE_PLACE or root == "call-once"
    assert (DEALLOC in record_before_end(executor, *one, *one)) == goes


#: For each edge, the first kind that can be its source.
EDGES = [
    (next(kind for kind, edges in EDGES_FROM.items() if edge in edges), edge)
    for edge in EDGE.texts
    if edge not in ("base", "weak")
]
#: Edges with room for one target only.
ONE_TARGET = {"context-variable"}


@pytest.mark.parametrize(("kind", "edge"), EDGES)
def test_an_edge_keeps_what_it_leads_to(executor: Executor, kind: str, edge: str) -> None:
    two = (f"node a {kind}", "node b container", f"edge a b {edge}", "node b list")
    assert DEALLOC not in record_before_end(executor, *two)
    if kind != "container":  # a source of the same kind has the same events
        gone = DEALLOC in record_before_end(executor, *two, "drop a", "collect")
        assert gone or edge in ("class-attribute", "module-dict", *ONE_TARGET)
    # Two edges of one sort do not replace each other.
    three = (*two[:3], "node b container", *two[2:])
    assert (DEALLOC in record_before_end(executor, *three)) == (edge in ONE_TARGET)


def test_a_weak_edge_keeps_nothing(executor: Executor) -> None:
    weak = ("node a list", "node b container", "edge a b weak", "drop b")
    assert DEALLOC in record_before_end(executor, *weak)


def test_another_life_begins_anew(executor: Executor) -> None:
    """With nothing of the first life, which has ended as the last one ends."""
    happened = record_events(
        executor, "import", "node a container", "root a sys", "again", "import"
    )
    assert [hook for hook, _ in happened].count("import") == 2
    assert [hook for hook, _ in happened].count("dict-cleared") == 2
    assert happened.index(("dict-cleared", "finalizing/dict-cleared")) < len(happened) - 3


def test_parent_and_child_of_a_fork_both_end(executor: Executor) -> None:
    happened = record_events(executor, "node a container", "root a codec", "fork", "collect")
    assert [hook for hook, _ in happened].count("dict-cleared") == 2
    assert [hook for hook, _ in happened].count("dealloc") == 2


def test_a_name_left_over_goes_before_its_interpreter_does(executor: Executor) -> None:
    """As a local of a function would."""
    inside = ("start i legacy", "enter i", "node a container")
    assert DEALLOC in record_events(executor, *inside, "stop i")
    assert DEALLOC in record_events(executor, *inside)


#: The events of a container in a self-cycle, held by a search function in the codec registry.
SELF_CYCLE_IN_THE_CODEC_REGISTRY = [
    ("import", "running"),
    # Py_FinalizeEx collects
    ("traverse", "finalizing"),
    ("traverse", "finalizing"),
    ("modules-cleared", "finalizing/modules-cleared"),
    ("traverse", "finalizing/modules-cleared"),
    ("traverse", "finalizing/modules-cleared"),
    ("traverse", "finalizing/modules-cleared"),
    ("traverse", "finalizing/modules-cleared"),
    # the interpreter's dict goes, and with it a framework's internals; then the codec registry
    ("dict-cleared", "finalizing/dict-cleared"),
    ("traverse", "finalizing/dict-cleared"),
    ("traverse", "finalizing/dict-cleared"),
    ("clear", "finalizing/dict-cleared"),
    ("dealloc", "finalizing/dict-cleared"),
]


def test_how_a_cycle_in_the_codec_registry_ends_on_3_13(executor_313: Executor) -> None:
    steps = ("import", "node a container", "edge a a append", "root a codec")
    assert record_events(executor_313, *steps) == SELF_CYCLE_IN_THE_CODEC_REGISTRY


@pytest.mark.parametrize("flavour", [word.text for word in FLAVOUR.words if word.since <= (3, 13)])
def test_how_one_in_a_subinterpreter_ends_on_3_13(executor_313: Executor, flavour: str) -> None:
    """Py_EndInterpreter does the same, except for the first collection."""
    steps = ("import", "node a container", "edge a a append", "root a codec")
    assert record_events(executor_313, f"start i {flavour}", "enter i", *steps, "stop i") == [
        *(
            (hook, phase.replace("finalizing", "stopping"))
            for hook, phase in SELF_CYCLE_IN_THE_CODEC_REGISTRY
            if phase != "finalizing"
        ),
        ("modules-cleared", "finalizing/modules-cleared"),
        ("dict-cleared", "finalizing/dict-cleared"),
    ]


@pytest.mark.parametrize("root", ["module", "interpreter-dict"])
def test_a_native_thread_is_not_waited_for_at_the_end(executor: Executor, root: str) -> None:
    """CPython 3.13.8 and later block a thread that asks for the GIL then, for ever."""
    steps = ("node a container", "hook a dealloc native-thread", f"root a {root}")
    outcome = executor.run(parse("\n".join(["finfuzz 1", *steps])))
    assert (outcome.timed_out, outcome.died) == (False, False)
