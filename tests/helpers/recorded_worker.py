"""A worker that records each program before it runs, and ends after a number of programs.

python recorded_worker.py PIPE FILE COUNT [WORD ...], with a worker's Job on standard input. All
else is the worker's own code; programs are made without the given words. A line with `---` follows
each program in FILE.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from finfuzz.campaign.worker import process
from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.executor.outcome import Outcome
from finfuzz.generation.learning import Change, Learner, Tally
from finfuzz.program.model import Program
from finfuzz.program.text import to_text

FILE, COUNT = Path(sys.argv[2]), int(sys.argv[3])
WITHOUT = sys.argv[4:]


class Recorded(Loop):
    """Ends after a count, not by the clock."""

    @property
    def over(self) -> bool:
        return self.executions >= COUNT

    def execute(self, program: Program, change: Change | None = None) -> tuple[str, Outcome]:
        with FILE.open("a", encoding="utf-8") as file:
            file.write(f"{to_text(program)}---\n")
        return super().execute(program, change)


class Without(ProgramSource):
    def __init__(self, python: tuple[int, ...], framework: str, before: tuple[Tally, ...]) -> None:
        super().__init__(python, framework, before)
        weights = self.learner.weights
        words = {**weights.words, **dict.fromkeys(WITHOUT, 0.0)}
        self.learner = Learner(replace(weights, words=words), before)


if __name__ == "__main__":
    process.Loop = Recorded  # type: ignore[misc]
    process.ProgramSource = Without  # type: ignore[misc]
    process.main()
