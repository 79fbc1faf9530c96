"""The script on a debug build of the same CPython, which checks its assertions."""

from __future__ import annotations

import json
from dataclasses import replace

from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.triage.instruments.experiment import Experiment, Report


def run_debug_python(experiment: Experiment) -> Report:
    """Run on a debug build of the same minor version, if the machine has one."""
    minor = experiment.interpreter.version[:2]
    debug = next(
        filter(_is_debug, (one for one in find_interpreters() if one.version[:2] == minor)), None
    )
    if debug is None:
        return Report("absent", "no debug build of CPython {}.{} with headers found".format(*minor))
    own = replace(experiment.copy_uncompiled("debug-python"), interpreter=debug)
    problem = own.compile()
    if problem:
        return Report("failed", problem)
    return own.make_report(own.run([own.python, "-X", "faulthandler", "repro.py"]))


def _is_debug(interpreter: Interpreter) -> bool:
    """Whether it is a debug build with headers; a build's key ends with the former."""
    return interpreter.include is not None and json.loads(interpreter.build_key)[-1] is True
