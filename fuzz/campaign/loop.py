"""What every engine does with one program: run it, count it, tell the supervisor."""

from __future__ import annotations

import re
import signal
import time

from fuzz.campaign.messages import Again, Elsewise, Ended, Progress, Sighting, send
from fuzz.executor.outcome import Outcome
from fuzz.executor.zygote import Executor
from fuzz.program.model import Program
from fuzz.program.scope import runnable
from fuzz.program.text import to_text
from fuzz.triage.known import is_known_death
from fuzz.triage.routes import MOST, roots_of

_PROGRESS_SECONDS = 0.2
_VARYING = re.compile(r"0x[0-9a-f]+|`[^`]*`|'[^']*'")


class Loop:
    """One worker's executions. ``over`` turns true when time is up or the supervisor said so."""

    def __init__(self, executor: Executor, seconds: float, pipe: int) -> None:
        self._executor = executor
        self._python = executor.build.interpreter.version[:2]
        self._abuse = executor.limits.abuse
        self._pipe = pipe
        self._begin = time.monotonic()
        self._end = self._begin + seconds
        self._told = 0.0
        self._executions = 0
        self._took = [0, 0, 0]
        self._looks: dict[object, int] = {}
        self._routes: dict[int, dict[tuple[str, ...], int]] = {}
        self._stopped = False
        signal.signal(signal.SIGTERM, self._stop)

    @property
    def over(self) -> bool:
        return self._stopped or time.monotonic() >= self._end

    def execute(self, program: Program) -> Outcome:
        """Runs a program and reports what is worth it."""
        outcome = self._executor.run(runnable(program, self._python, abuse=self._abuse))
        self._executions += 1
        for index, count in enumerate(outcome.took):
            self._took[index] += count
        if outcome.notable:
            self._sight(program, outcome)
        if outcome.died and not self._is_known(outcome):
            # A dead program's neighbours mostly die the same death: it is no step on the way.
            self._executor.shared.clear_counters()
        if self._now - self._told >= _PROGRESS_SECONDS:
            self._told = self._now
            send(self._pipe, self._progress())
        return outcome

    def finish(self, problem: str = "") -> None:
        """Says goodbye; the executor is closed, so that nothing of it stays behind."""
        self._executor.close()
        send(self._pipe, Ended(self._progress(), problem))

    def _is_known(self, outcome: Outcome) -> bool:
        build = self._executor.build
        return is_known_death(outcome, build.spec, build.interpreter.text)

    @property
    def _now(self) -> float:
        return time.monotonic() - self._begin

    def _progress(self) -> Progress:
        took = (self._took[0], self._took[1], self._took[2])
        return Progress(self._executions, self._now, took, self._executor.replaced)

    def _sight(self, program: Program, outcome: Outcome) -> None:
        look = self._looks.setdefault(_look_of(outcome), len(self._looks))
        routes = self._routes.setdefault(look, {})
        roots = roots_of(program)
        if roots in routes:
            send(self._pipe, Again(look, routes[roots]))
            return
        if len(routes) >= MOST:
            send(self._pipe, Again(look, -1))
            return
        route = routes[roots] = len(routes)
        text = to_text(program.without_comments())
        if route == 0:
            send(self._pipe, Sighting(look, text, outcome, self._executions, self._now))
        else:
            send(self._pipe, Elsewise(look, route, text))

    def _stop(self, *_: object) -> None:
        self._stopped = True


def _look_of(outcome: Outcome) -> object:
    """What two outcomes share that no diagnosis could tell apart."""
    return (
        outcome.signal,
        outcome.phase,
        outcome.recreated_phase,
        outcome.capsule_lost,
        outcome.frames,
        outcome.recreated_frames,
        _VARYING.sub("", outcome.stderr),
    )
