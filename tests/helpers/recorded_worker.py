"""A worker that records each program before it runs the program, and stops after COUNT executions.

python -m helpers.recorded_worker PIPE FILE COUNT [WORD ...]

reads a campaign's Job from standard input. No program but the sweep's is made with a WORD. The rest
is a worker as it is. In the file a line with `---` follows each program.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from finfuzz.campaign.worker import process
from finfuzz.campaign.worker.loop import Loop
from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.executor.outcome import Outcome
from finfuzz.generation.generate import leave_out
from finfuzz.generation.learning import Change
from finfuzz.program.model import Program
from finfuzz.program.text import to_text

FILE, COUNT = Path(sys.argv[2]), int(sys.argv[3])
WITHOUT = sys.argv[4:]


class RecordedLoop(Loop):
    """A loop that is over by its count, not by the clock."""

    @property
    def over(self) -> bool:
        return self.executions >= COUNT

    def execute(self, program: Program, change: Change | None = None) -> tuple[str, Outcome]:
        with FILE.open("a", encoding="utf-8") as file:
            file.write(f"{to_text(program)}---\n")
        return super().execute(program, change)


class ProgramsWithout(ProgramSource):
    """Programs without the words of the command line."""

    def _tidy(self, rng: Random, program: Program, *, starts: bool = False) -> Program:
        return leave_out(super()._tidy(rng, program, starts=starts), WITHOUT)


if __name__ == "__main__":
    process.Loop = RecordedLoop  # type: ignore[misc]
    process.ProgramSource = ProgramsWithout  # type: ignore[misc]
    process.main()
