"""Programs out of text that may be damaged: what can't be read is left out, never the rest."""

from __future__ import annotations

from finfuzz.program.language import VERSION
from finfuzz.program.model import Program
from finfuzz.program.text import ParseError, parse

_FIRST = f"finfuzz {VERSION}"
#: What was expected is told where it is a word or two, not the list of all fifty kinds.
_LONGEST = 60


def parse_leniently(text: str) -> tuple[Program, list[str]]:
    """The program of all lines that are steps or comments, and a line for each that is not.

    A missing version is taken for this one, another version's steps for this one's. The comment
    beside what is left out stays, above the next step.
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
                    f"line {number}: `{_shown(' '.join(words))}` is taken for `{_FIRST}`"
                )
            kept.append(hash_sign + comment)
            continue
        try:
            parse(f"{_FIRST}\n{line}")
        except ParseError as error:
            problems.append(f"line {number} is left out: {_what(error)}")
            kept.append(hash_sign + comment)
        else:
            kept.append(line)
    return parse("\n".join(kept)), problems


def _what(error: ParseError) -> str:
    if len(error.expected) > _LONGEST:
        return _shown(error.problem)
    return f"{_shown(error.problem)}, expected {error.expected}"


def _shown(text: str) -> str:
    """Short, and without what a terminal would obey: the file may be anything."""
    plain = "".join(each if each.isprintable() else "?" for each in text)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
