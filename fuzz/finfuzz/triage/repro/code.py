"""Write each operation as Python code, within one interpreter."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from finfuzz.program.language import Role
from finfuzz.program.legal import EDGES_FROM
from finfuzz.program.model import Step
from finfuzz.triage.repro import library, texts
from finfuzz.triage.repro.library import Code

#: The modules of the extensions, by a script's variable.
EXTENSIONS = {"t": "finfuzz_target", "t2": "finfuzz_second"}


@dataclass
class InterpreterNamespace:
    """The names that a script has put into one interpreter: modules and functions of the library.

    ``unsure``: variables that may be missing, since a step raised. ``spoken_of``: the variable of
    the extension that the next steps use.
    """

    modules: set[str]
    functions: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    spoken_of: str = "t"


class Variables:
    """Give each node and each interpreter a variable that hides no name that the script uses."""

    def __init__(self) -> None:
        self._found: dict[tuple[Role, str], str] = {}
        self._taken = {*texts.NAMES, *texts.HELPERS, *library.load_functions()}
        self._taken |= {*library.list_modules(), *library.PLATFORM, *dir(builtins), *keyword.kwlist}

    def find(self, role: Role, name: str) -> str:
        if (role, name) not in self._found:
            # The library looks for free names by counting root0, root1, … up.
            variable = f"a_{name}" if re.fullmatch(r"root\d+", name) else name
            while variable in self._taken:
                variable += "_"
            self._taken.add(variable)
            self._found[role, name] = variable
        return self._found[role, name]


def write_step(
    step: Step, here: InterpreterNamespace, node: Callable[[str], str], second: bool
) -> Code:
    """Write the code of a step. ``node``: returns a node's variable; ``second``: there are two
    extensions."""
    if step.op == "use":
        here.spoken_of = "t2" if step.args[0] == "second" and second else "t"
        return Code("")
    return _WRITERS[step.op](_StepWriter(here.spoken_of, node), *step.args)


@dataclass(frozen=True)
class _StepWriter:
    extension: str
    node: Callable[[str], str]

    def _perform(self, prefix: str, word: str, *arguments: Code) -> Code:
        name = prefix + word.replace("-", "_")
        return library.write_call(name, *self._bind(name), *arguments)

    def _value(self, prefix: str, word: str) -> Code:
        name = prefix + word.replace("-", "_")
        return library.write_value(name, *self._bind(name))

    def _bind(self, name: str) -> tuple[Code, ...]:
        takes = library.load_functions()[name].takes_extension
        return (Code(self.extension, (self.extension,)),) if takes else ()

    def _assign(self, name: str, code: Code) -> Code:
        return Code(f"{self.node(name)} = {code.text}", code.modules, code.functions)

    def import_(self) -> Code:
        return Code("", (self.extension,))

    def unimport(self) -> Code:
        return Code(f'sys.modules.pop("{EXTENSIONS[self.extension]}", None)')

    def self_check(self) -> Code:
        return self._perform("self_check", "")

    def make(self, name: str, kind: str) -> Code:
        return self._assign(name, self._perform("make_", kind))

    def shape(self, name: str, shape: str, kind: str, size: str) -> Code:
        make, refer = self._value("make_", kind), self._value("refer_by_", EDGES_FROM[kind][0])
        return self._assign(name, self._perform("shape_", shape, make, refer, Code(size)))

    def edge(self, source: str, target: str, edge: str) -> Code:
        return self._perform("refer_by_", edge, Code(self.node(source)), Code(self.node(target)))

    def hook(self, name: str, hook: str, action: str) -> Code:
        return self._perform("at_", hook, Code(self.node(name)), self._perform("act_", action))

    def root(self, name: str, root: str) -> Code:
        return self._perform("hold_in_", root, Code(self.node(name)))

    def check(self, name: str) -> Code:
        return Code(f"{self.extension}.check({self.node(name)})", (self.extension,))

    def drop(self, name: str) -> Code:
        return Code(f"del {self.node(name)}")

    def collect(self) -> Code:
        return Code("gc.collect()", ("gc",))


_WRITERS: dict[str, Callable[..., Code]] = {
    "import": _StepWriter.import_,
    "unimport": _StepWriter.unimport,
    "self-check": _StepWriter.self_check,
    "node": _StepWriter.make,
    "shape": _StepWriter.shape,
    "edge": _StepWriter.edge,
    "hook": _StepWriter.hook,
    "root": _StepWriter.root,
    "check": _StepWriter.check,
    "drop": _StepWriter.drop,
    "collect": _StepWriter.collect,
}
