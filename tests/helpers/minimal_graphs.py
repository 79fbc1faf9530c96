"""Graphs and words: (program, what holds, what is left), each written for one thing."""

from __future__ import annotations

from helpers.minimal_facts import (
    Predicate,
    both,
    cycle_held,
    did,
    either,
    held,
    made,
    some,
    where,
)

GRAPHS: dict[str, tuple[str, Predicate, str]] = {
    "a node goes with all that speaks of it": (
        "node a container; node b list; edge a b append; edge b a append; root b sys; root a leak",
        where(lambda facts: any("leak" in one.roots for one in facts.of("container"))),
        "node a container; root a leak",
    ),
    "two nodes become one": (
        "node a list; node b list; edge a b append; edge b a append; root a codec",
        cycle_held("", "codec"),
        "node a list; edge a a append; root a codec",
    ),
    "two nodes become one at once": (
        "node a list; node b list; edge a b append; edge b a append",
        where(lambda facts: bool(facts.objects) and all(one.in_a_cycle for one in facts.objects)),
        "node a list; edge a a append",
    ),
    "the later of two stays": (
        "node a list; node b container; edge a b append; root a codec",
        held("container", "codec"),
        "node a container; root a codec",
    ),
    "an import for a node": (
        "node a enum; collect",
        both(either(did("import"), made("enum")), did("collect")),
        "import; collect",
    ),
    "an edge back to where it comes from": (
        "node a container; node b dict; edge a b append; edge b a value",
        both(made("dict"), some(lambda one: one.kind == "container" and bool(one.edges))),
        "node a dict; node b container; edge b b append",
    ),
    "a plainer edge, with its kind": (
        "node a dynamic; node b method; edge b a self",
        some(lambda one: bool(one.edges)),
        "node a list; edge a a append",
    ),
    "a shape that is one node": (
        "shape a clique container 8",
        made("container"),
        "node a container",
    ),
    "a shape that is a few nodes": (
        "shape a tree enum 13",
        made("enum enum"),
        "node a enum; node b enum",
    ),
    "a shape that is a small one": (
        "shape a clique container 5; root a leak",
        cycle_held("", "leak"),
        "node a list; edge a a append; root a leak",
    ),
    "a cycle of two": (
        "shape a two-rings container 3",
        some(lambda one: one.in_a_cycle and one not in one.edges),
        "node a list; node b list; edge a b append; edge b a append",
    ),
    "a shape that is needed whole": (
        "shape a clique dict 8",
        some(lambda one: one.in_a_cycle and one not in one.edges[:1], least=4),
        "shape a ring list 5",
    ),
    "a root for an edge that holds": (
        "node a container; edge a a keep-alive; collect; exit os-exit",
        either(some(lambda one: "keep-alive" in one.words), held("instance container", "leak")),
        "node a instance; root a leak",
    ),
    "an object of the extension for a hook": (
        "node a list; hook a threading-exit plain",
        either(
            some(lambda one: ("threading-exit", "plain") in one.hooks),
            held("instance", "leak"),
        ),
        "node a instance; root a leak",
    ),
    "another root, without what the old one needed": (
        "import; node a container; collect; root a codec",
        either(held("", "leak"), both(held("", "codec"), did("collect"))),
        "node a list; root a leak",
    ),
    "another node held, without the one that held it": (
        "node a container; node b frame; root b codec",
        either(held("container", "leak"), both(held("frame", "codec"), made("container"))),
        "node a container; root a leak",
    ),
}

WORDS: dict[str, tuple[str, Predicate, str]] = {
    "plainer words": (
        "node a gil-taker; root a audit-hook; exit interrupt",
        did("node", "root", "exit"),
        "node a list; root a module; exit return",
    ),
    "no plainer than is needed": (
        "node a two-bases; root a returning-thread",
        held("function subclass two-bases", "leak codec returning-thread"),
        "node a function; root a codec",
    ),
    "a kind changes with its edges": (
        "node a dict; edge a a value; edge a a key; edge a a value",
        some(lambda one: len(one.edges) >= 2),
        "node a list; edge a a append; edge a a append",
    ),
    "two kinds at once": (
        "node a enum; node b enum; node c list",
        where(lambda facts: len({one.kind for one in facts.objects}) < len(facts.objects)),
        "node a list; node b list",
    ),
    "a plainer hook": (
        "node a container; hook a traverse internals",
        some(lambda one: bool(one.hooks)),
        "node a object; hook a del plain",
    ),
    "the first extension": ("use second; node a list", did("use"), "use first"),
    "sorted": (
        "collect; root a sys; node b dict; node a list; import; root a sys; root b codec",
        both(did("collect", "node", "node", "import"), held("dict", "codec")),
        "import; node a list; node b dict; root b codec; collect",
    ),
    "in the order that counts": (
        "collect; import; collect; node a list",
        where(lambda facts: ("collect", "main") in facts.did[:1] and facts.count("import") > 0),
        "collect; import",
    ),
    "one name for one thing": (
        "node z list; node z dict; node z list",
        made("list dict list"),
        "node a list; node b list; node c dict",
    ),
    "a name used again, if that counts": (
        "node z list; root z sys; node z dict",
        where(lambda facts: facts.replaced > 0),
        "node a list; node a list",
    ),
}
