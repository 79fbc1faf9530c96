"""The script on a debug build of the same CPython, which checks its assertions."""

from __future__ import annotations

from dataclasses import replace

from finfuzz.targets.interpreters import find_interpreters
from finfuzz.triage.instruments.experiment import Experiment, Report


def run_debug_python(experiment: Experiment) -> Report:
    """Run on a debug build of the same minor version, if the machine has one."""
    minor = experiment.interpreter.version[:2]
    same = (one for one in find_interpreters() if one.version[:2] == minor and one.includes)
    threads = experiment.interpreter.is_free_threaded
    debug = next((one for one in same if one.is_debug and one.is_free_threaded == threads), None)
    if debug is None:
        return Report("absent", "no debug build of CPython {}.{} with headers found".format(*minor))
    own = replace(experiment.copy_uncompiled("debug-python"), interpreter=debug)
    problem = own.compile()
    if problem:
        return Report("failed", problem)
    return own.make_report(own.run([own.python, "-X", "faulthandler", "repro.py"]))
