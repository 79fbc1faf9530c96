"""A finding to read, with everything in it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from finfuzz.program.text import ParseError
from finfuzz.triage.diagnosis import telling
from finfuzz.triage.findings.attribution import Attribution, ControlResult
from finfuzz.triage.findings.escalation import Escalation
from finfuzz.triage.findings.finding import Finding, FirstSeen, StackFrame, TargetRecord, encode
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.routes import Route
from finfuzz.triage.findings.title import make_title
from finfuzz.triage.findings.verdict import Verdict

PROGRAM = "finfuzz 1\nnode a container\nedge a a append\nroot a codec\n"


CELLS = (
    ControlResult("extension", "plain-c", "3.13.0", Verdict("survived", Rate(3, 3))),
    ControlResult(
        "release",
        "pybind11==3.0.1+destroy",
        "3.13.0",
        Verdict("otherwise", Rate(3, 3), "SIGABRT/internals-recreated-silently"),
    ),
    ControlResult("python", "no-extension", "3.9.18", Verdict("absent", Rate(0, 0), "no headers")),
)


def finding(**changes: object) -> Finding:
    made = Finding(
        key_version=telling.VERSION,
        bucket="0123456789ab",
        signal="SIGABRT",
        diagnostic="internals-recreated",
        phase="finalizing/dict-cleared",
        interpreter="main",
        fault="SI_TKILL",
        detail="reentrant call detected",
        frames=("internals destroyed",),
        stack=(
            StackFrame("target.so", 16, "pybind11::cast", "pybind11/cast.h:1234"),
            StackFrame("libpython3.13.so", 32, "subtract_refs", "Python/gc.c:5", True),
            StackFrame("libpython3.13.so", 48, "", ""),
        ),
        reproduced=Rate(10, 10),
        in_zygote=Rate(10, 10),
        script=Rate(10, 10),
        target=TargetRecord(
            spec="pybind11==3.1.0+destroy",
            framework="pybind11",
            version="3.1.0",
            policy="destroy",
            python="3.13.0",
            build="0123456789abcdef",
        ),
        program=PROGRAM,
        sightings=1234,
        signals={"SIGABRT": 1230, "SIGSEGV": 4},
        routes=[Route(("clear_instance",), ("codec",), 1200, PROGRAM)],
        first_seen=FirstSeen(12, 0.5, "2026-11-24", "atheris", 7),
        attribution=Attribution(
            owner="target",
            reason="survives on pybind11 as released, so the policy `destroy` is required",
            first_bad="3.0.2",
            first_good="",
            pythons=("3.12.1", "3.13.0"),
            cells=CELLS,
            date="2026-11-24",
        ),
        escalation=(Escalation("gdb", "done", "3 threads", "escalation/gdb.txt"),),
    )
    return _with_title(made, **changes)


def crashes_with(folder: Path, *findings: Finding) -> Path:
    """A crashes folder that holds these, damaged ones too."""
    for each in findings:
        place = folder / each.folder
        place.mkdir(parents=True)
        (place / "program.fin").write_text(each.program, encoding="utf-8")
        (place / "finding.json").write_bytes(encode(each))
    return folder


def bare_finding(**changes: object) -> Finding:
    """A finding with nothing that may be left out."""
    made = Finding(
        key_version=1,
        bucket="0123456789ab",
        signal="SIGABRT",
        diagnostic="internals-recreated",
        phase="finalizing/dict-cleared",
        detail='it said "é\n\x00"',
        frames=("pybind11::detail::clear_instance", "target hook"),
        reproduced=Rate(9, 10),
        script=Rate(10, 10),
        target=TargetRecord(
            spec="pybind11==3.1.0+destroy",
            framework="pybind11",
            version="3.1.0",
            policy="destroy",
            python="3.13.0",
            build="0123456789abcdef",
        ),
        program="finfuzz 1\nnode a container\n",
        sightings=3,
        first_seen=FirstSeen(
            execution=12, seconds=0.5, date="2026-01-31", engine="atheris", seed=7
        ),
    )
    return _with_title(made, **changes)


def _with_title(made: Finding, **changes: object) -> Finding:
    """Give a finding its title, as reading does; a damaged one has none."""
    changed = msgspec.structs.replace(made, **changes)
    with contextlib.suppress(ParseError, AttributeError):
        changed.title = make_title(changed)
    return changed
