"""Write steps as statements: what ``child/driver.py`` performs, in its order and lifetimes.

Nodes are locals of a function in the main interpreter. In a subinterpreter they are globals, which
the script deletes before the end.
"""

from __future__ import annotations

from collections.abc import Iterable

from finfuzz.program.language import MAIN, PREFIXES, Role
from finfuzz.program.model import Program, Step
from finfuzz.program.scope import Scope
from finfuzz.triage.repro.cells import Cells
from finfuzz.triage.repro.code import InterpreterNamespace, StepWriter, Variables
from finfuzz.triage.repro.extension import ScriptExtension
from finfuzz.triage.repro.inside import Capi
from finfuzz.triage.repro.library import PLATFORM, Code

_SWITCHES = ("start", "enter", "stop")
#: The places where several threads take a step, and how many of one interpreter do.
_AT_ONCE = {"together": 4, "everywhere": 1}
_CAUGHT = ("except Exception:", "    pass  # raises here and in the fuzzer")
#: Of a finding that is about an exception.
_SHOWN = (
    "except Exception as error:",
    '    print(f"raised: {type(error).__name__}: {error}", file=sys.stderr)',
)

#: The statements that end a life, by exit.
_ENDS = {
    "return": [],
    "sys-exit": ["sys.exit(0)"],
    "exception": ['raise RuntimeError("the program ends by an exception")'],
    "interrupt": ["os.kill(os.getpid(), 2)  # SIGINT"],
    "os-exit": ["os._exit(0)"],
    "c-exit": ["capi.c_exit()"],
    "thread-exit": ["capi.thread_exit()"],
}


