"""The script on a debug build of the same CPython, whose assertions are on."""

from __future__ import annotations

import json
from dataclasses import replace

from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.triage.instruments.case import Experiment, Report


def debug_python(case: Experiment) -> Report:
    """What the debug build says, if there is one."""
    minor = case.interpreter.version[:2]
    debug = next(
        filter(_is_debug, (one for one in find_interpreters() if one.version[:2] == minor)), None
    )
    if debug is None:
        return Report("absent", "no debug build of CPython {}.{} with headers found".format(*minor))
    own = replace(case.uncompiled("debug-python"), interpreter=debug)
    problem = own.compile()
    if problem:
        return Report("failed", problem)
    return own.told(own.run([own.python, "-X", "faulthandler", "repro.py"]))


def _is_debug(interpreter: Interpreter) -> bool:
    """The last thing in a build's key."""
    return interpreter.include is not None and json.loads(interpreter.build_key)[-1] is True
