"""The standalone script: a program as a person would have written it in a bug report.

It needs the extension's source beside it and the standard library, nothing of finfuzz. Each step
becomes the statement that ``child/driver.py`` performs for it, in the same order and with the same
lifetimes: nodes are locals of a function in the main interpreter, and globals that are deleted
before the end in a subinterpreter.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable
from pathlib import Path

from fuzz.program.language import MAIN
from fuzz.program.model import Program, Step
from fuzz.program.scope import Scope, effective
from fuzz.target.spec import TargetSpec
from fuzz.triage.script_text import (
    BASE_IMPORTS,
    CALLBACK,
    FUNCTION,
    HEADER,
    INTERPRETER_DICT,
    LOAD_CAPI,
)

TARGETS = Path(__file__).resolve().parent.parent / "child" / "targets"
RUNTIME = TARGETS.parent / "runtime"

_HOOKS = ("traverse", "clear", "dealloc")
_ACTIONS = ("plain", "cast", "lookup", "create")
#: Names that the script itself uses; Python's own words and built-ins are not offered either.
_USED = {"HERE", "atexit", "builtins", "callback", "capi", "codecs", "compile_beside", "ctypes"} | {
    *("gc", "interpreter_dict", "make_function", "os", "pip_headers", "program", "run", "shlex"),
    *("source", "subprocess", "sys", "sysconfig", "t", "textwrap"),
}


def write_script(
    program: Program,
    spec: TargetSpec,
    python: tuple[int, int],
    story: str,
    raising: frozenset[str] = frozenset(),
) -> dict[str, str]:
    """repro.py and the sources that it compiles, by file name.

    ``raising``: steps, as text, that raise and are caught, as the driver does.
    """
    writer = _Writer(raising)
    writer.write(effective(program, python))
    body = "\n".join(f"    {line}" if line else "" for line in writer.lines) or "    pass"
    helpers = [text for text in (FUNCTION, CALLBACK, INTERPRETER_DICT) if text in writer.helpers]
    if writer.needs_capi:
        helpers.append(LOAD_CAPI)
        writer.imports |= {"ctypes", "textwrap"}
    sources = _sources(spec, writer.needs_capi)
    header = HEADER.format(
        story=story.replace("\\", r"\\").replace('"', r"\""),
        python=".".join(map(str, python)),
        version="{}, {}".format(*python),
        requirement=_requirement(spec),
        headers=_headers(spec),
        defines=f'"-DFINFUZZ_POLICY=FINFUZZ_POLICY_{spec.policy.upper()}", '
        if spec.framework == "pybind11"
        else "",
        imports="\n".join(f"import {name}" for name in sorted(writer.imports | BASE_IMPORTS)),
        helpers="".join(f"\n{text}" for text in helpers),
        sources=repr(tuple(sources)),
    )
    return {"repro.py": f"{header}\n\ndef program():\n{body}\n\n\nprogram()\n", **sources}


def _sources(spec: TargetSpec, needs_capi: bool) -> dict[str, str]:
    name = "pybind11.cpp" if spec.framework == "pybind11" else "plain_c.cpp"
    found = {"extension.cpp": _inlined(TARGETS / name, TARGETS / "probe.h")}
    if needs_capi:
        found["capi.cpp"] = _inlined(TARGETS / "capi.cpp", RUNTIME / "interpreters.h")
    return found


def _inlined(source: Path, header: Path) -> str:
    text = source.read_text(encoding="utf-8")
    include = next(line for line in text.splitlines() if f'{header.name}"' in line)
    body = header.read_text(encoding="utf-8").replace("#pragma once\n", "")
    return text.replace(include, body.strip())


def _requirement(spec: TargetSpec) -> str:
    if spec.framework != "pybind11":
        return "no framework"
    return f"pybind11 {spec.version}" if spec.version else f"the pybind11 in {spec.path}"


def _headers(spec: TargetSpec) -> str:
    if spec.framework != "pybind11":
        return "None"
    if spec.path is not None:
        include = spec.path / "include"
        return repr(str(include if include.is_dir() else spec.path))
    return f'pip_headers("pybind11=={spec.version}")'


class _Writer:
    """Turns effective steps into lines of Python."""

    def __init__(self, raising: frozenset[str]) -> None:
        self.lines: list[str] = []
        self.imports: set[str] = set()
        self.helpers: set[str] = set()
        self.needs_capi = False
        self._raising = raising
        self._scope = Scope()
        self._imported: set[str] = set()
        self._variables: dict[tuple[str, str], str] = {}
        self._roots = 0
        self._attributes = 0
        self._pending: list[str] = []  # lines for the current subinterpreter
        self._sub_helpers: dict[str, set[str]] = {}

    def write(self, program: Program) -> None:
        way = "return"
        for step in program.steps:
            if step.op == "exit":
                way = step.args[0]
            elif step.op in ("start", "enter", "stop"):
                self._switch(step)
            else:
                self._step(step)
            self._scope.apply(step)
        self._flush()
        for name in self._scope.flavours:
            self._forget(name)
        if way == "sys-exit":
            self.lines.append("sys.exit(0)")
        elif way == "exception":
            self.lines.append('raise RuntimeError("the program ends by an exception")')

    @property
    def _here(self) -> str:
        return self._scope.current

    def _node(self, name: str) -> str:
        return self._variable("node", name)

    def _interpreter(self, name: str) -> str:
        return self._variable("interpreter", name)

    def _variable(self, sort: str, name: str) -> str:
        """One variable for each node and each interpreter, that hides nothing the script uses."""
        if (sort, name) not in self._variables:
            # Roots are called root1, root2, … in the script.
            variable = f"a_{name}" if name.startswith("root") else name
            taken = {*_USED, *dir(builtins), *keyword.kwlist, *self._variables.values()}
            while variable in taken:
                variable += "_"
            self._variables[sort, name] = variable
        return self._variables[sort, name]

    def _switch(self, step: Step) -> None:
        self._flush()
        name = step.args[0]
        if step.op == "start":
            self.needs_capi = True
            flavour = {"legacy": 1, "isolated": 2}[step.args[1]]
            self.lines.append(
                f"{self._interpreter(name)} = capi.start({flavour})  # {step.args[1]}"
            )
        elif step.op == "stop":
            self._forget(name)
            self.lines.append(f"capi.stop({self._interpreter(name)})")
            self._imported.discard(name)
            self._sub_helpers.pop(name, None)

    def _step(self, step: Step) -> None:
        raises = " ".join((step.op, *step.args)) in self._raising
        importing = self._touches_extension(step) and self._here not in self._imported
        if importing:
            self._find_extension()
        lines = ["import finfuzz_target as t"] if importing else []
        lines += [line for line in [_STATEMENTS[step.op](self, step)] if line]
        if importing and not raises:
            self._imported.add(self._here)
        if lines and raises:
            lines = ["try:", *(f"    {line}" for line in lines), "except Exception:"]
            lines.append("    pass  # it raises, as in the fuzzer")
        if lines:
            self._emit("\n".join(lines))

    def _emit(self, text: str) -> None:
        (self.lines if self._here == MAIN else self._pending).extend(text.split("\n"))

    def _flush(self) -> None:
        if not self._pending:
            return
        code = [f"    {line}" if line else "" for line in self._pending]
        self.lines += [f'run({self._interpreter(self._here)}, """', *code, '""")']
        self._pending = []

    def _forget(self, name: str) -> None:
        names = [self._node(node) for node in self._scope.nodes[name]]
        if name in self._imported:
            names.append("t")
        if names:
            self.lines.append(f'run({self._interpreter(name)}, "del {", ".join(names)}")')

    def _touches_extension(self, step: Step) -> bool:
        made = step.op == "node" and step.args[1] in ("container", "instance", "subclass")
        return step.op in ("import", "check") or made

    def _find_extension(self) -> None:
        if self._here != MAIN:
            self._flush()
            code = 'f"import sys; sys.path.insert(0, {HERE!r})"'
            self.lines.append(f"run({self._interpreter(self._here)}, {code})")

    def _helper(self, text: str) -> None:
        if self._here == MAIN:
            self.helpers.add(text)
        elif text not in self._sub_helpers.setdefault(self._here, set()):
            self._sub_helpers[self._here].add(text)
            self._pending.extend(text.strip("\n").split("\n"))

    def _module(self, name: str) -> str:
        if self._here == MAIN:
            self.imports.add(name)
            return name
        return f'__import__("{name}")'

    def node(self, step: Step) -> str:
        name, kind = step.args
        if kind == "function":
            self._helper(FUNCTION)
        value = {
            "container": "t.Container()",
            "instance": "t.Instance()",
            "subclass": 'type("Subclass", (t.Container,), {})()',
            "list": "[]",
            "dict": "{}",
            "function": "make_function()",
        }[kind]
        return f"{self._node(name)} = {value}"

    def edge(self, step: Step) -> str:
        source, target, how = step.args
        kind = self._scope.here[source]
        source, target = self._node(source), self._node(target)
        if how == "attribute":
            self._attributes += 1
            return f"{source}.attribute{self._attributes} = {target}"
        if how == "closure":
            return f"{source}().append({target})"
        return (
            f"{source}[len({source})] = {target}"
            if kind == "dict"
            else f"{source}.append({target})"
        )

    def hook(self, step: Step) -> str:
        name, hook, action = step.args
        numbers = f"{_HOOKS.index(hook)}, {_ACTIONS.index(action)}"
        return f"{self._node(name)}.hook({numbers})  # at {hook}: {action}"

    def root(self, step: Step) -> str:
        name, where = self._node(step.args[0]), step.args[1]
        self._roots += 1
        key = f"root{self._roots}"
        if where in ("leak", "interpreter-dict") and self._here != MAIN:
            self._flush()
            how = int(where == "interpreter-dict")
            self.lines.append(
                f'capi.keep({self._interpreter(self._here)}, b"{name}", b"{key}", {how})'
            )
            return ""
        if where in ("codec", "audit-hook", "atexit"):
            self._helper(CALLBACK)
        if where == "interpreter-dict":
            self._helper(INTERPRETER_DICT)
        if where == "type-dict":
            self.needs_capi = True
        if where in ("leak", "interpreter-dict"):
            self.imports.add("ctypes")
        return {
            "module": lambda: f'globals()["{key}"] = {name}',
            "sys": lambda: f"{self._module('sys')}.{key} = {name}",
            "builtins": lambda: f"{self._module('builtins')}.{key} = {name}",
            "interpreter-dict": lambda: f'interpreter_dict()["{key}"] = {name}',
            "codec": lambda: f"{self._module('codecs')}.register(callback({name}))",
            "type-dict": lambda: f"capi.hold_in_type({name})",
            "audit-hook": lambda: f"{self._module('sys')}.addaudithook(callback({name}))",
            "atexit": lambda: f"{self._module('atexit')}.register(callback({name}))",
            "leak": lambda: f"ctypes.pythonapi.Py_IncRef(ctypes.py_object({name}))",
        }[where]()

    def check(self, step: Step) -> str:
        return f"t.check({self._node(step.args[0])})"

    def drop(self, step: Step) -> str:
        return f"del {self._node(step.args[0])}"

    def collect(self, _: Step) -> str:
        return f"{self._module('gc')}.collect()"

    def import_(self, _: Step) -> str:
        return ""  # _step has written it


_STATEMENTS: dict[str, Callable[[_Writer, Step], str]] = {
    "node": _Writer.node,
    "edge": _Writer.edge,
    "hook": _Writer.hook,
    "root": _Writer.root,
    "check": _Writer.check,
    "drop": _Writer.drop,
    "collect": _Writer.collect,
    "import": _Writer.import_,
}
