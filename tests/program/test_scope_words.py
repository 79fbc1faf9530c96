"""Each word, and each two that may go together, has an effect where `legal.py` says so."""

import pytest

from finfuzz.program.legal import (
    ABUSE,
    CALLABLE,
    CHECKABLE,
    EDGES_FROM,
    EDGES_TO,
    HOOKS_OF,
    IMPOSSIBLE,
    NOT_LEGAL,
    SHAPEABLE,
)
from finfuzz.program.words import ACTION, EDGE, FLAVOUR, HOOK, KIND, ROOT, WAY, Choice, Word
from finfuzz.support.cpythons import NEWEST
from helpers.programs import effects_are


def mark(effect: bool) -> str:
    return "+" if effect else "-"


@pytest.mark.parametrize("kind", KIND.texts)
def test_edges_by_kind_of_the_source(kind: str) -> None:
    steps = [f"{mark(edge in EDGES_FROM[kind])}  edge a b {edge}" for edge in EDGE.texts]
    effects_are("\n".join([f"+  node a {kind}", "+  node b class", *steps]))


@pytest.mark.parametrize(
    ("source", "edge"), [("list", "append"), ("list", "weak"), ("dict", "key"), ("class", "base")]
)
def test_edges_by_kind_of_the_target(source: str, edge: str) -> None:
    for kind in KIND.texts:
        legal = mark(kind in EDGES_TO.get(edge, KIND.texts))
        effects_are(f"+  node a {source}\n+  node b {kind}\n{legal}  edge a b {edge}")


def test_no_class_is_its_own_base() -> None:
    table = "+  node a class\n-  edge a a base\n+  edge a a attribute\n+  node b class"
    effects_are(table + "\n+  edge a b base\n-  edge b b base")


@pytest.mark.parametrize("kind", KIND.texts)
def test_hooks_checks_and_shapes_by_kind(kind: str) -> None:
    hooks = [f"{mark(hook in HOOKS_OF[kind])}  hook a {hook} plain" for hook in HOOK.texts]
    check = f"{mark(kind in CHECKABLE)}  check a"
    shape = f"{mark(kind in SHAPEABLE)}  shape a ring {kind} 3"
    effects_are("\n".join([f"+  node a {kind}", *hooks, check, shape]))


#: A step about `a` for each word that may be legal in the main interpreter alone.
STEP_WITH = {
    KIND: "node a {}",
    HOOK: "hook a {} plain",
    ACTION: "hook a atexit {}",
    ROOT: "root a {}",
}
WORDS = [(choice, word) for choice in STEP_WITH for word in choice.words]


def label(part: object) -> str:
    return part.text if isinstance(part, Word) else ""


@pytest.mark.parametrize(
    ("choice", "word"), [pair for pair in WORDS if pair[1].main_only], ids=label
)
def test_what_is_the_main_interpreters_alone(choice: Choice, word: Word) -> None:
    step = STEP_WITH[choice].format(word.text)
    effects_are(f"""
        +  node a list
        +  start i legacy
        +  enter i
        +  node a list
        -  {step}
        +  root a interpreter-dict
        +  enter main
        +  {step}
    """)


@pytest.mark.parametrize(
    ("choice", "word"), [pair for pair in WORDS if pair[1].own_thread], ids=label
)
def test_what_an_interpreters_own_thread_alone_may_do(choice: Choice, word: Word) -> None:
    step = STEP_WITH[choice].format(word.text)
    effects_are(f"""
        +  node a list
        +  elsewhere
        -  {step}
        -  {step}
        +  collect
        +  {step}
    """)


@pytest.mark.parametrize("way", WAY.texts)
def test_ways_to_end_a_further_life(way: str) -> None:
    effects_are(f"+  exit {way}\n+  again\n+  exit {way}")


@pytest.mark.parametrize("text", FLAVOUR.texts)
@pytest.mark.parametrize("python", [(3, 9), (3, 11), (3, 12), (3, 13), NEWEST])
def test_interpreters_come_with_their_python(text: str, python: tuple[int, int]) -> None:
    can = mark(python >= FLAVOUR.word(text).since)
    table = f"{can}  start i {text}\n{can}  enter i\n+  start j legacy\n{can}  stop i"
    effects_are(table, python)


def test_interpreters_with_a_gil_of_their_own_come_with_3_12() -> None:
    effects_are("-  start i isolated\n-  start i strict\n+  start i stdlib", (3, 11))
    effects_are("+  start i isolated\n+  start j strict\n-  start i stdlib", (3, 12))


