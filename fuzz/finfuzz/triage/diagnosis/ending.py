"""Whether a process ended as its program says: a survivor may have ended before its program did.

A library may end the process by itself, `os._exit(0)` in an import say. Steps that never ran show
nothing, so such a program has not survived.
"""

from __future__ import annotations

from finfuzz.executor.outcome import Outcome
from finfuzz.program.model import Program
from finfuzz.triage.diagnosis.diagnosis import Diagnosis

#: The diagnostic of an ending that is not the program's: `exec`, `check` and `replay` report it,
#: and no finding has it.
UNEXPECTED_EXIT = "unexpected-exit"
#: The exit code, or the signal, of each way to end; 0 of all others.
_ENDS: dict[str, int | str] = {"exception": 1, "interrupt": "SIGINT"}


def diagnose_ending(outcome: Outcome, program: Program) -> Diagnosis | None:
    """Diagnose an ending that is not the program's; None where it is, and after a death."""
    told = describe_ending(outcome, program)
    return Diagnosis("NONE", UNEXPECTED_EXIT, outcome.phase, told, ()) if told else None


def describe_ending(outcome: Outcome, program: Program) -> str:
    """Describe an ending that is not the program's; empty where it is, and after a death."""
    if outcome.died:
        return ""
    code = outcome.signal or f"exit code {outcome.exit_code}"
    if ends_early(outcome, program):
        return f"ended early, with {code}, in {outcome.phase}"
    return "" if _is_wanted(outcome, program) else f"ended with {code}"


def ends_early(outcome: Outcome, program: Program) -> bool:
    """Whether the process ended by itself before all steps ran, or while Python ended.

    `exit os-exit` alone ends the process while Python runs.
    """
    if outcome.died:
        return False
    is_at_end = outcome.phase.partition("/")[0] == "exited" or _find_way(program) == "os-exit"
    return sum(outcome.took) < len(program.steps) or not is_at_end


def _is_wanted(outcome: Outcome, program: Program) -> bool:
    wanted = _ENDS.get(_find_way(program), 0)
    ended = outcome.signal or outcome.exit_code
    # A handler of the package's may turn SIGINT into an exit code: 130 means the same.
    if ended == wanted or (wanted == "SIGINT" and ended == 130):
        return True
    # The parent of a fork ends with 0 whatever its child's code is; a skipped `exit` asks for none.
    forked = any(step.op == "fork" for step in program.steps)
    return ended == 0 and (forked or outcome.took[1] > 0)


def _find_way(program: Program) -> str:
    ways = [step.args[0] for step in program.steps if step.op == "exit"]
    return ways[-1] if ways else "return"
