"""Read the functions of ``child/words`` as text, for scripts; never import them.

A script has the statement of a function of one simple statement in place, with its arguments. Any
other function is copied unchanged, with the functions that it calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "child" / "words"

#: Functions that the library calls and does not define: each script has its own.
PLATFORM = ("leak", "interpreter_dict", "thread_dict", "hold_in_type", "request_script")

#: Code in these runs later, when a variable of the script may have another value.
_LATER = (ast.Lambda, ast.FunctionDef, ast.ClassDef, ast.GeneratorExp, ast.ListComp)


@dataclass(frozen=True)
class Code:
    """A statement, mostly an expression, with the modules to import before and the functions of
    the library and the platform that it needs."""

    text: str
    modules: tuple[str, ...] = ()
    functions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Function:
    """A function. ``statement``: its body, if a script can have that in place of a call."""

    name: str
    parameters: tuple[str, ...]
    source: str
    calls: frozenset[str]
    modules: tuple[str, ...]
    statement: ast.stmt | None

    @property
    def takes_extension(self) -> bool:
        return self.parameters[:1] == ("t",)


@cache
def load_functions() -> dict[str, Function]:
    """Read all functions of the library, by name, in the order of the files."""
    sources = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.py"))]
    found = [
        (node, text)
        for text in sources
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    ]
    known = frozenset(node.name for node, _ in found) | frozenset(PLATFORM)
    return {node.name: _read_function(node, text, known) for node, text in found}


def list_modules() -> frozenset[str]:
    """List the modules that the library imports."""
    return frozenset(name for function in load_functions().values() for name in function.modules)


def write_call(name: str, *arguments: Code) -> Code:
    """Write the call of a function with these arguments, as short as possible."""
    function = load_functions()[name]
    needed = frozenset[str]().union(*(argument.functions for argument in arguments))
    brought = tuple(dict.fromkeys(one for argument in arguments for one in argument.modules))
    if not _can_inline(function, arguments):
        text = f"{name}({', '.join(argument.text for argument in arguments)})"
        return Code(text, brought, needed | {name})
    assert function.statement is not None
    values = dict(zip(function.parameters, (argument.text for argument in arguments), strict=True))
    statement = _Replace(values).visit(ast.parse(ast.unparse(function.statement)))
    modules = tuple(dict.fromkeys(brought + function.modules))
    return Code(_unparse(statement), modules, needed | function.calls)


def write_value(name: str, *bound: Code) -> Code:
    """Write a function as a value. ``bound``: its first arguments, if they are known already."""
    if not bound:
        return Code(name, (), frozenset({name}))
    free = load_functions()[name].parameters[len(bound) :]
    code = write_call(name, *bound, *map(Code, free))
    shorter = code.text.removesuffix(f"({', '.join(free)})")
    if shorter != code.text and shorter.replace(".", "").isidentifier():
        return Code(shorter, code.modules, code.functions)
    head = f"lambda {', '.join(free)}" if free else "lambda"
    return Code(f"{head}: {code.text}", code.modules, code.functions)


def collect_functions(names: Iterable[str]) -> list[str]:
    """Return these functions and all that they call, the called ones first."""
    found: dict[str, None] = {}

    def add(name: str) -> None:
        if name not in found:
            for called in sorted(load_functions()[name].calls if name in load_functions() else ()):
                add(called)
            found[name] = None

    for name in sorted(names):
        add(name)
    return list(found)


def _read_function(node: ast.FunctionDef, text: str, known: frozenset[str]) -> Function:
    used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    imports = [one for one in ast.walk(node) if isinstance(one, ast.Import)]
    body = [statement for statement in node.body if not isinstance(statement, ast.Import)]
    return Function(
        name=node.name,
        parameters=tuple(argument.arg for argument in node.args.args),
        source=ast.get_source_segment(text, node) or "",
        calls=frozenset(used & known) - {node.name},
        modules=tuple(name.name for one in imports for name in one.names),
        statement=_simplify(body[0]) if len(body) == 1 else None,
    )


def _simplify(statement: ast.stmt) -> ast.stmt | None:
    if any(isinstance(node, _LATER) for node in ast.walk(statement)):
        return None
    if isinstance(statement, ast.Return) and statement.value is not None:
        return ast.Expr(statement.value)
    if isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Name):
        return statement
    return statement if isinstance(statement, ast.Expr) else None


def _can_inline(function: Function, arguments: tuple[Code, ...]) -> bool:
    """Whether each argument that is more than a name is evaluated exactly once in place."""
    if function.statement is None:
        return False
    used = [node.id for node in ast.walk(function.statement) if isinstance(node, ast.Name)]
    return all(
        argument.text.isidentifier() or used.count(parameter) == 1
        for parameter, argument in zip(function.parameters, arguments, strict=True)
    )


def _unparse(tree: ast.AST) -> str:
    """Unparse a tree with double quotes, as a person writes."""
    text = ast.unparse(tree)
    return text if '"' in text or "\\" in text else text.replace("'", '"')


class _Replace(ast.NodeTransformer):
    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self._values.get(node.id)
        return node if value is None else ast.parse(value, mode="eval").body
