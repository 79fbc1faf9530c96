"""A worker that writes each program down before it runs it, and whose time is up after so many.

python recorded_worker.py PIPE FILE COUNT, with a campaign's Config on standard input: all of it is
the worker's own but for that. Programs are separated by a line with `---`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fuzz.campaign import worker
from fuzz.campaign.loop import Loop
from fuzz.executor.outcome import Outcome
from fuzz.program.learning import Change
from fuzz.program.model import Program
from fuzz.program.text import to_text

FILE, COUNT = Path(sys.argv[2]), int(sys.argv[3])


class Recorded(Loop):
    """Counts instead of looking at the clock."""

    @property
    def over(self) -> bool:
        return self.executions >= COUNT

    def execute(self, program: Program, change: Change | None = None) -> tuple[str, Outcome]:
        with FILE.open("a", encoding="utf-8") as file:
            file.write(f"{to_text(program)}---\n")
        return super().execute(program, change)


if __name__ == "__main__":
    worker.Loop = Recorded  # type: ignore[misc]
    worker.main()
