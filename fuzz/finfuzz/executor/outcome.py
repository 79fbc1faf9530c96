"""The outcome: the raw facts of one child."""

from __future__ import annotations

import os
import signal as signals
from typing import Literal

import msgspec

from finfuzz.executor.census import find_censuses
from finfuzz.executor.deviation import Deviation
from finfuzz.executor.frames import RawFrame, read_frames
from finfuzz.executor.judged import JudgedCall, read_judged
from finfuzz.executor.leaks import has_leak_report
from finfuzz.executor.phases import PROGRESS, name_phase
from finfuzz.executor.raised import Raised, find_raised
from finfuzz.executor.shared_memory import EVENTS, LIVES, Facts, Life, SharedMemory
from finfuzz.executor.unraisable import find_unraisable
from finfuzz.program.words import FLAVOUR

INTERNALS = ("none", "first", "destroyed", "recreated")
FLAVOURS = ("main", *FLAVOUR.texts)
HOOKS = (
    "traverse",
    "clear",
    "dealloc",
    "internals-created",
    "internals-destroyed",
    "capsule-missing",
    "modules-cleared",
    "dict-cleared",
    "import",
    "action",
    "capsule",
    "module-free",
    "py-at-exit",
    "static-destructor",
    "thread-local-destructor",
    "gil-taken",
    "thread-returned",
)


class EventRecord(msgspec.Struct, frozen=True):
    """A hook that ran: in which life of an interpreter, in which phase, with which internals."""

    hook: str
    interpreter: int
    phase: str
    internals: str


class Outcome(msgspec.Struct, frozen=True):
    """The facts of one run of one program, not interpreted yet.

    ``exit_code`` is None where a signal ended the child; ``signal`` is then the signal's name.
    ``took``: steps that had an effect, were skipped, raised. ``recreated_after``: the state of the
    internals (see INTERNALS) before they were first recreated. ``phase``: how far the process was
    (see PROGRESS) and, after a slash, how far its interpreter was. ``frames``: the stack at the
    signal, and ``stack_pointer`` was there; ``recreated_frames``: the stack when internals were
    first recreated. ``seconds``: wall time. ``alive``: C++ objects of the target left at the end of
    the process, to be compared with a control's. ``wrong_answers``: of self-checks; standard error
    names them. ``judged``: calls of CPython that broke a rule of the C API, each call site once.
    ``keeps_nothing``: the program keeps no object to the end, so what was left then has leaked.
    ``importers``: interpreters of the process's last life that initialized the extension.
    ``performed``: how often the action of each `hook` step was performed to its end, by the step's
    number from 1; those that never were are absent. The first 1,024 steps are counted.
    ``deviations``: what the control does not do, once triage has compared the two.
    """

    exit_code: int | None
    signal: str | None
    timed_out: bool
    stderr: str
    step: int
    took: tuple[int, int, int]
    phase: str
    interpreter: str
    lives: int
    recreated: int
    recreated_after: str
    recreated_phase: str
    capsule_lost: tuple[str, ...]
    capsule_lost_phase: str
    events: tuple[EventRecord, ...]
    event_count: int
    alive: int
    wrong_answers: int
    frames: tuple[RawFrame, ...]
    recreated_frames: tuple[RawFrame, ...]
    signal_code: int
    address: int
    peak_kib: int
    seconds: float
    stragglers: bool
    how: Literal["zygote", "fresh"]
    stack_pointer: int = 0
    judged: tuple[JudgedCall, ...] = ()
    keeps_nothing: bool = False
    importers: int = 0
    performed: dict[int, int] = {}
    deviations: tuple[Deviation, ...] = ()

    @property
    def died(self) -> bool:
        """Whether a signal or the deadline ended the child. SIGINT is how `exit interrupt` ends."""
        return self.signal not in (None, "SIGINT") or self.timed_out

    def find_stack(self, diagnostic: str = "") -> tuple[RawFrame, ...]:
        """Return the crash's stack, or else that behind a diagnostic; by default, any there is."""
        judged = next((one.frames for one in self.judged if diagnostic in ("", one.rule)), ())
        return self.frames or (judged if diagnostic else ()) or self.recreated_frames or judged

    @property
    def raised(self) -> tuple[Raised, ...]:
        """The steps that raised, in order."""
        return find_raised(self.stderr)

    @property
    def censuses(self) -> dict[int, dict[str, int]]:
        """What `census` steps found: references to types of the extension, unseen, by step."""
        return find_censuses(self.stderr)

    @property
    def unraisable(self) -> tuple[str, ...]:
        """Exceptions that CPython could only report and that no step explains."""
        return find_unraisable(self.stderr)

    @property
    def leaked(self) -> bool:
        """Whether the framework reports objects that are left, though the program keeps none."""
        return self.keeps_nothing and not self.died and has_leak_report(self.stderr)

    @property
    def left(self) -> int:
        """C++ objects left at the end of Python, though the program keeps none, if none reports."""
        ended = self.phase.partition("/")[0] == "exited" and not self.died
        return self.alive if ended and self.keeps_nothing and not self.leaked else 0

    @property
    def notable(self) -> bool:
        """Whether the outcome needs a diagnosis: a survivor may have failed in other ways.

        A step that raised, objects that are left, and types that something holds unseen are odd
        only if the control differs.
        """
        return bool(
            self.died
            or any(not one.expected for one in self.raised)
            or self.left
            or self.censuses
            or self.recreated
            or self.capsule_lost
            or self.wrong_answers
            or self.judged
            or self.unraisable
            or self.leaked
        )


