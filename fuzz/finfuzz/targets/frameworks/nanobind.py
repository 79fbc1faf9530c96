"""nanobind: not a target yet; its crashes are recognized, since extensions in the wild use it."""

from __future__ import annotations

from finfuzz.targets.frameworks.framework import CrashMarks, Framework

FRAMEWORK = Framework(
    name="nanobind",
    file_marks=(rb"__nb_internals_[\w%]+", rb"nanobind: leaked"),
    crashes=CrashMarks(
        deaths=(("framework-failure", r"Critical nanobind error: (.+)"),),
        reports=(("leak-report", r"(nanobind: leaked \d+ [\w ]+)!"),),
    ),
)
