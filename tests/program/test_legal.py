"""The tables of what goes together speak of what there is, and say why the rest doesn't."""

import pytest

from finfuzz.program.legal import (
    ABUSE,
    CALLABLE,
    CHECKABLE,
    DEFAULT_ACTIONS,
    EDGES_FROM,
    EDGES_TO,
    HOOKS_OF,
    NOT_LEGAL,
    OUTLIVING_HOOKS,
    OUTLIVING_ROOTS,
    SHAPEABLE,
    THREAD_ROOTS,
)
from finfuzz.program.words import (
    ACTION,
    EDGE,
    EXTENSION_KINDS,
    HOOK,
    KIND,
    KINDS,
    NATIVE_HOOKS,
    ROOT,
)

NATIVE = {"traverse", "clear", "dealloc"}
OF_ONE_NODE = {*NATIVE, "del", "capsule", "weakref", "finalize"}
#: Behind the last line of Py_FinalizeEx.
#: Kinds of the extension without weak references.
NO_WEAK = {"capsule", "bound-function", "bound-method"}
TOO_LATE = {"py-atexit", "static-destructor", "thread-local-destructor"}


def actions_at(hook: str) -> set[str]:
    return {action for action in ACTION.texts if (hook, action) not in NOT_LEGAL}


def test_every_kind_is_in_the_tables() -> None:
    assert tuple(EDGES_FROM) == tuple(HOOKS_OF) == KIND.texts
    assert set(EDGES_TO) < set(EDGE.texts)
    assert {hook for hooks in HOOKS_OF.values() for hook in hooks} == set(HOOK.texts)


@pytest.mark.parametrize("kind", KIND.texts)
def test_hooks_follow_from_what_a_kind_is(kind: str) -> None:
    hooks = set(HOOKS_OF[kind])
    assert HOOKS_OF[kind] == tuple(hook for hook in HOOK.texts if hook in hooks)
    assert hooks >= set(HOOK.texts) - OF_ONE_NODE, "those of the interpreter take any node"
    assert hooks >= set(KINDS[kind].hooks)
    assert ({"weakref", "finalize"} <= hooks) == (kind in CHECKABLE) == KINDS[kind].weak


@pytest.mark.parametrize(
    ("hook", "kinds"),
    [
        *((hook, {"container", "subclass"}) for hook in sorted(NATIVE)),
        ("del", {"subclass", "override", "two-bases", "object"}),
        ("capsule", {"capsule"}),
    ],
)
def test_hooks_that_few_kinds_have(hook: str, kinds: set[str]) -> None:
    assert {kind for kind in KIND.texts if hook in HOOKS_OF[kind]} == kinds


@pytest.mark.parametrize(
    ("edge", "some", "none"),
    [
        ("base", {"class"}, {"object", "bound-type"}),
        ("key", {"function", "frame", "class"}, {"list", "dict", "memoryview", "ctypes-callback"}),
        ("weak", {"container", "class"}, {"list", "dict", "capsule", "frame", "exception"}),
    ],
)
def test_targets_of_edges_that_do_not_take_all(edge: str, some: set[str], none: set[str]) -> None:
    assert some <= EDGES_TO[edge]
    assert none.isdisjoint(EDGES_TO[edge])


def test_every_kind_with_edges_has_one_that_takes_any_target() -> None:
    """The generator counts on it, and so do shapes: there it is the first."""
    assert {kind for kind, edges in EDGES_FROM.items() if edges} == SHAPEABLE
    assert all(EDGES_FROM[kind][0] not in EDGES_TO for kind in SHAPEABLE)


def test_sets_of_words_are_of_words() -> None:
    assert set(ROOT.texts) > THREAD_ROOTS > OUTLIVING_ROOTS
    assert set(HOOK.texts) > {*NATIVE_HOOKS, *OUTLIVING_HOOKS}


def test_sets_of_kinds_are_of_kinds() -> None:
    assert set(KIND.texts) > CHECKABLE > {kind.text for kind in EXTENSION_KINDS} - NO_WEAK
    assert set(KIND.texts) > SHAPEABLE
    assert set(KIND.texts) > CALLABLE


@pytest.mark.parametrize("pair", NOT_LEGAL, ids=" ".join)
def test_what_is_not_legal_is_of_a_hook_and_an_action_and_says_which_rule_it_breaks(
    pair: tuple[str, str],
) -> None:
    hook, action = pair
    assert hook in HOOK.texts
    assert action in ACTION.texts
    assert NOT_LEGAL[pair] == " ".join(NOT_LEGAL[pair].split())
    assert NOT_LEGAL[pair]
    assert not NOT_LEGAL[pair].endswith(".")


@pytest.mark.parametrize("hook", HOOK.texts)
def test_every_hook_has_an_action_that_is_no_abuse(hook: str) -> None:
    assert "plain" in actions_at(hook)


@pytest.mark.parametrize(
    ("hooks", "actions"),
    [
        ({"traverse"}, {"plain", "cast", "lookup", "internals"}),
        (TOO_LATE, {"plain"}),
        ({"dealloc", "capsule"}, set(ACTION.texts) - {"resurrect", "cast-back", "call"}),
        ({"clear"}, set(ACTION.texts) - {"resurrect", "call"}),
        ({"del", "weakref", "finalize"}, set(ACTION.texts) - {"call"}),
    ],
)
def test_what_a_hook_may_do(hooks: set[str], actions: set[str]) -> None:
    assert all(actions_at(hook) == actions for hook in hooks)


def test_at_other_hooks_anything_goes() -> None:
    others = set(HOOK.texts) - {hook for hook, _ in NOT_LEGAL}
    assert others == {"atexit", "threading-exit"}


def test_what_calls_the_node_does_so_where_it_gets_one_that_can_be_called() -> None:
    hooks = {hook for hook in HOOK.texts if "call" in actions_at(hook)}
    assert hooks == {"atexit", "threading-exit", "busy-thread", "unraisable"}
    assert not any("del" in HOOKS_OF[kind] for kind in CALLABLE)


def test_the_hook_of_unraisable_exceptions_takes_no_action_that_would_call_it_again() -> None:
    """Seen on 3.14.10: the hook was told of each script that can't be opened."""
    assert [action for hook, action in NOT_LEGAL if hook == "unraisable"] == ["remote-script"]


def test_a_busy_thread_does_nothing_that_adds_up_or_can_be_done_only_once() -> None:
    assert {action for hook, action in NOT_LEGAL if hook == "busy-thread"} == {
        *("thread", "native-thread", "atexit", "remote-script", "raise", "print")
    }


def test_native_hooks_have_a_default_that_is_no_abuse() -> None:
    assert set(DEFAULT_ACTIONS) == NATIVE
    assert ABUSE.keys().isdisjoint(DEFAULT_ACTIONS.items())
