"""The text form: ``finfuzz 1``, then one step a line, with ``#`` comments.

``parse(to_text(p)) == p`` for every program. Blank lines and the amount of white space carry no
meaning and are not kept.
"""

from __future__ import annotations

import difflib
import re

from finfuzz.program.language import MAIN, OPERATIONS, VERSION, Role
from finfuzz.program.model import Program, Step
from finfuzz.program.words import Choice
from finfuzz.support.reading import shorten

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
_WORD = re.compile(r"[^\s#]+")


class ParseError(ValueError):
    """Text that is not a program, with line and column (from 1) and what was expected there."""

    def __init__(self, line: int, column: int, problem: str, expected: str) -> None:
        super().__init__(f"line {line}, column {column}: {problem}, expected {expected}")
        self.line, self.column, self.problem, self.expected = line, column, problem, expected


def to_text(program: Program) -> str:
    """Print a program, ending in a newline."""
    lines = [f"finfuzz {VERSION}"]
    for step in program.steps:
        lines += [_comment(text) for text in step.above]
        line = " ".join((step.op, *step.args))
        lines.append(f"{line}  {_comment(step.beside)}" if step.beside else line)
    lines += [_comment(text) for text in program.below]
    return "\n".join(lines) + "\n"


def parse(text: str) -> Program:
    """Read a program. Raises ParseError."""
    steps: list[Step] = []
    pending: list[str] = []
    version_seen = False
    lines = text.removeprefix("\ufeff").split("\n")  # some editors put a byte-order mark there
    for number, line in enumerate(lines, start=1):
        body, hash_sign, comment = line.partition("#")
        words = [(match.start() + 1, match.group()) for match in _WORD.finditer(body)]
        comment = comment.strip()
        if not words:
            if hash_sign:
                pending.append(comment)
        elif not version_seen:
            _check_version(number, words)
            version_seen = True
            if comment:
                pending.append(comment)
        else:
            steps.append(_step(number, words, tuple(pending), comment))
            pending = []
    if not version_seen:
        raise ParseError(len(lines), 1, "nothing here", f"`finfuzz {VERSION}` on the first line")
    return Program(tuple(steps), tuple(pending))


def is_name(text: str) -> bool:
    """Whether ``text`` can name a node or an interpreter."""
    return bool(_NAME.match(text))


def _comment(text: str) -> str:
    return f"# {text}".rstrip()


def _check_version(number: int, words: list[tuple[int, str]]) -> None:
    column, first = words[0]
    if first != "finfuzz":
        raise ParseError(number, column, f"found `{shorten(first)}`", f"`finfuzz {VERSION}`")
    if len(words) > 2 and words[1][1] == str(VERSION):
        column, extra = words[2]
        raise ParseError(number, column, f"found `{shorten(extra)}`", "the end of the line")
    if len(words) != 2 or words[1][1] != str(VERSION):
        found = f"found version `{shorten(words[1][1])}`" if len(words) > 1 else "found no version"
        column = words[1][0] if len(words) > 1 else column + len(first)
        raise ParseError(number, column, found, f"`{VERSION}`, the one this finfuzz reads")


def _step(number: int, words: list[tuple[int, str]], above: tuple[str, ...], beside: str) -> Step:
    column, op = words[0]
    if op not in OPERATIONS:
        raise ParseError(number, column, f"found `{shorten(op)}`", _suggest(op, tuple(OPERATIONS)))
    parameters = OPERATIONS[op].parameters
    for index, parameter in enumerate(parameters, start=1):
        if index >= len(words):
            end = words[-1][0] + len(words[-1][1])
            raise ParseError(number, end, f"`{op}` ends here", _describe(parameter))
        _check_argument(number, *words[index], parameter)
    if len(words) > len(parameters) + 1:
        column, extra = words[len(parameters) + 1]
        raise ParseError(number, column, f"found `{shorten(extra)}`", f"the end of `{op}`")
    return Step(op, tuple(word for _, word in words[1:]), above, beside, number)


def _check_argument(number: int, column: int, word: str, parameter: Role | Choice) -> None:
    if isinstance(parameter, Choice):
        if word not in parameter:
            expected = f"{parameter.name}: {_suggest(word, parameter.texts)}"
            raise ParseError(number, column, f"found `{shorten(word)}`", expected)
    elif not is_name(word):
        raise ParseError(number, column, f"found `{shorten(word)}`", _describe(parameter))
    elif parameter is Role.NEW_INTERPRETER and word == MAIN:
        expected = f"another name: `{MAIN}` is the interpreter that is always there"
        raise ParseError(number, column, f"found `{shorten(word)}`", expected)


def _describe(parameter: Role | Choice) -> str:
    if isinstance(parameter, Choice):
        return f"{parameter.name}: one of {', '.join(parameter.texts)}"
    return f"{parameter.value} (a small letter, then small letters, digits or _; at most 32)"


def _suggest(word: str, texts: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, texts, n=1)
    return f"`{near[0]}`?" if near else f"one of {', '.join(texts)}"
