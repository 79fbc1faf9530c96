"""The language as tables, for `finfuzz steps` and for the documentation page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from finfuzz.program.language import MAX_INTERPRETERS, OPERATIONS, VERSION, Operation, Role
from finfuzz.program.legal import (
    ABUSE,
    CPYTHON_DIES,
    DEFAULT_ACTIONS,
    EDGES_FROM,
    EDGES_TO,
    HOOKS_OF,
    IMPOSSIBLE,
)
from finfuzz.program.words import (
    ACTION,
    ALWAYS,
    EDGE,
    FLAVOUR,
    HOOK,
    KIND,
    MEANS,
    ROOT,
    SHAPE,
    SIZE,
    WAY,
    WHICH,
    Choice,
    Word,
)
from finfuzz.support.cpythons import format_version

INTRODUCTION = (
    f"A program is a text file. Its first line is `finfuzz {VERSION}`; each line after it is one "
    "step: an operation and its arguments, separated by spaces. `#` begins a comment. Names are "
    "small letters, digits and `_`, beginning with a letter, at most 32 long.\n\n"
    "Any step can be left out and the rest still runs: a step has no effect, and is skipped "
    "(`finfuzz exec` prints the reason), if a name of it is undefined, if the step is not "
    "legal at its place, or if the CPython or the target lacks it. Nodes belong to the interpreter "
    "that made them. At most "
    f"{MAX_INTERPRETERS} subinterpreters live at once.\n\n"
    "A kind, edge, hook or action that begins with a colon (`:variable`) is a word of the target's "
    "recipe (docs/packages.md). All other words are listed here."
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table: ``rows`` have a cell for each of ``columns``; code is in backquotes."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def tables() -> tuple[Table, ...]:
    """Return all tables of the language, the operations first."""
    words = (KIND, EDGE, SHAPE, SIZE, ROOT, HOOK, ACTION, FLAVOUR, MEANS, WHICH, WAY)
    return (
        _operations(),
        *map(_words, words),
        _kinds_and_edges(),
        _kinds_and_hooks(),
        _not_legal(
            "Which actions are abuse at a hook",
            ABUSE,
            "These break a rule on purpose, and are skipped unless `--abuse` is given.",
        ),
        _not_legal(
            "Which actions are impossible at a hook", IMPOSSIBLE, "These are always skipped."
        ),
    )


def _operations() -> Table:
    rows = [(f"`{_usage(each)}`", each.help, each.where) for each in OPERATIONS.values()]
    return Table("Steps", ("step", "what it does", "where it is legal"), tuple(rows))


def _usage(operation: Operation) -> str:
    return " ".join((operation.name, *map(_placeholder, operation.parameters)))


def _placeholder(parameter: Role | Choice) -> str:
    if isinstance(parameter, Choice):
        return parameter.name.upper().replace(" ", "-")
    return "NODE" if parameter in (Role.NEW_NODE, Role.NODE) else "INTERPRETER"


def _words(choice: Choice) -> Table:
    rows = tuple((f"`{word.text}`", word.help, _where(word), _since(word)) for word in choice.words)
    columns = ("word", "meaning", "where it is legal", "from")
    return Table(choice.name.capitalize(), columns, rows)


def _where(word: Word) -> str:
    if word.abuse:
        return f"only with `--abuse`: {word.abuse}"
    limits = [f"main interpreter only: {word.main_only}"] if word.main_only else []
    if word.own_thread:
        limits.append(f"not in another thread: {word.own_thread}")
    return "; ".join(limits) or "anywhere"


def _since(word: Word) -> str:
    return "always" if word.since == ALWAYS else format_version(word.since)


def _kinds_and_edges() -> Table:
    rows = tuple((f"`{kind}`", _code(edges) or "none") for kind, edges in EDGES_FROM.items())
    note = "An edge leads to any kind, except: " + "; ".join(
        f"`{edge}` to {_code(kinds)}" if len(kinds) < 5 else f"`{edge}` {_BUT[edge]}"
        for edge, kinds in EDGES_TO.items()
    )
    return Table("Which edges leave which kind", ("kind", "edges"), rows, f"{note}.")


_BUT = {"key": "to what is hashable", "weak": "to what takes weak references"}


def _kinds_and_hooks() -> Table:
    general = set.intersection(*map(set, HOOKS_OF.values()))
    rows = tuple(
        (f"`{kind}`", _code([hook for hook in hooks if hook not in general]) or "none of its own")
        for kind, hooks in HOOKS_OF.items()
    )
    defaults = ", ".join(f"{action} at `{hook}`" for hook, action in DEFAULT_ACTIONS.items())
    note = (
        f"Any node takes {_code(h for h in HOOK.texts if h in general)}. "
        f"Without a `hook` step a container does: {defaults}. Skipped like abuse: "
        + "; ".join(f"{_code(words)} ({why})" for words, why in CPYTHON_DIES.items())
        + "."
    )
    return Table("Which hooks a kind has", ("kind", "hooks"), rows, note)


def _not_legal(title: str, pairs: dict[tuple[str, str], str], note: str) -> Table:
    reasons: dict[tuple[str, str], list[str]] = {}
    for (hook, action), why in pairs.items():
        reasons.setdefault((hook, why), []).append(action)
    rows = tuple((f"`{hook}`", _actions(actions), why) for (hook, why), actions in reasons.items())
    return Table(title, ("hook", "actions", "why"), rows, note)


def _actions(actions: list[str]) -> str:
    rest = [action for action in ACTION.texts if action not in actions]
    return f"all but {_code(rest)}" if len(rest) < len(actions) else _code(actions)


def _code(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)
