"""A finding told in a sentence, and its program in another."""

from __future__ import annotations

from collections import Counter

from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.triage.findings.finding import Finding

_PHASES = {
    "running": "while the program runs",
    "stopping": "while a subinterpreter ends",
    "finalizing": "in Py_FinalizeEx",
    "exited": "after Py_FinalizeEx",
}
_PROGRESS = {
    "modules-cleared": "its modules are cleared",
    "dict-cleared": "its dict is cleared",
    "types-finalized": "its types are finalized",
    "static-destructors": "in static destructors",
}
_SIGNALS = {"NONE": "goes on, though something is wrong", "HANG": "hangs"}


def sentence(finding: Finding) -> str:
    """What happens, where and when."""
    target = finding.target
    what = _SIGNALS.get(finding.signal, f"dies of {finding.signal}")
    said = f": {finding.detail}" if finding.detail else ""
    return (
        f"{target.spec} on CPython {target.python} {what} ({finding.diagnostic}) "
        f"{when(finding.phase)}{_where(finding)}{said}"
    )


def when(phase: str) -> str:
    """A phase in words: `finalizing/dict-cleared` is "in Py_FinalizeEx, its dict is cleared"."""
    progress, _, cleared = phase.partition("/")
    words = [_PHASES.get(progress, f"in {progress}")]
    if cleared:
        words.append(_PROGRESS.get(cleared, cleared))
    return ", ".join(words)


def _where(finding: Finding) -> str:
    there = finding.interpreter
    return f" (in a subinterpreter: {there})" if there not in ("", "main") else ""


def plot(program: Program) -> str:
    """What a program does, counted: `2 interpreters, 1 container, 1 edge, kept by codec`."""
    ops = Counter(step.op for step in program.steps)
    kinds = Counter(step.args[1] for step in program.steps if step.op == "node")
    roots = dict.fromkeys(step.args[1] for step in program.steps if step.op == "root")
    parts = [_counted(ops["again"] + 1, "life", "lives")] if ops["again"] else []
    if ops["start"]:
        parts.append(_counted(ops["start"], "subinterpreter"))
    parts += [_counted(count, kind) for kind, count in kinds.items()]
    parts += [_counted(ops[op], op) for op in ("shape", "edge", "hook", "self-check") if ops[op]]
    if roots:
        parts.append(f"kept by {', '.join(roots)}")
    return ", ".join(parts) or "no objects"


def told(finding: Finding) -> str:
    """The sentence, with the program's plot behind it."""
    return f"{sentence(finding)} [{plot(parse(finding.program))}]"


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or f'{one}s'}"
