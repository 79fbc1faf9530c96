"""Write a discovery as a recipe: TOML with comments, for a person to read, trim and keep."""

from __future__ import annotations

import datetime
import json
import textwrap
from collections.abc import Iterator, Sequence

from finfuzz.discovery.answer import Discovery, Held, Kind, Traits
from finfuzz.discovery.choose import ChosenKind, choose_kinds
from finfuzz.discovery.modules import Modules

_WIDTH = 100
_MOST_OTHERS = 2
_LEGEND = """\
# `t` is the module, `cell` a function of the fuzzer's that returns a list. The comments mean:
# seen: the garbage collector is led to the reference; unseen: not, so a cycle through it stays.
# freed: the reference goes with the object; kept: something else holds it longer."""


def write_recipe(discovery: Discovery, target: str, pins: Sequence[str], day: datetime.date) -> str:
    """Return the text of the recipe.

    ``target``: as the user gave it. ``pins``: what is installed, like `kiwisolver==1.5.1`.
    """
    chosen, rest = choose_kinds(discovery)
    modules = Modules(discovery.module, discovery.imported.submodules)
    kinds = ["\n".join(_write_kind(one, modules)) for one in chosen]
    use = modules.rewrite("; ".join(discovery.uses))
    parts = [
        "\n".join(_write_head(discovery, target, pins, day, len(chosen))),
        "\n".join(_write_modules(modules)),
        *kinds,
        f"[action]\nuse = {_quote(use)}" if use else "",
        "\n".join(_write_rest(rest)),
        "\n".join(_write_crashes(discovery)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _write_head(
    discovery: Discovery, target: str, pins: Sequence[str], day: datetime.date, chosen: int
) -> Iterator[str]:
    version = discovery.imported.version
    installed = ", ".join(pins) or f"{discovery.module} {version}".strip()
    yield f"# Made by `finfuzz discover {target}`: read it, trim it, correct it."
    yield f"# {installed}; CPython {discovery.python}; {day.isoformat()}"
    yield from _wrap(
        f"Kinds: {chosen}. Public types: {discovery.imported.types}; functions: "
        f"{discovery.imported.functions}; types of which objects could be made: {discovery.made}."
    )
    for note in discovery.notes:
        yield from _wrap(f"Note: {note}.")
    yield "#"
    yield _LEGEND


def _write_modules(modules: Modules) -> Iterator[str]:
    yield f"module = {_quote(modules.module)}"
    if modules.imports:
        yield f"imports = [{', '.join(map(_quote, modules.imports))}]"


def _write_kind(one: ChosenKind, modules: Modules) -> Iterator[str]:
    yield f"# {one.kind.type}: {_describe_traits(one.kind.traits)}"
    for text in one.others[:_MOST_OTHERS]:
        yield f"#   also holds: {_shorten(text)}"
    if len(one.others) > _MOST_OTHERS:
        yield f"#   and {len(one.others) - _MOST_OTHERS} more"
    yield f"[kind.{one.name}]"
    comment = f"  # {_describe_held(one.holding)}" if one.holding else ""
    yield f"make = {_quote(modules.rewrite(one.make))}{comment}"
    yield f"role = {_quote(one.role)}"
    for name, edge in one.edges.items():
        text = modules.rewrite(edge.text, has_t=False)
        yield f"edges.{name} = {_quote(text)}  # {_describe_held(edge)}"


def _write_rest(rest: Sequence[Kind]) -> Iterator[str]:
    if rest:
        names = ", ".join(kind.type for kind in rest)
        yield from _wrap(f"{len(rest)} more kinds are left out: {names}")


def _write_crashes(discovery: Discovery) -> Iterator[str]:
    crashes = [death for death in discovery.deaths if death.is_crash]
    if crashes:
        yield "# Crashed when they were tried, once each:"
    for death in crashes:
        yield f"#   {death.how}: {_shorten(death.text)}"


def _describe_traits(traits: Traits) -> str:
    words = [
        "weakly referable" if traits.weak else "not weakly referable",
        "hashable" if traits.hashable else "unhashable",
        "has attributes" if traits.attributes else "no attributes",
        "tracked by the collector" if traits.gc else "untracked",
    ]
    return ", ".join(words)


def _describe_held(held: Held) -> str:
    words = ["seen" if held.seen else "unseen", "freed" if held.freed else "kept"]
    if held.called:
        words.append("called")
    return ", ".join(words)


def _shorten(text: str) -> str:
    return textwrap.shorten(text, _WIDTH - 20, placeholder=" …")


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False
    )


def _quote(text: str) -> str:
    """Write a TOML string: JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
