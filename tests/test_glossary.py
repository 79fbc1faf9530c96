"""Help texts use the terms of docs/glossary.md, and none of the words that these replaced."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from finfuzz.cli.group import cli
from finfuzz.program.language import OPERATIONS
from finfuzz.program.reference import INTRODUCTION, tables
from finfuzz.triage.diagnosis import DIAGNOSTICS
from helpers.places import ROOT

#: Old words and what stands in their place. Domain words that contain one are allowed.
OLD_WORDS = {
    r"\b(?:a|an|each|every|first|new|one|per|the|this) looks?\b": "signature",
    r"\blanes?\b": "target/Python pair",
    r"\bsightings?\b(?! of| in a bucket)": "signature; a sighting is one crash in a bucket",
    r"\b(?:told|tells?|said|hears?|heard)\b": "a literal verb: write, read, print, report",
    r"\b(?:die|dies|died|dying|death|deaths)\b": "crash",
    r"\b(?:desk|keeper|ledger)s?\b": "triage client, corpus writer, totals",
    r"\bflavours?\b": "interpreter kind",
    r"\bmend(?:s|ed)?\b": "fix",
    r"\bdear(?:er|est)?\b": "expensive",
    r"\bwhose is it\b": "owner",
    r"\bput off\b": "deferred",
    r"\banew\b": "again",
}
#: A text that explains an old word may use the word.
EXPLAINED = {r"\blanes?\b": ("target/Python pair", "one target on one CPython")}
#: Options whose meaning every command line user knows.
ORDINARY_OPTIONS = frozenset(
    {
        *(
            "all",
            "config",
            "cores",
            "disk",
            "dry-run",
            "file",
            "help",
            "json",
            "markdown",
            "memory",
            "nice",
        ),
        *(
            "only",
            "out",
            "output",
            "path",
            "port",
            "processes",
            "pytest",
            "python",
            "repo",
            "runs",
            "time",
        ),
        *("total-memory", "undo", "version", "no-attribute", "no-abuse"),
    }
)
_COMMAND = re.compile(r"`finfuzz((?: [a-z]+)+)`")


class Term:
    """A row of the glossary."""

    def __init__(self, row: str) -> None:
        cells = [cell.strip() for cell in row.strip().strip("|").split(" | ")]
        self.name, self.meaning, self.where = cells


def read_glossary() -> list[Term]:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return [Term(row) for row in rows if not row.startswith(("| term ", "| --- "))]


GLOSSARY = read_glossary()
NAMES = {term.name.lower() for term in GLOSSARY}


def walk_commands(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its path: "corpus distill"; the group itself is ""."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from walk_commands(child, f"{path} {name}".strip())


COMMANDS = dict(walk_commands(cli))
OPTIONS = [
    (path, option)
    for path, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option)
]


def texts_of(command: click.Command) -> Iterator[str]:
    yield command.help or ""
    yield command.short_help or ""
    for option in command.params:
        if isinstance(option, click.Option):
            yield option.help or ""
            yield from option.opts
            if isinstance(option.show_default, str):
                yield option.show_default
        yield option.metavar or ""


def language_texts() -> list[str]:
    cells = [
        text
        for table in tables()
        for text in (
            table.title,
            table.note,
            *table.columns,
            *(c for row in table.rows for c in row),
        )
    ]
    return [INTRODUCTION, *cells]


def find_old_words(text: str) -> list[str]:
    """List each old word of a text and its replacement."""
    flat = " ".join(text.split())
    return [
        f"{match.group()} → {better}: {flat}"
        for pattern, better in OLD_WORDS.items()
        if not any(explanation in flat for explanation in EXPLAINED.get(pattern, ()))
        for match in re.finditer(pattern, flat, re.IGNORECASE)
    ]


def is_a_term(name: str) -> bool:
    return name.lower() in NAMES or name.lower().removesuffix("s") in NAMES


@pytest.mark.parametrize("path", COMMANDS)
def test_command_line_has_no_old_words(path: str) -> None:
    assert [hit for text in texts_of(COMMANDS[path]) for hit in find_old_words(text)] == []


def test_the_language_has_no_old_words() -> None:
    assert [hit for text in language_texts() for hit in find_old_words(text)] == []


def test_the_glossary_has_no_old_words() -> None:
    defined = {"lane", "sighting"}
    rows = [term for term in GLOSSARY if term.name not in defined]
    assert [hit for term in rows for hit in find_old_words(term.meaning)] == []


@pytest.mark.parametrize(
    ("text", "replacement"),
    [
        ("The first program of each look.", "signature"),
        ("One lane a worker.", "target/Python pair"),
        ("corpus, journal, sightings", "signature"),
        ("What a worker is told.", "a literal verb"),
        ("Those that do not die each time.", "crash"),
        ("what the desk has", "triage client"),
    ],
)
def test_an_old_word_is_found(text: str, replacement: str) -> None:
    assert replacement in " ".join(find_old_words(text))


@pytest.mark.parametrize(
    "text",
    [
        "look the extension's second type up",
        "A lane is a target/Python pair; lanes share the workers.",
        "telling frames",
        "Run one program in a fresh process and print its outcome.",
    ],
)
def test_a_good_text_passes(text: str) -> None:
    assert find_old_words(text) == []


def test_headings_of_the_language_are_terms() -> None:
    """ "Steps", "Kind", …, and the nouns of "Which edges leave which kind"."""
    titles = [table.title for table in tables() if not table.title.startswith("Which ")]
    assert [title for title in titles if not is_a_term(title)] == []


def test_placeholders_of_steps_are_terms() -> None:
    usages = [row[0] for row in tables()[0].rows]
    names = {
        name.replace("-", " ") for usage in usages for name in re.findall(r"[A-Z-]{3,}", usage)
    }
    assert sorted(name for name in names if not is_a_term(name)) == []


def test_interpreter_kinds_are_terms() -> None:
    kinds = next(table for table in tables() if table.title == "Interpreter kind")
    assert [row[0] for row in kinds.rows if not is_a_term(row[0].strip("`"))] == []


def test_operations_named_like_terms_are_explained() -> None:
    """Operations whose name is a noun of ours."""
    nouns = {"node", "edge", "root", "hook", "shape", "check", "self-check"}
    assert nouns <= set(OPERATIONS)
    assert sorted(noun for noun in nouns if not is_a_term(noun)) == []


def test_options_are_terms() -> None:
    names = {name.removeprefix("--") for _, o in OPTIONS for name in (*o.opts, *o.secondary_opts)}
    long = {name for name in names if not name.startswith("-")}
    unknown = sorted(n for n in long if n not in ORDINARY_OPTIONS and not is_a_term(n))
    assert unknown == [], "explain them in docs/glossary.md"


def test_choices_of_options_are_terms() -> None:
    choices = {
        choice
        for _, option in OPTIONS
        if isinstance(option.type, click.Choice)
        for choice in map(str, option.type.choices)
    }
    unknown = sorted(c for c in choices - {"?"} if c not in DIAGNOSTICS and not is_a_term(c))
    assert unknown == [], "explain them in docs/glossary.md"


def test_terms_are_unique() -> None:
    assert len(GLOSSARY) == len(NAMES)


@pytest.mark.parametrize("term", GLOSSARY, ids=lambda term: term.name)
def test_a_meaning_is_one_or_two_sentences(term: Term) -> None:
    assert term.meaning.endswith((".", "…", ")."))
    assert len(re.findall(r"[.…](?= [A-Z`]|$)", term.meaning)) <= 2
    assert len(term.meaning.split()) <= 40


@pytest.mark.parametrize("term", GLOSSARY, ids=lambda term: term.name)
def test_a_term_is_shown_by_a_command(term: Term) -> None:
    commands = {found.strip() for found in _COMMAND.findall(term.where)}
    assert commands or "`python tools/" in term.where
    assert commands <= set(COMMANDS)
