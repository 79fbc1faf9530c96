"""What a death may write, if somebody means ill: tags, escapes, text that turns around."""

from __future__ import annotations

from pathlib import Path

import msgspec

from finfuzz.triage.findings.attribution import ControlResult
from finfuzz.triage.findings.escalation import Escalation
from finfuzz.triage.findings.finding import StackFrame, TargetRecord, encode
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.routes import Route
from finfuzz.triage.findings.verdict import Verdict
from helpers.finding_example import finding

HOSTILE = (
    "</script><script>alert(1)</script>"
    "<img src=x onerror=alert(2)>\"'><svg onload=alert(3)>{{ 7 * 7 }}{% x %}"
    "\x00\x07\x1b[31mred\x1b[0m\x1b]8;;http://evil.example\x07\x7f\x85"
    "\u202egnp.exe\u202c\u2066\u200b\ufeff\u2028&lt;"
)
BUCKET = "e" * 12


def hostile_finding(crashes: Path) -> Path:
    """Files a finding with it in every text that it has."""
    base = finding()
    assert base.attribution is not None
    attribution = msgspec.structs.replace(
        base.attribution,
        reason=HOSTILE,
        first_bad=HOSTILE,
        pythons=(HOSTILE,),
        cells=(
            ControlResult("release", HOSTILE, HOSTILE, Verdict("otherwise", Rate(1, 3), HOSTILE)),
        ),
    )
    made = finding(
        bucket=BUCKET,
        detail=HOSTILE,
        phase="finalizing/" + HOSTILE,
        interpreter=HOSTILE,
        fault=HOSTILE,
        frames=(HOSTILE,),
        stack=(StackFrame(HOSTILE, 1, HOSTILE, HOSTILE), StackFrame(HOSTILE, 2)),
        signals={HOSTILE: 3},
        routes=[Route((HOSTILE,), (HOSTILE,), 3, HOSTILE)],
        regressed=HOSTILE,
        attribution=attribution,
        escalation=(
            Escalation("gdb" + HOSTILE, "done", HOSTILE, "escalation/gdb.txt"),
            Escalation("away", "done", "not its own file", "../../../../secret.txt"),
        ),
        target=TargetRecord(
            "pybind11==3.1.0", HOSTILE, "3.1.0", "released", "3.13.0", "0" * 16
        ),
    )  # fmt: skip
    folder = crashes / made.folder
    (folder / "escalation").mkdir(parents=True)
    (folder / "finding.json").write_bytes(encode(made))
    for name in ("repro.py", "extension.cpp", "escalation/gdb.txt"):
        (folder / name).write_bytes(HOSTILE.encode() + b"\xff\xfe\x00")
    (folder / "stderr.txt").write_bytes(b"\x1b[2J<b>" + b"x" * 5_000_000)
    (crashes.parent / "secret.txt").write_text("a secret of the machine")
    return folder
