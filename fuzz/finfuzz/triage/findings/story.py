"""A finding in a sentence, and its program in a line."""

from __future__ import annotations

from collections import Counter

from finfuzz.program.model import Program
from finfuzz.support.counting import count
from finfuzz.triage.findings.attribution import Attribution
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.rate import Rate

_PHASES = {
    "running": "while the program runs",
    "stopping": "while a subinterpreter ends",
    "finalizing": "in Py_FinalizeEx",
    "exited": "after Py_FinalizeEx",
}
_PROGRESS = {
    "modules-cleared": "after the interpreter's modules are cleared",
    "dict-cleared": "after the interpreter's dict is cleared",
    "types-finalized": "after the interpreter's types are finalized",
    "static-destructors": "in static destructors",
}


def describe(finding: Finding) -> str:
    """Describe what happens, where and when."""
    target = finding.target
    detail = f": {finding.detail}" if finding.detail else ""
    return (
        f"{target.spec} on CPython {target.python} {describe_end(finding)} "
        f"{describe_phase(finding.phase)}{_describe_interpreter(finding)}{detail}"
    )


def describe_end(finding: Finding) -> str:
    """Describe how the process ends: `crashes (SIGABRT, cast-error)`, `hangs`."""
    if finding.signal == "HANG":
        return "hangs"
    if finding.signal == "NONE":
        return f"misbehaves without crashing ({finding.diagnostic})"
    # A signal that no diagnostic explains stands alone.
    diagnostic = "" if finding.diagnostic == "none" else f", {finding.diagnostic}"
    return f"crashes ({finding.signal}{diagnostic})"


def describe_phase(phase: str) -> str:
    """Put a phase in words.

    `finalizing/dict-cleared` is "in Py_FinalizeEx, after the interpreter's dict is cleared".
    """
    progress, _, cleared = phase.partition("/")
    words = [_PHASES.get(progress, f"in {progress}")]
    if cleared:
        words.append(_PROGRESS.get(cleared, cleared))
    return ", ".join(words)


def describe_rate(signal: str, rate: Rate) -> str:
    """Say how often a program ended so: `crashed in 9 of 10 runs`."""
    verb = {"NONE": "misbehaved", "HANG": "hung"}.get(signal, "crashed")
    return f"{verb} in {rate} runs"


def describe_owner(attribution: Attribution) -> str:
    """Say whose defect it is, on which releases and on which CPythons."""
    ranges = filter(None, (attribution.release_range, attribution.python_range))
    found = "".join(f"; {one}" for one in ranges)
    crashes = f"; fails on CPython {', '.join(attribution.pythons)}" if attribution.pythons else ""
    left = f"; {count(attribution.left, 'control')} still to run" if attribution.left else ""
    return f"{attribution}{found}{crashes}{left}"


def summarize(program: Program) -> str:
    """Count what a program makes: `2 subinterpreters, 1 container, 1 edge, kept by codec`."""
    ops = Counter(step.op for step in program.steps)
    kinds = Counter(step.args[1] for step in program.steps if step.op == "node")
    roots = dict.fromkeys(step.args[1] for step in program.steps if step.op == "root")
    parts = [count(ops["again"] + 1, "life", "lives")] if ops["again"] else []
    if ops["start"]:
        parts.append(count(ops["start"], "subinterpreter"))
    parts += [count(number, kind) for kind, number in kinds.items()]
    parts += [count(ops[op], op) for op in ("shape", "edge", "hook", "self-check") if ops[op]]
    if roots:
        parts.append(f"kept by {', '.join(roots)}")
    return ", ".join(parts) or "no objects"


def _describe_interpreter(finding: Finding) -> str:
    interpreter = finding.interpreter
    return f" (in a subinterpreter: {interpreter})" if interpreter not in ("", "main") else ""
