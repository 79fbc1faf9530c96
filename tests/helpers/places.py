"""Folders of the repository that tests read."""

from pathlib import Path

import finfuzz

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "corpus"
CRASHES = ROOT / "crashes"
PACKAGE = Path(finfuzz.__file__).resolve().parent
CHILD = PACKAGE / "child"
OUTCOMES = ROOT / "tests" / "triage" / "diagnosis" / "outcomes"
