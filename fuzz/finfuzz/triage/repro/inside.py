"""Start, use and end other interpreters and other threads in a script.

Scripts call their functions `start` and `run` alike, by the C API and by the standard library.
"""

from __future__ import annotations

from finfuzz.support.cpythons import Quirk, Version, has
from finfuzz.triage.repro.texts import HELPERS, ONLY_CAPI

#: The argument of `_interpreters.create` for each flavour.
_CONFIGS = {
    "legacy": '"legacy"',
    "isolated": '"isolated"',
    "shared-gil": '_interpreters.new_config("isolated", gil="shared")',
    "permissive": '_interpreters.new_config("isolated", allow_fork=True, allow_exec=True, '
    "allow_daemon_threads=True)",
    "strict": '_interpreters.new_config("isolated", allow_threads=False)',
    "stdlib": "",
    "concurrent": "",
}


class NotPlain(Exception):
    """The standard library can't do this as the fuzzer does."""


class Capi:
    """Write the code as the fuzzer works: by the C API, through the module capi.

    ``helpers``: those that the code needs so far; ``given``: functions of the platform that
    subinterpreters need.
    """

    def __init__(self) -> None:
        self.helpers: set[str] = set()
        self.given: set[str] = set()

    def start(self, variable: str, parent: str, flavour: str, place: str) -> str:
        """Return the line that starts a subinterpreter from its parent (`None`: the main one).

        ``place``: where the call runs, as the functions of capi name that; empty: here.
        """
        self.helpers.add("capi start")
        call = f", capi.start_{place}" if place else ""
        return f'{variable} = start({parent}, "{flavour}"{call})'

    def stop(self, variable: str, *, place: str) -> str:
        return f"capi.{'_'.join(filter(None, ('stop', place)))}({variable})"

    def stop_at_once(self, variables: list[str]) -> str:
        """Return the call that ends subinterpreters, each from a thread of its own."""
        return f"capi.stop_at_once([{', '.join(variables)}])"

    def leave(self) -> None:
        """Accept an interpreter that is left at the end; called once for each."""

    def run(self, code: str, *, place: str) -> str:
        """Return the call that runs code in a subinterpreter. ``code``: the arguments of `run`."""
        return f"run({code}, capi.run_{place})" if place else f"run({code})"

    def call_at_once(self, tasks: list[str], times: int = 1) -> str:
        """Return the call of functions and code, each in a thread of its own.

        ``tasks``: pairs of an interpreter and its code, `None` and a function for the main one.
        ``times``: how many threads there are for each.
        """
        repeated = f" * {times}" if times > 1 else ""
        return f"capi.at_once([{', '.join(tasks)}]{repeated})"

    def call(self, function: str, *, place: str, raises: bool) -> str:
        """Return the call of a function of the main interpreter in another thread."""
        del raises
        return f"capi.{place}({function})"

    def give(self, name: str) -> list[str]:
        """Return the lines that define a function of the platform in a subinterpreter.

        capi.start defines them: there are no lines to write.
        """
        self.given.add(name)
        return []


class Stdlib(Capi):
    """Write the code with the standard library alone. Raise NotPlain where it can't do the same.

    ``finds_all``: other interpreters find the script's modules without its help.
    """

    def __init__(self, python: Version, *, finds_all: bool = False) -> None:
        super().__init__()
        self._start = "_interpreters.create" if finds_all else "start"
        self._new = has(python, Quirk.INTERPRETERS_MODULE)
        self._python = python
        self._concurrent: set[str] = set()

    def start(self, variable: str, parent: str, flavour: str, place: str) -> str:
        if (
            place
        ):  # an interpreter of the C API remembers its thread, and one of `_interpreters` not
            raise NotPlain
        if flavour == "concurrent":
            self.helpers |= {"run", "concurrent"}
            self._concurrent.add(variable)
            return f"{variable} = start_concurrent()"
        if parent != "None" or flavour not in _CONFIGS or not (self._new or flavour == "stdlib"):
            raise NotPlain
        age = "" if self._new else "old "
        self.helpers |= {f"{age}run", *([f"{age}start"] if self._start == "start" else [])}
        comment = "" if flavour in _CONFIGS[flavour] or not self._new else f"  # {flavour}"
        return f"{variable} = {self._start}({_CONFIGS[flavour]}){comment}"

    def stop_at_once(self, variables: list[str]) -> str:
        del variables
        raise NotPlain

    def call_at_once(self, tasks: list[str], times: int = 1) -> str:
        del tasks, times
        raise NotPlain

    def stop(self, variable: str, *, place: str) -> str:
        stop = f"_interpreters.destroy({variable})"
        if variable in self._concurrent:
            stop = f"stop_concurrent({variable})"
        return self._in_another_thread(f"lambda: {stop}", place) if place else stop

    def leave(self) -> None:
        if not self._new:  # the interpreter would end with its Python object
            raise NotPlain

    def run(self, code: str, *, place: str) -> str:
        call = f"run({code})"
        return self._in_another_thread(f"lambda: {call}", place) if place else call

    def call(self, function: str, *, place: str, raises: bool) -> str:
        if raises:  # `threading` would report the exception by itself
            raise NotPlain
        return self._in_another_thread(function, place)

    def _in_another_thread(self, function: str, place: str) -> str:
        if place != "elsewhere":  # `threading` has no thread that CPython did not make
            raise NotPlain
        self.helpers.add("elsewhere")
        return f"elsewhere({function})"

    def give(self, name: str) -> list[str]:
        if name in ONLY_CAPI or has(self._python, Quirk.CTYPES_IS_OF_ONE_INTERPRETER):
            raise NotPlain
        return HELPERS[name][0].strip().split("\n")
