"""Programs that keep nothing to the end, and programs that do, by the step that makes it so."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.program.keeping import KEEPING, UNSEEN, keeps_nothing
from finfuzz.program.model import Program
from finfuzz.program.scope import effective
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import EVERYTHING, OwnWords
from finfuzz.program.words import EDGE, HOOK, KINDS, ROOT, WAY, Kind

OFFERS = replace(
    EVERYTHING,
    own=OwnWords(
        {
            ":pair": Kind(":pair", "", edges=(":add", "attribute"), hooks=(":done",)),
            ":around": Kind(":around", "", edges=(":cell",)),
            ":static": Kind(":static", "", edges=(":add",), keeps=True),
        },
        (":use",),
    ),
)


def keeps(steps: str) -> bool:
    return not keeps_nothing(parse("finfuzz 1\n" + steps.replace("; ", "\n")), OFFERS)


@pytest.mark.parametrize(
    "steps",
    [
        "import",
        "import; unimport; collect; import; self-check",
        "node a container; edge a a append",
        "node a container; node b list; edge a b append; edge b a append; drop a; drop b; collect",
        "shape a clique container 5",
        "shape a chain holder 5",
        # unseen by the collector, but no cycle
        "node a holder; node b container; edge a b member",
        "node a instance; node b instance; edge a b keep-alive",
        "node a :pair; node b instance; edge a b :add",
        "node a holder; node b function; edge a b member",
        "node a :around; node b list; edge a b :cell",
        # code runs, and is gone by the end
        "node a container; hook a clear print; hook a dealloc create",
        "node a subclass; hook a del import",
        "node a instance; hook a finalize raise",
        "node a capsule; hook a capsule convert",
        "node a :pair; hook a :done :use",
        # what CPython releases while it finalizes
        *(f"node a container; root a {root}" for root in ROOT.texts if root not in KEEPING[ROOT]),
        "node a subclass; edge a a append; hook a del cast; root a codec; exit exception",
        "node a holder; node b list; edge a b member; root a module; root b module",
        "node a :pair; node b instance; edge a b :add; root a interpreter-dict",
        # interpreters that are ended
        "start i legacy; enter i; node a container; edge a a append; hook a finalize cast; stop i",
        "node a container; again; node a container; edge a a append",
        "start i legacy; stop i; start i isolated; stop i; again; import",
        "exit sys-exit",
        "exit exception",
        "exit interrupt",
    ],
)
def test_keeps_nothing(steps: str) -> None:
    assert not keeps(steps)


@pytest.mark.parametrize(
    "steps",
    [
        *(f"node a object; root a {root}" for root in KEEPING[ROOT]),
        *(f"node a object; hook a {hook} print" for hook in KEEPING[HOOK]),
        "node a object; hook a del resurrect",
        "node a object; hook a del thread",
        "node a object; hook a finalize atexit",
        *(f"exit {way}" for way in KEEPING[WAY]),
        "fork",
        # a cycle that the collector can't see
        "node a holder; edge a a member",
        "node a instance; edge a a keep-alive",
        "node a :pair; edge a a :add",
        "node a holder; node b list; edge a b member; edge b a append",
        "node a list; edge a a append; node b holder; edge b a member; edge a b append",
        "shape a ring holder 2",
        "shape a ring :pair 1",
        # a frame has the driver's frame behind it, and that has all nodes
        "node a holder; node b frame; edge a b member",
        "node a holder; node b list; node c traceback; edge a b member; edge b c append",
        # a function has `__main__` behind it, and that may have what a root holds
        "node a holder; node b function; edge a b member; root a module",
        "node a holder; node b list; node c override; edge a b member; edge b c append; root a sys",
        "node a container; hook a clear print; root a module",
        "node a :around; root a module",
        # what belongs to a module, a thread or the process
        "node a extension; node b list; edge a b module-dict",
        "node a bound-type; node b instance; edge a b attribute",
        "node a native-enum; node b instance; edge a b attribute",
        "node a contextvar; node b list; edge a b context-variable",
        "node a :static; node b list; edge a b :add",
        "shape a chain :static 2",
        "node a :unknown; node b list; edge a b :add",
        # interpreters that are left, at the end of the process or of a life
        "start i legacy",
        "start i legacy; again; start i legacy; stop i",
        "start i legacy; stop i; start i legacy",
        # in a subinterpreter, a function of `__main__` has all nodes
        "start i legacy; enter i; node a holder; node b function; edge a b member; stop i",
        "start i legacy; enter i; node a container; hook a clear print; stop i",
        "start i legacy; enter i; shape a chain holder 2; stop i",
    ],
)
def test_keeps_something(steps: str) -> None:
    assert keeps(steps)


def test_the_same_name_elsewhere_is_another_node() -> None:
    steps = "node a holder; node b list; edge a b member; start i legacy; enter i; {}; stop i"
    assert not keeps(steps.format("node a list; node b list; edge b a append"))
    assert keeps(steps.format("node a list; edge a a append; enter main; edge b a append"))


def test_the_tables_speak_of_what_there_is() -> None:
    assert all(word in choice for choice, words in KEEPING.items() for word in words)
    assert set(EDGE.texts) > UNSEEN
    assert {kind.text for kind in KINDS.values() if kind.keeps} == {
        *("enum", "native-enum", "bound-type", "extension", "contextvar")
    }


@given(st.from_type(Program), st.data())
def test_further_edges_and_roots_keep_no_less(program: Program, data: st.DataObject) -> None:
    """Leaving such a step out never makes a program keep something."""
    steps = effective(program).steps
    chosen = [n for n, step in enumerate(steps) if step.op in ("edge", "hook", "root", "drop")]
    out = data.draw(st.sets(st.sampled_from(chosen))) if chosen else set()
    fewer = Program(tuple(step for n, step in enumerate(steps) if n not in out))
    assert keeps_nothing(fewer) or not keeps_nothing(Program(steps))
