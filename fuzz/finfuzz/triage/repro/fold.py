"""Write statements that are repeated one after the other as a loop."""

from __future__ import annotations

import ast

#: Fewer repetitions read as well without a loop.
_LEAST = 4


def fold_repeated(lines: list[str]) -> list[str]:
    """Replace the same statements, four times in a row or more, by a loop. Lines have no indent."""
    folded: list[str] = []
    at = 0
    while at < len(lines):
        length, times = _find_repeated(lines, at)
        if times:
            block = [f"    {line}" if line else "" for line in lines[at : at + length]]
            folded += [f"for _ in range({times}):", *block]
            at += length * times
        else:
            folded.append(lines[at])
            at += 1
    return folded


def _find_repeated(lines: list[str], at: int) -> tuple[int, int]:
    """Find the shortest block of whole statements that is repeated from here: (lines, times)."""
    for length in range(1, (len(lines) - at) // _LEAST + 1):
        block = lines[at : at + length]
        times = 1
        while lines[at + length * times : at + length * (times + 1)] == block:
            times += 1
        if times >= _LEAST and _is_whole(block):
            return length, times
    return 0, 0


def _is_whole(block: list[str]) -> bool:
    try:
        return bool(ast.parse("\n".join(block)).body) and not block[0].startswith((" ", '"'))
    except SyntaxError:
        return False
