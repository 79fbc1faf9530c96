"""Read the functions of ``child/words`` as text, for scripts; never import them.

A package's own functions take the place of those of the same name.

A script has the statement of a function of one simple statement in place, with its arguments. Any
other function is copied unchanged, with the functions that it calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "child" / "words"

#: Functions that the library calls and does not define: each script has its own.
PLATFORM = (
    *("leak", "interpreter_dict", "thread_dict", "hold_in_type", "request_script"),
    "wake_thread",
)

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
    """A function. ``modules``: as its `import` statements have them, `numpy as np` for one.
    ``statement``: its body, if a script can have that in place of a call."""

    name: str
    parameters: tuple[str, ...]
    source: str
    calls: frozenset[str]
    modules: tuple[str, ...]
    statement: ast.stmt | None
    takes_extension: bool


@dataclass(frozen=True)
class Library:
    """The functions that a target's scripts have, by name, in the order of the files."""

    functions: Mapping[str, Function]

    @property
    def modules(self) -> frozenset[str]:
        """What the functions import, as their `import` statements have it."""
        return frozenset(name for one in self.functions.values() for name in one.modules)

    @property
    def names(self) -> frozenset[str]:
        """The names of functions, and those that their imports bind."""
        return frozenset(self.functions) | {_find_bound(name) for name in self.modules}

    def write_call(self, name: str, *arguments: Code) -> Code:
        """Write the call of a function with these arguments, as short as possible."""
        function = self.functions[name]
        needed = frozenset[str]().union(*(argument.functions for argument in arguments))
        brought = tuple(dict.fromkeys(one for argument in arguments for one in argument.modules))
        if not _can_inline(function, arguments):
            text = f"{name}({', '.join(argument.text for argument in arguments)})"
            return Code(text, brought, needed | {name})
        assert function.statement is not None
        texts = (argument.text for argument in arguments)
        values = dict(zip(function.parameters, texts, strict=True))
        statement = _Replace(values).visit(ast.parse(ast.unparse(function.statement)))
        modules = tuple(dict.fromkeys(brought + function.modules))
        return Code(_unparse(statement), modules, needed | function.calls)

    def write_value(self, name: str, *bound: Code) -> Code:
        """Write a function as a value. ``bound``: its first arguments, if they are known."""
        if not bound:
            return Code(name, (), frozenset({name}))
        free = self.functions[name].parameters[len(bound) :]
        code = self.write_call(name, *bound, *map(Code, free))
        shorter = code.text.removesuffix(f"({', '.join(free)})")
        if shorter != code.text and shorter.replace(".", "").isidentifier():
            return Code(shorter, code.modules, code.functions)
        head = f"lambda {', '.join(free)}" if free else "lambda"
        return Code(f"{head}: {code.text}", code.modules, code.functions)

    def collect(self, names: Iterable[str]) -> list[str]:
        """Return these functions and all that they call, the called ones first."""
        found: dict[str, None] = {}

        def add(name: str) -> None:
            if name not in found:
                known = self.functions.get(name)
                for called in sorted(known.calls if known else ()):
                    add(called)
                found[name] = None

        for name in sorted(names):
            add(name)
        return list(found)


@cache
def load_library(own: str = "", module: str = "t") -> Library:
    """Read the library. ``own``: functions of a package, in which its module gets that name."""
    sources = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.py"))]
    found = {
        node.name: (node, text)
        for text in (*sources, own)
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }
    known = frozenset(found) | frozenset(PLATFORM)
    renamed = module if own else "t"
    return Library(
        {
            name: _read_function(node, text, known, renamed if text is own else "t")
            for name, (node, text) in found.items()
        }
    )


def _read_function(
    node: ast.FunctionDef, text: str, known: frozenset[str], module: str
) -> Function:
    source = ast.get_source_segment(text, node) or ""
    takes_extension = [argument.arg for argument in node.args.args][:1] == ["t"]
    if module != "t" and takes_extension and (renamed := _rename(source, module)):
        source = renamed
        (node,) = (one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef))
    used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    imports = [one for one in ast.walk(node) if isinstance(one, ast.Import)]
    body = [statement for statement in node.body if not isinstance(statement, ast.Import)]
    return Function(
        name=node.name,
        parameters=tuple(argument.arg for argument in node.args.args),
        source=source,
        takes_extension=takes_extension,
        calls=frozenset(used & known) - {node.name},
        modules=tuple(_write_import(name) for one in imports for name in one.names),
        statement=_simplify(body[0]) if len(body) == 1 else None,
    )


def _write_import(name: ast.alias) -> str:
    return f"{name.name} as {name.asname}" if name.asname else name.name


def _find_bound(module: str) -> str:
    """Find the name that `import` of that text binds."""
    name, _, alias = module.partition(" as ")
    return alias or name.partition(".")[0]


def _rename(source: str, module: str) -> str:
    """Call the parameter `t` by the module's name; empty where another name is in the way."""
    tree = ast.parse(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    bound = [name for node in ast.walk(tree) for name in _list_bindings(node)]
    if module in (*used, *bound) or bound.count("t") != 1:
        return ""
    lines = source.splitlines(keepends=True)
    places = [
        (node.lineno - 1, node.col_offset)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "t")
        or (isinstance(node, ast.arg) and node.arg == "t")
    ]
    for line, column in sorted(places, reverse=True):
        text = lines[line].encode()  # columns count bytes
        lines[line] = (text[:column] + module.encode() + text[column + 1 :]).decode()
    renamed = "".join(lines)
    wanted = _Rename(module).visit(tree)
    # Before 3.12 the parser places names wrongly that are in f-strings.
    return renamed if _is_same(renamed, wanted) else ast.unparse(wanted)


def _is_same(source: str, tree: ast.AST) -> bool:
    try:
        return ast.dump(ast.parse(source)) == ast.dump(tree)
    except SyntaxError:
        return False


def _list_bindings(node: ast.AST) -> Iterator[str]:
    """List the names that a node binds."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.alias):
        yield _find_bound(_write_import(node))
    elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.ExceptHandler)) and node.name:
        yield node.name


class _Rename(ast.NodeTransformer):
    """Rename the parameter `t` and all its uses."""

    def __init__(self, name: str) -> None:
        self._name = name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._name, node.ctx) if node.id == "t" else node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self._name, node.annotation) if node.arg == "t" else node


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
