"""Reading damaged programs: unreadable lines are left out, and the rest stays."""

from __future__ import annotations

from finfuzz.program.language import VERSION
from finfuzz.program.model import Program
from finfuzz.program.text import ParseError, parse

_FIRST = f"finfuzz {VERSION}"
#: Longest expectation that a problem quotes: not the list of all fifty kinds.
_LONGEST = 60


def parse_leniently(text: str) -> tuple[Program, list[str]]:
    """Read all lines that are steps or comments, and describe each other line.

    A missing version counts as this version, and another version's steps as steps of this one. The
    comment beside a left-out step stays, above the next step.
    """
    try:
        return parse(text), []
    except ParseError:
        pass
    kept, problems = [_FIRST], []
    version_seen = False
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        body, hash_sign, comment = line.partition("#")
        words = body.split()
        if words[:1] == ["finfuzz"] and len(words) <= 2 and not version_seen:
            version_seen = True
            if words != _FIRST.split():
                problems.append(
                    f"line {number}: `{_shorten(' '.join(words))}` is taken for `{_FIRST}`"
                )
            kept.append(hash_sign + comment)
            continue
        try:
            parse(f"{_FIRST}\n{line}")
        except ParseError as error:
            problems.append(f"line {number} is left out: {_explain(error)}")
            kept.append(hash_sign + comment)
        else:
            kept.append(line)
    return parse("\n".join(kept)), problems


def _explain(error: ParseError) -> str:
    if len(error.expected) > _LONGEST:
        return _shorten(error.problem)
    return f"{_shorten(error.problem)}, expected {error.expected}"


def _shorten(text: str) -> str:
    """Shorten a text, and drop terminal controls: the file may be anything."""
    plain = "".join(each if each.isprintable() else "?" for each in text)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
