"""Hooks whose action was never performed, and was on the control."""

from __future__ import annotations

from collections.abc import Iterator

from finfuzz.executor.deviation import Deviation
from finfuzz.program.legal import OUTLIVING_HOOKS
from finfuzz.triage.oracles.meanings import Meaning
from finfuzz.triage.oracles.ran import Ran

#: The diagnostic, which a comparison shows only if it is asked for: any program may lack actions.
SILENT = "hook-not-run"


def find_silent_hooks(own: Ran, control: Ran | None) -> Iterator[Deviation]:
    """Yield a deviation for each hook that ran on the control and never here.

    Where the program ended otherwise on the control, or raised elsewhere, nothing is known.
    """
    if control is None or not own.ended_as(control):
        return
    for meaning in list_silent(own):
        if times := control.outcome.performed.get(meaning.number, 0):
            yield _make(own, meaning, f"; on {control.name} {times} times")


def list_all_silent(own: Ran) -> Iterator[Deviation]:
    """Yield a deviation for each hook that never ran, compared with nothing."""
    return (_make(own, meaning, "") for meaning in list_silent(own))


def list_silent(own: Ran) -> list[Meaning]:
    """List the `hook` steps whose action was never performed to its end.

    None that is a thread's: how far a busy thread comes is chance.
    """
    performed = own.outcome.performed
    hooks = (one for one in own.meanings.values() if one.words[0] == "hook")
    sure = (one for one in hooks if one.words[1] not in OUTLIVING_HOOKS)
    return [one for one in sure if own.did(one.number) and not performed.get(one.number)]


def _make(own: Ran, meaning: Meaning, compared: str) -> Deviation:
    _, hook, action = meaning.words
    kind = " ".join(meaning.kinds)
    detail = f"the action {action} of a {kind} at its {hook} was never performed{compared}"
    return Deviation(SILENT, (hook, action, kind), detail, own.outcome.phase)
