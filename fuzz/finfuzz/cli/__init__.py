"""The commands. Each reads its arguments, calls the package that does the work, prints the result.

Exit codes: 0 means done (for `exec`: the program survived). 1 means: a crash or another defect
(`exec`), nothing to file (`file`), worse than expected (`replay`), something missing (`doctor`).
2 means that the command could not run, 130 that it was interrupted.
"""

from finfuzz.cli.group import main

__all__ = ["main"]
