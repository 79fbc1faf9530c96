"""Describe when a finding misbehaves: its hook, its phase, its interpreter and its life."""

from __future__ import annotations

from finfuzz.program.model import Program
from finfuzz.triage.diagnosis.bucket import COMPARED
from finfuzz.triage.findings.record import Finding

_PHASES = {
    "stopping": "while a subinterpreter ends",
    "finalizing": "in Py_FinalizeEx",
    "exited": "after Py_FinalizeEx",
}
_PROGRESS = {
    "modules-cleared": " after the modules are cleared",
    "dict-cleared": " after the interpreter dict is cleared",
    "types-finalized": " after the types are finalized",
    "static-destructors": " in static destructors",
}
_HOOKS = {
    "traverse": "in tp_traverse",
    "clear": "in tp_clear",
    "dealloc": "in tp_dealloc",
    "del": "in __del__",
    "weakref": "in a weak reference's callback",
    "finalize": "in weakref.finalize",
    "capsule": "in a capsule's destructor",
    "atexit": "in an atexit callback",
    "threading-exit": "in a callback of threading's shutdown",
    "busy-thread": "in a daemon thread",
    "unraisable": "in sys.unraisablehook",
    "module-free": "in a module's m_free",
    "py-atexit": "in a function of Py_AtExit",
    "static-destructor": "in a static's destructor",
    "thread-local-destructor": "in a thread-local's destructor",
}
#: The extension's function that performs the action of any hook.
_ACTS = "finfuzz::Act::run"
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
#: Diagnostics that hold at the end of the process, whatever its phase was then.
_TIMELESS = COMPARED | {"leak-report", "api-after-finalization"}
#: Operations that a minimized program has only where the defect needs them.
_CONDITIONS = {
    "fail-import": "after an import that failed",
    "fork": "after a fork",
    "together": "with four threads at once",
    "native": "with a native thread",
}


def describe_moment(finding: Finding, program: Program) -> list[str]:
    """Describe the moment in phrases, such as "in Py_FinalizeEx", "in the second life"."""
    found = [_describe_hook(finding, program), _describe_phase(finding)]
    found += [words for op, words in _CONDITIONS.items() if op in _list_operations(program)]
    found += [_describe_import(program), _describe_life(program)]
    found.append(_describe_interpreters(finding, program))
    return [phrase for phrase in found if phrase]


def _describe_hook(finding: Finding, program: Program) -> str:
    """Name the hook that crashed, if its action is on the stack and no other hook can be meant."""
    hooks = {step.args[1] for step in program.steps if step.op == "hook"}
    performing = any(frame.function.startswith(_ACTS) for frame in finding.stack)
    return _HOOKS.get(hooks.pop(), "") if performing and len(hooks) == 1 else ""


def _describe_phase(finding: Finding) -> str:
    if finding.diagnostic in _TIMELESS:
        return ""
    progress, _, cleared = finding.phase.partition("/")
    if cleared == "static-destructors":
        return _PROGRESS[cleared].strip()
    phase = _PHASES.get(progress, "")
    return phase + _PROGRESS.get(cleared, "") if phase else ""


def _describe_import(program: Program) -> str:
    """Say that an import is repeated: what follows `unimport` imports anew."""
    operations = _list_operations(program)
    if "unimport" not in operations:
        return ""
    after = program.steps[operations.index("unimport") :]
    return "when the extension is imported again" if any(one.imports for one in after) else ""


def _describe_life(program: Program) -> str:
    """Name the last life: a program that fails in an earlier one does not need the last."""
    lives = _list_operations(program).count("again") + 1
    return f"in the {_ORDINALS[min(lives, len(_ORDINALS)) - 1]} life" if lives > 1 else ""


def _describe_interpreters(finding: Finding, program: Program) -> str:
    if finding.phase.startswith("stopping"):
        return ""
    if finding.interpreter not in ("", "main"):
        return "in a subinterpreter"
    operations = _list_operations(program)
    if "start" not in operations:
        return ""
    ended = operations.count("stop") >= operations.count("start")
    return "after a subinterpreter" if ended else "with a subinterpreter"


def _list_operations(program: Program) -> list[str]:
    return [step.op for step in program.steps]
