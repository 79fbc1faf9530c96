"""What each mutator makes of a small program: everything it can come to, over many seeds."""

from random import Random

import pytest

from finfuzz.generation.mutate import MUTATORS
from finfuzz.generation.weights import DEFAULT, Weights
from finfuzz.program.model import Program
from finfuzz.program.text import parse, to_text
from finfuzz.program.words import ACTION, EDGE, FLAVOUR, HOOK, KIND, SHAPE, SIZE, WAY, WHICH

#: Those that have something to do with any program.
ALWAYS = ("insert", "splice")
#: Seeds enough for each of the words that a kind can be changed to.
SEEDS = range(1000)


def read(text: str) -> Program:
    """Steps separated by semicolons."""
    return parse("finfuzz 1\n" + text.replace(";", "\n"))


def write(program: Program) -> str:
    return "; ".join(to_text(program).splitlines()[1:])


def outcomes(name: str, before: str, weights: Weights = DEFAULT) -> set[str | None]:
    """All that a mutator makes of a program; None: nothing to do."""
    program = read(before)
    found = (MUTATORS[name](Random(seed), program, weights) for seed in SEEDS)
    return {None if changed is None else write(changed) for changed in found}


# ---- mutators by example ----------------------------------------------------------------------

DELETE = [
    ("collect", {""}),
    # mostly one step, sometimes two to five in a row
    ("import; collect", {"import", "collect", ""}),
    ("node a list; drop a; collect", {"node a list; drop a", "node a list; collect",
     "drop a; collect", "node a list", "collect", ""}),
]  # fmt: skip

MOVE = [
    ("import; collect", {"import; collect", "collect; import"}),
    (
        "import; collect; exit return",
        {
            "import; collect; exit return",
            "collect; import; exit return",
            "collect; exit return; import",
            "import; exit return; collect",
            "exit return; import; collect",
        },
    ),
]

DUPLICATE = [
    ("collect", {"collect; collect"}),
    ("import; collect", {"import; import; collect", "import; collect; import",
     "import; collect; collect"}),
]  # fmt: skip

REWIRE = [
    # mentions change, the node itself keeps its name
    ("node a list; node b list; root a sys", {"node a list; node b list; root b sys"}),
    (
        "edge a b append",
        {"edge b b append", "edge a a append"},
    ),
    ("drop a; drop b; drop c", {"drop b; drop b; drop c", "drop c; drop b; drop c",
     "drop a; drop a; drop c", "drop a; drop c; drop c",
     "drop a; drop b; drop a", "drop a; drop b; drop b"}),
    # an interpreter is no node
    ("node a list; root a sys; start i legacy", {None}),
]  # fmt: skip

CHANGE_WORD = [
    ("node a list", {f"node a {kind}" for kind in KIND.texts if kind != "list"}),
    ("edge a b append", {f"edge a b {edge}" for edge in EDGE.texts if edge != "append"}),
    (
        "hook a clear cast",
        {f"hook a {hook} cast" for hook in HOOK.texts if hook != "clear"}
        | {f"hook a clear {action}" for action in ACTION.texts if action != "cast"},
    ),
    (
        "shape a ring list 3",
        {f"shape a {shape} list 3" for shape in SHAPE.texts if shape != "ring"}
        | {f"shape a ring {kind} 3" for kind in KIND.texts if kind != "list"}
        | {f"shape a ring list {size}" for size in SIZE.texts if size != "3"},
    ),
    ("start i legacy; collect", {f"start i {f}; collect" for f in FLAVOUR.texts if f != "legacy"}),
    ("exit return", {f"exit {way}" for way in WAY.texts if way != "return"}),
    ("use first", {f"use {which}" for which in WHICH.texts if which != "first"}),
]

CHANGE_INTERPRETER = [
    ("enter main", {"enter i1"}),
    ("enter i1", {"enter main"}),
    ("start i1 legacy", {None}),  # the main interpreter can't be started
    ("start j legacy", {"start i1 legacy"}),
    ("stop j; enter k", {"stop main; enter k", "stop i1; enter k", "stop k; enter k",
     "stop j; enter main", "stop j; enter i1", "stop j; enter j"}),
]  # fmt: skip

LIFE = "start i legacy; enter i; import; stop i"
REPEAT = [
    (
        f"collect; {LIFE}; drop a",
        {f"collect; {'; '.join([LIFE] * count)}; drop a" for count in range(2, 6)},
    ),
]

RELIVE = [
    # the whole of it, or a few steps
    ("collect; import", {f"collect; import; again; {some}"
     for some in ("collect; import", "collect", "import")}),
    ("collect; exit return", {"collect; again; collect; exit return"}),
    ("import; again; collect", {f"import; again; collect; again; {some}" for some in
     ("import; again; collect", "import; again", "again; collect", "import", "again", "collect")}),
]  # fmt: skip

ENDS = ("stop i1", "enter main")
SETTLE = [
    (
        "collect",
        {
            made
            for flavour in FLAVOUR.texts
            for there in [f"start i1 {flavour}; enter i1; collect"]
            for made in [there, *(f"collect; {there}; {end}" for end in ENDS),
                         *(f"{there}; {end}; collect" for end in ENDS)]
        },
    ),
]  # fmt: skip

UNROLL = [
    (
        "shape a ring list 3  # why",
        {
            "node a list; node b list; node c list; "
            "edge c a append; edge a b append; edge b c append; drop b; drop c"
        },
    ),
    # names that nobody has, and no mention of the shape's own is lost
    ("node b list; shape a star dict 2; root a sys",
     {"node b list; node a dict; node c dict; edge a c value; drop c; root a sys"}),
    ("shape a chain function 1; shape a clique list 1",
     {"node a function; shape a clique list 1",
      "shape a chain function 1; node a list; edge a a append"}),
    # a kind without edges has no shape: the step does nothing
    ("shape a ring iterator 3", {None}),
]  # fmt: skip

EXAMPLES = {
    "delete": DELETE,
    "move": MOVE,
    "duplicate": DUPLICATE,
    "rewire": REWIRE,
    "change_word": CHANGE_WORD,
    "change_interpreter": CHANGE_INTERPRETER,
    "unroll": UNROLL,
    "repeat": REPEAT,
    "relive": RELIVE,
    "settle": SETTLE,
}

NOTHING_TO_DO = [
    ("delete", ""),
    ("move", ""),
    ("move", "collect"),
    ("duplicate", ""),
    ("rewire", ""),
    ("rewire", "node a list; node b list"),
    ("rewire", "root a sys"),
    ("change_word", "import; drop a; enter main"),
    ("change_interpreter", "node a list; drop a"),
    ("repeat", "start i legacy; enter i"),
    ("repeat", "stop i; start i legacy; stop j"),
    ("relive", ""),
    ("relive", "exit return"),
    ("settle", ""),
    ("settle", "start i legacy; stop i; fork; again; exit return"),
    ("unroll", ""),
    ("unroll", "node a list; start i legacy"),
]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [(name, *example) for name, examples in EXAMPLES.items() for example in examples],
)
def test_examples(name: str, before: str, after: set[str | None]) -> None:
    assert outcomes(name, before, Weights(operations={}, words={})) == after


@pytest.mark.parametrize(("name", "before"), NOTHING_TO_DO)
def test_nothing_to_do(name: str, before: str) -> None:
    assert outcomes(name, before) == {None}


def test_every_mutator_is_shown_here() -> None:
    assert set(MUTATORS) == {*EXAMPLES, *ALWAYS}
