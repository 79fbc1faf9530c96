"""The Python code of recipes: the names that it uses, and whether it can become functions."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

_CHILD = Path(__file__).resolve().parents[2] / "child"
BUILTINS = frozenset(dir(builtins))


def parse_code(text: str, mode: Literal["exec", "eval"] = "exec") -> Any:
    """Parse a recipe's code. Raise SyntaxError for all that CPython's parser can't take."""
    try:
        return ast.parse(text, mode=mode)
    except (MemoryError, RecursionError):  # thousands of brackets
        raise SyntaxError("nested too deeply", ("", 1, 0, "")) from None
    except ValueError as error:  # a null byte, on CPython 3.11
        raise SyntaxError(str(error), ("", 1, 0, "")) from None


def find_names(text: str) -> frozenset[str]:
    """Find the names that code reads and does not bind itself."""
    read: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(parse_code(text)):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.ExceptHandler)) and node.name:
            bound.add(node.name)
    return frozenset(read - bound)


def find_attributes(text: str, functions: str) -> tuple[str, ...]:
    """Find the attributes of `t` that code reads, itself or in functions that it calls."""
    trees = {
        node.name: node for node in parse_code(functions).body if isinstance(node, ast.FunctionDef)
    }
    waiting: list[ast.AST] = [parse_code(text)]
    found: set[str] = set()
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found |= {node.attr} if node.value.id == "t" else set()
            elif isinstance(node, ast.Name) and node.id in trees:
                waiting.append(trees.pop(node.id))
    return tuple(sorted(found))


def write_argument(expression: str) -> str:
    """Write an expression as one argument of a call: `1, 2` and what ends in a comment are not."""
    text = expression.strip()
    try:
        call = parse_code(f"f({text})", "eval").body
    except SyntaxError:
        return f"({text}\n)"
    one = isinstance(call, ast.Call) and len(call.args) == 1 and not call.keywords
    return text if one else f"({text})"


def list_functions(text: str) -> tuple[str, ...]:
    """List the functions of a recipe. Raise SyntaxError for anything else in their place."""
    names = []
    for node in parse_code(text).body:
        if not isinstance(node, ast.FunctionDef):
            raise _refuse("only functions may stand there", node)
        if node.decorator_list or node.args.defaults or node.args.kw_defaults:
            raise _refuse("a function may have no decorator and no default there", node)
        names.append(node.name)
    return tuple(names)


def find_wrong_names(text: str, functions: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong with the names that functions have and use."""
    taken = _list_library()
    for name in functions:
        if name in taken:
            yield f"finfuzz has a function {name!r}: choose another name"
    for name in sorted(find_names(text) - BUILTINS - set(functions)):
        yield f"unknown name {name!r}: give it as an argument, or import it in the function"


@cache
def _list_library() -> frozenset[str]:
    """List the functions beside which a recipe's stand in the child."""
    beside = [_CHILD / "packages" / name for name in ("words.py", "cells.py")]
    files = [*(_CHILD / "words").glob("*.py"), *beside]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    bodies = [node for tree in trees for node in tree.body]
    return frozenset(node.name for node in bodies if isinstance(node, ast.FunctionDef))


def _refuse(reason: str, node: ast.stmt) -> SyntaxError:
    return SyntaxError(reason, ("", node.lineno, 0, ""))
