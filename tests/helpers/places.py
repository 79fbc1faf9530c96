"""Folders of the repository that tests read."""

from pathlib import Path

import finfuzz

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "corpus"
CRASHES = ROOT / "crashes"
PACKAGE = Path(finfuzz.__file__).resolve().parent
CHILD = PACKAGE / "child"
OUTCOMES = ROOT / "tests" / "triage" / "diagnosis" / "outcomes"

#: It uses an object of the life before: what of that is found in the freed memory depends on all
#: that was allocated before, the length of this checkout's path included. A zygote's child gets
#: SIGSEGV where a fresh process or a script gets a wrong answer, or the other way round: all that
#: they can agree on is that it is wrong.
USES_FREED = {"call-once-in-two-lives"}