def test_an_interpreter_that_ends_with_its_object_is_of_the_main_one() -> None:
    effects_are("""
        +  start i legacy
        +  enter i
        -  start j concurrent
        +  enter main
        +  start j concurrent
        +  stop j
        -  stop j
    """)


ABUSIVE = [pair for pair in WORDS if pair[1].abuse]


@pytest.mark.parametrize(("choice", "word"), ABUSIVE, ids=label)
def test_words_that_are_abuse_have_to_be_asked_for(choice: Choice, word: Word) -> None:
    table = f"+  node a instance\n{{}}  {STEP_WITH[choice].format(word.text)}"
    effects_are(table.format("-"))
    effects_are(table.format("+"), abuse=True)


@pytest.mark.parametrize(("hook", "action"), ABUSE, ids=str)
def test_pairs_that_are_abuse_have_to_be_asked_for(hook: str, action: str) -> None:
    kind = "capsule" if hook == "capsule" else "container"
    table = f"+  node a {kind}\n{{}}  hook a {hook} {action}\n+  hook a {hook} plain"
    effects_are(table.format("-"))
    effects_are(table.format("+"), abuse=True)


@pytest.mark.parametrize("hook", HOOK.texts)
def test_all_other_pairs_are_legal(hook: str) -> None:
    kind = {"capsule": "capsule"}.get(hook, "subclass")
    marks = {action: "-" if (hook, action) in NOT_LEGAL else "+" for action in ACTION.texts}
    node = {action: "b" if action == "call" else "a" for action in marks}
    steps = [f"{mark}  hook {node[action]} {hook} {action}" for action, mark in marks.items()]
    effects_are("\n".join([f"+  node a {kind}", "+  node b bound-function", *steps]))


@pytest.mark.parametrize("action", ACTION.texts)
def test_actions_that_are_performed_now(action: str) -> None:
    legal = mark(action != "call")
    effects_are(f"+  node a list\n{legal}  perform a {action}\n-  perform b {action}")


@pytest.mark.parametrize("kind", KIND.texts)
def test_calls_by_kind(kind: str) -> None:
    legal = mark(kind in CALLABLE)
    effects_are(f"+  node a {kind}\n{legal}  perform a call\n{legal}  hook a atexit call")


@pytest.mark.parametrize(("hook", "action"), IMPOSSIBLE, ids=str)
def test_what_is_impossible_can_not_be_asked_for(hook: str, action: str) -> None:
    effects_are(f"+  node a container\n-  hook a {hook} {action}", abuse=True)


def test_asking_for_abuse_lifts_no_other_rule() -> None:
    table = "+  start i legacy\n+  enter i\n+  node a list\n-  root a type-dict\n-  check a"
    effects_are(table + "\n-  hook a py-atexit cast\n-  edge a a value", abuse=True)


def test_a_native_hook_does_what_its_own_extension_offers() -> None:
    """The other's action would run as Python there, and in a traverse too."""
    effects_are(
        """
        +  node a container
        +  use second
        -  hook a traverse cast
        +  hook a weakref cast
        +  node b container
        +  hook b traverse cast
        +  use first
        -  hook b clear cast
        +  hook a clear cast
        +  node b container
        +  hook b clear cast
        """
    )


def test_thread_locals_outlast_each_life() -> None:
    life = "+  node a container\n+  hook a thread-local-destructor plain"
    effects_are(f"{life}\n+  again\n{life}")


def test_no_life_follows_threads_that_may_outlive_one() -> None:
    effects_are("+  node a container\n+  hook a dealloc thread\n+  fork\n-  again")
    effects_are("+  node a container\n+  root a daemon-thread\n-  again\n+  fork\n+  again")
    effects_are("+  node a list\n+  hook a busy-thread collect\n-  fork\n-  again")


def test_threading_stays_under_one_thread_state() -> None:
    table = "+  start i framework\n+  enter i\n+  node a list\n{}  root a joined-thread"
    effects_are(table.format("-"), (3, 12))
    effects_are(table.format("+"), (3, 13))


def test_what_corrupts_cpython_has_to_be_asked_for() -> None:
    """Any action may make CPython collect: `raise` hung 3.15.2 in a second life."""
    actions = "{0}  hook a weakref collect\n{0}  hook a finalize raise\n+  hook a weakref plain"
    table = f"+  node a thread-local\n{actions}"
    effects_are(table.format("-"))
    effects_are(table.format("+"), abuse=True)
