"""Every command, thin: read the arguments, call what does the work, print what came of it.

Exit codes: 0 done (for `exec`: survived), 1 died (`exec`), nothing is wrong (`file`), something is
worse (`replay`) or missing (`doctor`), 2 could not run, 130 interrupted.
"""

from fuzz.cli import attribute, bisect, campaign, export, findings, machine, programs, replay
from fuzz.cli.group import main

__all__ = [
    "attribute",
    "bisect",
    "campaign",
    "export",
    "findings",
    "machine",
    "main",
    "programs",
    "replay",
]
