"""Every command, thin: read the arguments, call what does the work, print what came of it.

Exit codes: 0 done (for `exec`: survived), 1 died (`exec`), nothing is wrong (`file`), something is
worse (`replay`) or missing (`doctor`), 2 could not run, 130 interrupted.
"""

from finfuzz.cli import (
    attribute,
    bisect,
    campaign,
    corpus,
    export,
    findings,
    machine,
    programs,
    replay,
    report,
)
from finfuzz.cli.group import main

__all__ = [
    "attribute",
    "bisect",
    "campaign",
    "corpus",
    "export",
    "findings",
    "machine",
    "main",
    "programs",
    "replay",
    "report",
]
