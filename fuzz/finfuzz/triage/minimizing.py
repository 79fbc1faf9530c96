"""Minimizing a crash's program on a node of a cluster."""

from __future__ import annotations

import contextlib

from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse, to_text
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.attribution.nodes import Minimized, MinimizeTask
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.reproduction import Reproducer


def run_minimize_task(task: MinimizeTask, interpreter: Interpreter, node: str) -> Minimized:
    """Run a task on this machine. ``interpreter``: the task's CPython. Raises UserError."""
    limits = Limits(task.deadline, task.memory_mib, task.abuse)
    with contextlib.closing(
        Executor(build(parse_target(task.target), interpreter), limits)
    ) as executor:
        done = Reproducer(executor, limits).reproduce(parse(task.text), task.diagnosis)
    if done is None:
        return Minimized(task.text, Rate(0, 0), node)
    return Minimized(to_text(done.program), done.fresh, node)
