"""Write each operation as Python code, within one interpreter."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from finfuzz.program.language import Role
from finfuzz.program.model import Step
from finfuzz.targets.packages.words import name_function
from finfuzz.triage.repro import texts
from finfuzz.triage.repro.extension import ScriptExtension
from finfuzz.triage.repro.library import PLATFORM, Code


@dataclass
class InterpreterNamespace:
    """The names that a script has put into one interpreter: modules and functions of the library.

    ``unsure``: variables that may be missing, since a step raised. ``spoken_of``: the variable of
    the extension that the next steps use.
    """

    modules: set[str]
    spoken_of: str
    functions: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)


class Variables:
    """Give each node and each interpreter a variable that hides no name that the script uses."""

    def __init__(self, extension: ScriptExtension) -> None:
        self._found: dict[tuple[Role | str, str], str] = {}
        self._taken = {*texts.NAMES, *texts.HELPERS, *extension.library.names, *extension.modules}
        self._taken |= {*PLATFORM, *dir(builtins), *keyword.kwlist}

    def find(self, role: Role, name: str) -> str:
        if (role, name) not in self._found:
            # The library looks for free names by counting root0, root1, … up.
            self._found[role, name] = self._take(
                f"a_{name}" if re.fullmatch(r"root\d+", name) else name
            )
        return self._found[role, name]

    def find_cell(self, name: str) -> str:
        """Find the variable of a node's cell."""
        if ("cell", name) not in self._found:
            self._found["cell", name] = self._take(f"{name}_cell")
        return self._found["cell", name]

    def _take(self, variable: str) -> str:
        while variable in self._taken:
            variable += "_"
        self._taken.add(variable)
        return variable


@dataclass(frozen=True)
class StepWriter:
    """Write the code of steps. ``module``: the variable of the extension that they use; ``node``:
    returns a node's variable."""

    extension: ScriptExtension
    module: str
    node: Callable[[str], str]

    def write(self, step: Step) -> Code:
        """Write the code of a step."""
        return _WRITERS[step.op](self, *step.args)

    def _perform(self, prefix: str, word: str, *arguments: Code) -> Code:
        return self.call(name_function(prefix, word), *arguments)

    def call(self, name: str, *arguments: Code) -> Code:
        """Write the call of a function of the library; the extension is its first argument."""
        return self.extension.library.write_call(name, *self._bind(name), *arguments)

    def _value(self, prefix: str, word: str) -> Code:
        name = name_function(prefix, word)
        return self.extension.library.write_value(name, *self._bind(name))

    def _bind(self, name: str) -> tuple[Code, ...]:
        takes = self.extension.library.functions[name].takes_extension
        return (Code(self.module, (self.module,)),) if takes else ()

    def assign(self, name: str, code: Code) -> Code:
        """Write an assignment to a node's variable."""
        return Code(f"{self.node(name)} = {code.text}", code.modules, code.functions)

    def import_(self) -> Code:
        return Code("", (self.module,))

    def fail_import(self) -> Code:
        name = Code(f'"{self.extension.modules[self.module]}"')
        return self.extension.library.write_call("fail_import", name)

    def unimport(self) -> Code:
        if self.extension.package is not None:
            return self.call("unimport")
        return Code(f'sys.modules.pop("{self.extension.modules[self.module]}", None)')

    def self_check(self) -> Code:
        return self._perform("self_check", "")

    def make(self, name: str, kind: str) -> Code:
        return self.assign(name, self._perform("make_", kind))

    def shape(self, name: str, shape: str, kind: str, size: str) -> Code:
        edge, *_ = self.extension.offers.edges_from[kind]
        make, refer = self._value("make_", kind), self._value("refer_by_", edge)
        return self.assign(name, self._perform("shape_", shape, make, refer, Code(size)))

    def edge(self, source: str, target: str, edge: str) -> Code:
        return self._perform("refer_by_", edge, Code(self.node(source)), Code(self.node(target)))

    def hook(self, name: str, hook: str, action: str) -> Code:
        return self._perform("at_", hook, Code(self.node(name)), self._perform("act_", action))

    def perform(self, name: str, action: str) -> Code:
        act, node = self._perform("act_", action), Code(self.node(name))
        if act.text in self.extension.library.functions:
            return self.extension.library.write_call(act.text, node)
        return Code(f"{act.text}({node.text})", act.modules, act.functions)

    def root(self, name: str, root: str) -> Code:
        return self._perform("hold_in_", root, Code(self.node(name)))

    def check(self, name: str) -> Code:
        return Code(f"{self.module}.check({self.node(name)})", (self.module,))

    def drop(self, name: str) -> Code:
        return Code(f"del {self.node(name)}")

    def collect(self) -> Code:
        return Code("gc.collect()", ("gc",))

    def census(self) -> Code:
        counted = self.call("census")
        modules = tuple(dict.fromkeys((*counted.modules, "sys")))
        text = f'print("types held unseen:", {counted.text}, file=sys.stderr)'
        return Code(text, modules, counted.functions)


_WRITERS: dict[str, Callable[..., Code]] = {
    "import": StepWriter.import_,
    "fail-import": StepWriter.fail_import,
    "unimport": StepWriter.unimport,
    "self-check": StepWriter.self_check,
    "node": StepWriter.make,
    "shape": StepWriter.shape,
    "edge": StepWriter.edge,
    "hook": StepWriter.hook,
    "perform": StepWriter.perform,
    "root": StepWriter.root,
    "check": StepWriter.check,
    "drop": StepWriter.drop,
    "collect": StepWriter.collect,
    "census": StepWriter.census,
}
