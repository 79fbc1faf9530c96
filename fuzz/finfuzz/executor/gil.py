"""Free-threaded CPythons: a run in which the GIL came on is refused."""

from __future__ import annotations

from finfuzz.executor.shared_memory import Facts
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build


def refuse_gil(build: Build, facts: Facts) -> None:
    """Raise UserError where a free-threaded CPython ended a program's steps with its GIL on.

    CPython turns the GIL on for the rest of the process when it imports an extension that does not
    declare `Py_mod_gil`. Such a run would pass for a free-threaded one.
    """
    if facts.gil_came_on:
        raise UserError(
            f"{build.spec} turns the GIL of the free-threaded CPython {build.interpreter.text} on: "
            "let its extension, and all that it imports, declare Py_mod_gil, or give a CPython "
            "with a GIL (--python)"
        )
