"""Steps and worlds: (program, what holds, what is left), each written for one thing."""

from __future__ import annotations

from finfuzz.program.model import Program
from finfuzz.program.text import to_text
from helpers.minimal_facts import (
    Predicate,
    both,
    did,
    did_elsewhere,
    did_in,
    either,
    held,
    made,
    some,
    where,
)

CYCLE = (
    "import; node a container; edge a a append; node b list; hook a clear lookup; root a codec; "
    "collect"
)
INSIDE = (
    "node a container; root a leak; start i1 isolated; enter i1; import; node a list; root a sys; "
    "enter main; edge a a append; enter i1; node b dict; edge b a value; stop i1; collect"
)
COMMENTED = "# of a list\nnode a list  # which nobody holds\n# as is known"


def anything(_: Program) -> bool:
    return True


def dead_edge(program: Program) -> bool:
    return "edge a b append" in to_text(program).splitlines()


def rooted_or_not_there(program: Program) -> bool:
    return [step.op for step in program.steps if step.op in ("node", "root")] in (
        [],
        ["node", "root"],
    )


def in_this_order(*dids: tuple[str, str]) -> Predicate:
    return where(lambda facts: [one for one in facts.did if one in dids] == [*dids])


def together(*dids: tuple[str, str]) -> Predicate:
    """These happen, one right after the other."""
    return where(
        lambda facts: any(facts.did[at : at + 2] == [*dids] for at in range(len(facts.did)))
    )


STEPS: dict[str, tuple[str, Predicate, str]] = {
    "nothing is needed": (CYCLE, anything, ""),
    "nothing is there": ("", anything, ""),
    "the first step": (CYCLE, did("import"), "import"),
    "the last step": (CYCLE, did("collect"), "collect"),
    "one in the middle, with what it needs": (
        CYCLE,
        did("hook"),
        "node a object; hook a del plain",
    ),
    "far from each other": (CYCLE, did("import", "collect"), "import; collect"),
    "two of three alike": (
        "collect; node a list; collect; collect",
        did("collect", "collect"),
        "collect; collect",
    ),
    "two that only go together": (
        "import; unimport; collect; collect",
        where(lambda facts: facts.count("collect") != 1),
        "",
    ),
    "half of what is long": (
        "; ".join(["collect"] * 40),
        did(*["collect"] * 20),
        "; ".join(["collect"] * 20),
    ),
    "what has no effect goes": (
        "edge a b append; node a list; root c sys",
        did("node"),
        "node a list",
    ),
    "what has no effect stays if it counts": (
        "edge a b append; node a list",
        dead_edge,
        "edge a b append",
    ),
    "a node and what speaks of it, only at once": (
        "edge a b append; node c list; collect; root c sys",
        both(dead_edge, both(rooted_or_not_there, did("collect"))),
        "edge a b append; collect",
    ),
    "comments told another story": (f"{COMMENTED}\ncollect", did("node"), "node a list"),
    "comments stay where nothing changes": (COMMENTED, did("node"), COMMENTED.replace("\n", "; ")),
}

WORLDS: dict[str, tuple[str, Predicate, str]] = {
    "a whole life goes": (
        "node a enum; again; import; node b list; edge b b append; again; node c enum; root c sys",
        some(lambda one: one.kind == "enum" and one.life >= 2),
        "again; node a enum",
    ),
    "a life that goes as a whole": (
        "import; collect; again; import; collect; again; import; collect",
        where(lambda facts: facts.lives == facts.count("import") == facts.count("collect")),
        "import; collect",
    ),
    "a life of its own is not needed": (
        "node a container; edge a a append; again; node a instance; root a sys",
        made("container instance"),
        "node a instance; node b container",
    ),
    "two lives": (
        "node a enum; again; node a enum; again; node a enum",
        where(lambda facts: len({one.life for one in facts.of("enum")}) >= 2),
        "node a enum; again; node b enum",
    ),
    "a whole interpreter goes": (
        INSIDE,
        both(held("", "leak"), did("collect")),
        "node a list; root a leak; collect",
    ),
    "an interpreter that goes as a whole": (
        "start i1 legacy; enter i1; import; enter main; collect; stop i1",
        where(
            lambda facts: (
                facts.count("start") == facts.count("import") == facts.count("stop")
                and facts.count("collect") > 0
            )
        ),
        "collect",
    ),
    "what it did happens in main": (
        INSIDE,
        made("dict list container"),
        "node a list; node b dict; node c container",
    ),
    "names that clash are kept apart": (
        "node a container; start i1 legacy; enter i1; node a enum; root a leak; enter main; "
        "root a sys",
        both(held("container", "sys"), held("enum", "leak")),
        "node a container; node b enum; root a sys; root b leak",
    ),
    "two interpreters become one": (
        "start i1 legacy; enter i1; import; enter main; collect; start i2 legacy; enter i2; fork; "
        "unimport",
        in_this_order(("import", "legacy"), ("collect", "main"), ("unimport", "legacy")),
        "start i1 legacy; enter i1; import; enter main; collect; enter i1; unimport",
    ),
    "an isolated interpreter imported it": (
        INSIDE,
        did_in("import", "isolated"),
        "start i1 isolated; enter i1; import",
    ),
    "any interpreter imported it": (
        INSIDE,
        did_in("import", "stdlib isolated legacy"),
        "start i1 stdlib; enter i1; import",
    ),
    "interpreters of one kind, whichever": (
        "start i1 shared-gil; enter i1; import; stop i1; start i1 shared-gil; enter i1; collect",
        either(
            both(did_in("import", "shared-gil"), did_in("collect", "shared-gil")),
            both(did_in("import", "stdlib"), did_in("collect", "stdlib")),
        ),
        "start i1 stdlib; enter i1; import; collect",
    ),
    "one after the other": (
        "start i1 shared-gil; stop i1; start i1 shared-gil; stop i1",
        did("stop", "stop"),
        "start i1 stdlib; start i2 stdlib; stop i1; stop i2",
    ),
    "one enter is enough": (
        "start i1 legacy; enter i1; import; enter main; node a list; enter i1; collect",
        where(
            lambda facts: (
                {("import", "legacy"), ("node", "main"), ("collect", "legacy")} <= {*facts.did}
            )
        ),
        "node a list; start i1 legacy; enter i1; import; collect",
    ),
    "one enter is enough for what goes together": (
        "start i1 legacy; enter i1; import; enter main; self-check; collect; enter i1; unimport",
        both(
            both(did_in("import", "legacy"), did_in("unimport", "legacy")),
            together(("self-check", "main"), ("collect", "main")),
        ),
        "self-check; collect; start i1 legacy; enter i1; import; unimport",
    ),
    "no other thread": (
        "elsewhere; import; elsewhere; node a list; elsewhere; collect",
        did("import", "collect"),
        "import; collect",
    ),
    "all threads or none": (
        "elsewhere; import; elsewhere; collect",
        where(lambda facts: len(facts.elsewhere) != 1 and facts.count("collect") > 0),
        "collect",
    ),
    "two threads": (
        "import; elsewhere; node a list; root a sys; elsewhere; collect; elsewhere; import",
        did_elsewhere("import", "collect"),
        "elsewhere; import; elsewhere; collect",
    ),
    "ended by another thread": (
        INSIDE.replace("stop i1", "elsewhere; stop i1"),
        did_elsewhere("stop"),
        "start i1 stdlib; elsewhere; stop i1",
    ),
}