def read_outcome(
    shared: SharedMemory,
    stderr: str,
    how: Literal["zygote", "fresh"],
    *,
    keeps_nothing: bool = False,
    events: bool = True,
) -> Outcome:
    """Read the facts that a child left behind; ``status`` must be filled in already.

    ``keeps_nothing``: of the child's program.
    """
    header, facts = shared.header, shared.header.facts
    signal = _signal_name(facts.status)
    life = header.life[min(facts.current, LIVES - 1)]
    progress = _find_progress(facts, life)
    return Outcome(
        exit_code=None if signal else os.waitstatus_to_exitcode(facts.status),
        signal=signal,
        timed_out=bool(facts.timed_out),
        stderr=stderr,
        step=facts.step,
        took=tuple(facts.took),
        phase=name_phase(progress, life.cleared),
        interpreter=FLAVOURS[life.flavour],
        lives=facts.lives,
        recreated=facts.recreated,
        recreated_after=INTERNALS[facts.recreated_after] if facts.recreated else "",
        recreated_phase=name_phase(facts.recreated_progress, facts.recreated_cleared)
        if facts.recreated
        else "",
        capsule_lost=tuple(
            name for bit, name in ((1, "global"), (2, "module-local")) if facts.capsule_lost & bit
        ),
        capsule_lost_phase=name_phase(facts.capsule_lost_progress, facts.capsule_lost_cleared)
        if facts.capsule_lost
        else "",
        events=_events(shared) if events else (),
        event_count=facts.event_count,
        alive=facts.alive,
        wrong_answers=facts.wrong_answers,
        frames=read_frames(shared, header.frames, facts.frame_count),
        recreated_frames=read_frames(shared, header.recreated_frames, facts.recreated_frame_count),
        signal_code=facts.signal_code,
        address=facts.address,
        peak_kib=facts.peak_kib,
        seconds=facts.microseconds / 1e6,
        stragglers=bool(facts.stragglers),
        how=how,
        stack_pointer=facts.stack_pointer,
        judged=read_judged(shared),
        keeps_nothing=keeps_nothing,
        importers=_count_importers(shared),
        performed=_read_performed(facts),
    )


def _read_performed(facts: Facts) -> dict[int, int]:
    steps = facts.performed[: facts.step]
    return {number: count for number, count in enumerate(steps, 1) if count}


def _count_importers(shared: SharedMemory) -> int:
    lives = shared.header.life[: min(shared.header.facts.lives, LIVES)]
    newest = max((n for n, life in enumerate(lives) if not life.flavour), default=0)
    return sum(life.imported for life in lives[newest:])


def _signal_name(status: int) -> str | None:
    if not os.WIFSIGNALED(status):
        return None
    number = os.WTERMSIG(status)
    try:
        return signals.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def _find_progress(facts: Facts, life: Life) -> int:
    """As ``get_progress`` of the runtime finds it."""
    if facts.progress != PROGRESS.index("running"):
        return int(facts.progress)
    if facts.finalizing:
        return PROGRESS.index("finalizing")
    return PROGRESS.index("stopping" if life.flavour and life.cleared else "running")


def _events(shared: SharedMemory) -> tuple[EventRecord, ...]:
    count = min(shared.header.facts.event_count, EVENTS)
    return tuple(
        EventRecord(
            hook=HOOKS[event.hook],
            interpreter=event.interpreter,
            phase=name_phase(event.progress, event.cleared),
            internals=INTERNALS[event.internals],
        )
        for event in shared.header.events[:count]
    )