def indent(lines: list[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


def quote(lines: list[str]) -> list[str]:
    """Code as a string of several lines."""
    text = "\n".join(indent(lines)).replace("\\", r"\\").replace('"""', r"\"\"\"")
    return f'"""\n{text}\n"""'.split("\n")


class Writer:
    """Turn effective steps into the lines of one function for each life.

    ``raising``: steps, as the child gets them, that raise; the script catches the exception, and
    prints it if it ``shows_raised``. ``platform``: writes the code for other interpreters and
    threads.
    """

    def __init__(
        self,
        raising: frozenset[str],
        platform: Capi,
        extension: ScriptExtension,
        *,
        shows_raised: bool = False,
    ) -> None:
        self.lives: list[list[str]] = [[]]
        self.functions: set[str] = set()
        self.platform = platform
        self._raising, self._extension = raising, extension
        self._caught = _SHOWN if shows_raised else _CAUGHT
        self._scope = Scope(offers=extension.offers)
        self._variables = Variables(extension)
        self._cells = Cells(extension, self._variables)
        self._interpreters = {MAIN: self._begin({"os", "sys"})}
        #: What other interpreters do meanwhile: the tasks of `call_at_once`.
        self._tasks: list[str] = []
        #: Lines for the current subinterpreter.
        self._pending: list[str] = []
        self._pending_functions: list[str] = []
        self._at = 0
        self._place = ""
        self._exit = "return"

    def write(self, program: Program) -> None:
        self._cells.plan(program)
        for self._at, step in enumerate(program.steps):
            self._write(step)
            self._scope.apply(step)
        self._end()

    @property
    def _lines(self) -> list[str]:
        return self.lives[-1]

    @property
    def _here(self) -> InterpreterNamespace:
        return self._interpreters[self._scope.current]

    @property
    def _in_main(self) -> bool:
        return self._scope.current == MAIN

    def _write(self, step: Step) -> None:
        if step.op in PREFIXES:
            self._place = self._find_place(step)
        elif step.op == "exit":
            self._exit = step.args[0]
        elif step.op == "fork":
            self._fork()
        elif step.op == "again":
            self._again()
        else:
            write = self._write_everywhere if self._place == "everywhere" else self._write_step
            self._switch(step) if step.op in _SWITCHES else write(step)
            self._place = ""

    def _find_place(self, prefix: Step) -> str:
        """Return what the functions of capi call the place where the next step runs."""
        if prefix.args == ("framework",) and not self._has_framework:
            return "native_gil_state"
        if prefix.op == "released" and not self._has_framework:
            return ""
        if "framework" in prefix.args:
            self._find_framework()
        return "_".join((prefix.op, *prefix.args)).replace("-", "_")

    @property
    def _has_framework(self) -> bool:
        return self._extension.spec.record.own_interpreters

    # ---- interpreters ---------------------------------------------------------------------------

    def _find_handle(self, name: str) -> str:
        return "None" if name == MAIN else self._variables.find(Role.INTERPRETER, name)

    def _add_helper(self, name: str) -> None:
        self.platform.helpers.add(name)

    def _switch(self, step: Step) -> None:
        self._flush()
        name = step.args[0]
        if step.op == "start":
            parent, flavour = self._find_handle(self._scope.current), step.args[1]
            if flavour == "framework" and not self._has_framework:
                flavour = "isolated"
            start = self.platform.start(self._find_handle(name), parent, flavour, self._place)
            if flavour == "framework":
                self._find_framework()
            self._lines.append(start)
            self._interpreters[name] = self._begin(self._extension.modules_inside)
        elif self._place == "everywhere":
            for each in self._scope.flavours:
                self._forget(each)
            handles = [self._find_handle(each) for each in self._scope.flavours]
            self._lines.append(self.platform.stop_at_once(handles))
        elif step.op == "stop":
            self._forget(name)
            stop = self.platform.stop(self._find_handle(name), place=self._place)
            self._lines.append(stop)

    def _find_framework(self) -> None:
        line = 'capi.find_framework(f"{HERE}/finfuzz_target{EXTENSION_SUFFIXES[0]}")'
        if line not in self._lines:
            self._lines.append(line)

    def _forget(self, name: str) -> None:
        """Write the code that deletes a subinterpreter's nodes."""
        interpreter = self._interpreters[name]
        found = [self._find_variable(node) for node in self._scope.nodes[name]]
        found += sorted(interpreter.modules & self._extension.modules.keys())
        sure = [variable for variable in found if variable not in interpreter.unsure]
        code = [f"del {', '.join(sure)}"] if sure else []
        code += [f"globals().pop('{one}', None)" for one in sorted(interpreter.unsure)]
        if code:
            self._lines.append(f'run({self._find_handle(name)}, "{"; ".join(code)}")')

    def _flush(self, place: str = "") -> None:
        if self._pending:
            code = f"{self._find_handle(self._scope.current)}, {self._take_pending()}"
            self._lines.extend(self.platform.run(code, place=place).split("\n"))

    def _take_pending(self) -> str:
        code = "\n".join(quote(self._pending_functions + self._pending))
        self._pending, self._pending_functions = [], []
        return code

    # ---- lives and ends -------------------------------------------------------------------------

    def _fork(self) -> None:
        self._add_helper("follow")
        parent = _ENDS[self._exit] or ["return"]
        self._lines.append("if follow(os.fork()):")
        self._lines.extend(indent(parent))

    def _again(self) -> None:
        self._flush()
        self._add_helper("again")
        self._lines.append("again()")
        self._exit = "return"
        self._end()
        self.lives.append([])
        self._interpreters = {MAIN: self._begin({"os", "sys"})}

    def _begin(self, modules: Iterable[str]) -> InterpreterNamespace:
        return InterpreterNamespace(set(modules), self._extension.first)

    def _end(self) -> None:
        self._flush()
        for name in self._scope.flavours:
            self.platform.leave()
            self._forget(name)
        self._lines.extend(_ENDS[self._exit])

    # ---- steps within one interpreter -----------------------------------------------------------

    def _find_variable(self, name: str) -> str:
        return self._variables.find(Role.NODE, name)

    def _write_step(self, step: Step, *, as_task: bool = False) -> None:
        """Write a step. ``as_task``: other interpreters take theirs at once."""
        used = {self._find_variable(name) for name in step.names(Role.NODE)}
        raises = self._print_for_child(step) in self._raising or bool(used & self._here.unsure)
        apart = bool(self._place) and self._in_main
        if self._place and not apart:
            self._flush()
        if step.op == "unimport":
            self._forget_extension()
        at_once = as_task or self._place in _AT_ONCE
        codes = self._write_code(step, plain=not (raises or apart or at_once))
        modules = ["sys"] if raises and self._caught is _SHOWN else []
        modules += [module for code in codes for module in code.modules]
        imported = [module for module in modules if module not in self._here.modules]
        for code in codes:
            self._define(code.functions)
        lines = [*self._import(modules, lasting=not raises and not apart)]
        lines += [code.text for code in codes if code.text]
        given = [name for name in imported if name in self._extension.modules]
        given += [self._find_variable(name) for name in step.names(Role.NEW_NODE)]
        taken = self._find_variable(step.args[0]) if step.op == "drop" else ""
        if apart and lines:
            lines = self._in_another_thread(lines, given, taken, raises)
        if raises and lines:
            lines = ["try:", *indent(lines), *self._caught]
        self._emit([*lines, *self._cells.write_after(self._at)])
        self._note(given, taken, raises)
        if self._place and not apart:
            self._flush(self._place)

    def _write_everywhere(self, step: Step) -> None:
        """Write a step that each interpreter takes in a thread of its own, the main one first."""
        self._flush()
        here, main_first = self._scope.current, list(self._scope.nodes)
        self._place = ""
        for self._scope.current in main_first[1:]:
            self._write_step(step, as_task=True)
            if self._pending:
                handle = self._find_handle(self._scope.current)
                self._tasks.append(f"({handle}, textwrap.dedent({self._take_pending()}))")
        self._scope.current, self._place = MAIN, "everywhere"
        self._write_step(step)
        if self._tasks:  # the main interpreter has nothing to do
            self._lines.extend(self.platform.call_at_once(self._tasks).split("\n"))
            self._tasks = []
        self._scope.current = here

    def _write_code(self, step: Step, *, plain: bool) -> list[Code]:
        """Write the code of a step. ``plain``: it runs in this thread and does not raise."""
        here, extension = self._here, self._extension
        if step.op == "use":
            is_second = step.args[0] == "second"
            here.spoken_of = extension.second if is_second else extension.first
            return []
        writer = StepWriter(extension, here.spoken_of, self._find_variable)
        self._cells.forget(step, self._scope.current)
        found: list[Code] = []
        if plain or step.op == "edge":
            found = self._cells.write(step, self._at, self._scope.current, writer)
        return found or [writer.write(step)]

    def _in_another_thread(
        self, lines: list[str], given: list[str], taken: str, raises: bool
    ) -> list[str]:
        """Wrap lines so that another thread of the main interpreter runs them."""
        target = f"{', '.join(given)} = " if given else ""
        value = lines[-1].removeprefix(target)
        if len(lines) == 1 and _is_expression(value):
            return f"{target}{self._call(f'lambda: {value}', target, raises)}".split("\n")
        body = [f"nonlocal {taken}"] if taken else []
        body += [*lines, f"return {', '.join(given)}"] if given else lines
        call = f"{target}{self._call('step', target, raises)}"
        return ["def step():", *indent(body), "", *call.split("\n")]

    def _call(self, function: str, target: str, raises: bool) -> str:
        """Write the call of a function of the main interpreter at the place of the step."""
        if self._place not in _AT_ONCE:
            return self.platform.call(function, place=self._place, raises=raises)
        tasks = [f"(None, {function})", *self._tasks]
        self._tasks = []
        call = self.platform.call_at_once(tasks, _AT_ONCE[self._place])
        return f"{call}[0]" if target else call

    def _emit(self, lines: list[str]) -> None:
        before = self._lines if self._in_main else self._pending
        if before and lines and lines[0].startswith("def "):
            before.append("")
        before.extend(lines)

    def _forget_extension(self) -> None:
        here = self._here
        if here.spoken_of in here.modules:
            self._emit([f"del {here.spoken_of}"])
        elif here.spoken_of in here.unsure:
            self._emit([f"{here.spoken_of} = None"])
        here.modules.discard(here.spoken_of)

    def _note(self, given: list[str], taken: str, raises: bool) -> None:
        """Record the variables that a step set or deleted, or may have."""
        here = self._here
        there = {self._find_variable(name) for name in self._scope.here} | here.modules
        for variable in given:
            if not raises:
                here.unsure.discard(variable)
            elif variable not in there:
                here.unsure.add(variable)
            if variable in self._extension.modules and not raises:
                here.modules.add(variable)
        here.unsure.discard(taken)

    def _import(self, modules: Iterable[str], lasting: bool = True) -> list[str]:
        new = [name for name in dict.fromkeys(modules) if name not in self._here.modules]
        if lasting:
            self._here.modules.update(new)
        return [self._extension.write_import(name) for name in new]

    def _define(self, functions: frozenset[str]) -> None:
        for name in self._extension.library.collect(functions):
            if self._in_main:
                self._add_helper(name) if name in PLATFORM else self.functions.add(name)
            elif name not in self._here.functions:
                self._here.functions.add(name)
                self._pending_functions += self._define_here(name)

    def _define_here(self, name: str) -> list[str]:
        """Return the lines that define a function in the current subinterpreter."""
        if name not in PLATFORM:
            return [*self._extension.library.functions[name].source.split("\n"), ""]
        lines = self.platform.give(name)
        return [*self._import(("ctypes",)), *lines, ""] if lines else []

    def _print_for_child(self, step: Step) -> str:
        """A step's line as the child gets it (see `program.prepared`)."""
        edge = self._scope.edges_of(step.args[2])[:1] if step.op == "shape" else ()
        return " ".join((step.op, *step.args, *edge))


def _is_expression(text: str) -> bool:
    try:
        compile(text, "", "eval")
    except SyntaxError:
        return False
    return True
