"""Every command, thin: read the arguments, call what does the work, print what came of it.

Exit codes: 0 done (for `exec`: survived), 1 died (`exec`) or something is missing (`doctor`), 2
could not run, 130 interrupted.
"""

from fuzz.cli import campaign, machine, programs
from fuzz.cli.group import main

__all__ = ["campaign", "machine", "main", "programs"]
