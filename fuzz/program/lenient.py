"""Programs out of text that may be damaged: what can't be read is left out, never the rest."""

from __future__ import annotations

from fuzz.program.language import VERSION
from fuzz.program.model import Program
from fuzz.program.text import ParseError, parse

_FIRST = f"finfuzz {VERSION}\n"


def parse_leniently(text: str) -> tuple[Program, list[str]]:
    """The program of all lines that are steps or comments, and a line for each that is not.

    A missing version is taken for this one, another version's steps for this one's.
    """
    try:
        return parse(text), []
    except ParseError:
        pass
    kept, problems = [], []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if line.split("#")[0].split()[:1] == ["finfuzz"]:
            if line.split("#")[0].split() != _FIRST.split():
                problems.append(f"line {number}: `{line.strip()}` is taken for `{_FIRST.strip()}`")
            continue
        try:
            parse(f"{_FIRST}{line}\n")
        except ParseError as error:
            problems.append(f"line {number} is left out: {_without_place(error)}")
        else:
            kept.append(line)
    return parse(_FIRST + "\n".join(kept) + "\n"), problems


def _without_place(error: ParseError) -> str:
    return f"{error.problem}, expected {error.expected}"
