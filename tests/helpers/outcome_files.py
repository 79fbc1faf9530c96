"""Outcomes as files: what became of a program, with what it means on top.

    origin: where it comes from, in words
    expected: SIGABRT/internals-recreated in finalizing/dict-cleared
    detail: the message, where there is one
    telling: what the bucket is made of, innermost first, with ` < ` between them
    route: the telling frames, where the bucket is made of their cause
    fault: what the kernel said
    ---
    signal: SIGABRT
    phase: finalizing/dict-cleared
    frame: libc.so.6+0x26472  abort
    stderr:
    terminate called after …

`expected: survived` where nothing is wrong; one `expected` after the other where two things are.
`defect:` says why finfuzz does not say so yet. Below the line stand the fields of an Outcome that
differ from those of a program that survived. A frame is written as in a finding's stack.txt, so no
symbols are needed to read it; what was inlined stands before what it was inlined into. A judged
call is written as RULE FUNCTION MODULE SITE PHASE, and its frames follow; a deviation as
DIAGNOSTIC | KEY < … | DETAIL | PHASE. Everything behind `stderr:` is the raw text.

    python tests/outcome_files.py PROGRAM TARGET PYTHON

prints the file for a program run here. Its top is what finfuzz says now: read it, then keep it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from finfuzz.executor.deviation import Deviation
from finfuzz.executor.frames import RawFrame
from finfuzz.executor.judged import JudgedCall
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.triage.diagnosis import Diagnosis, diagnose
from finfuzz.triage.diagnosis.symbols import Frame, name_stack

SURVIVED = Outcome(
    exit_code=0,
    signal=None,
    timed_out=False,
    stderr="",
    step=0,
    took=(0, 0, 0),
    phase="exited/dict-cleared",
    interpreter="main",
    lives=1,
    recreated=0,
    recreated_after="",
    recreated_phase="",
    capsule_lost=(),
    capsule_lost_phase="",
    events=(),
    event_count=0,
    alive=0,
    wrong_answers=0,
    frames=(),
    recreated_frames=(),
    signal_code=0,
    address=0,
    peak_kib=10_000,
    seconds=0.003,
    stragglers=False,
    how="fresh",
)

_FRAME = re.compile(r"(\S+)\+0x([0-9a-f]+)(?:  (.+?))??(?:  (\S+:\d+))?(  inlined)?")
_TOP = ("expected: ", "detail: ", "telling: ", "route: ", "fault: ")
_TEXTS = (
    *("signal", "phase", "interpreter"),
    *("recreated_after", "recreated_phase", "capsule_lost_phase"),
)
_NUMBERS = (
    *("exit_code", "recreated", "signal_code", "address", "stack_pointer"),
    *("peak_kib", "wrong_answers", "importers"),
)


class Case(NamedTuple):
    """One file, read. ``names``: the functions of each frame, inlined ones first."""

    expected: str
    defect: str
    outcome: Outcome
    memory_mib: int
    names: dict[RawFrame, tuple[Frame, ...]]

    def name_stack(self, frames: Sequence[RawFrame]) -> list[Frame]:
        """As symbols.name_stack, without the files of the machine that the stack is from."""
        return [each for frame in frames for each in self.names[frame]]

    @property
    def frames(self) -> list[Frame]:
        return self.name_stack(self.outcome.frames)


def read(path: Path) -> Case:
    with path.open(encoding="utf-8", newline="") as file:
        top, _, below = file.read().partition("---\n")
    facts, marker, stderr = below.partition("stderr:\n")
    assert marker, f"{path.name} has no stderr: behind ---"
    lines = top.splitlines(keepends=True)
    values: dict[str, Any] = {"frame": [], "recreated_frame": [], "judged": [], "deviation": []}
    names: dict[RawFrame, tuple[Frame, ...]] = {}
    inlined: list[Frame] = []
    for line in facts.splitlines():
        key, _, text = line.partition(": ")
        if key.endswith("frame"):
            inlined.append(_frame(text))
            if not inlined[-1].inlined:
                raw = RawFrame(inlined[-1].module, inlined[-1].offset)
                names[raw] = tuple(inlined)
                inlined.clear()
                _add_frame(values, key, raw)
        elif key == "judged":
            values[key].append(_judged_call(text))
        elif key == "deviation":
            diagnostic, keys, *rest = text.split(" | ")
            values[key].append(Deviation(diagnostic, tuple(keys.split(" < ")), *rest))
        else:
            values[key] = _value(key, text)
    memory_mib = values.pop("memory_mib", Limits().memory_mib)
    if "signal" in values:
        values["exit_code"] = None
    return Case(
        "".join(line for line in lines if line.startswith(_TOP)),
        "".join(line for line in lines if line.startswith("defect: ")).strip(),
        msgspec.structs.replace(
            SURVIVED,
            frames=tuple(values.pop("frame")),
            recreated_frames=tuple(values.pop("recreated_frame")),
            judged=tuple(values.pop("judged")),
            deviations=tuple(values.pop("deviation")),
            stderr=stderr,
            **values,
        ),
        memory_mib,
        names,
    )


def said(diagnoses: Iterable[Diagnosis]) -> str:
    """Diagnoses as the top of a file has them."""
    lines = []
    for diagnosis in diagnoses:
        lines.append(f"expected: {diagnosis} in {diagnosis.phase}")
        if diagnosis.detail:
            lines.append(f"detail: {diagnosis.detail}")
        if diagnosis.frames:
            lines.append(f"telling: {' < '.join(diagnosis.frames)}")
        if diagnosis.route not in ((), diagnosis.frames):
            lines.append(f"route: {' < '.join(diagnosis.route)}")
        if diagnosis.fault:
            lines.append(f"fault: {diagnosis.fault}")
    return "\n".join(lines or ["expected: survived"]) + "\n"


def written(origin: str, outcome: Outcome, memory_mib: int = Limits().memory_mib) -> str:
    """The file for an outcome of this machine."""
    lines = [f"origin: {origin}", f"{said(diagnose(outcome, memory_mib))}---"]
    for key in (*_TEXTS, *_NUMBERS):
        value = getattr(outcome, key)
        if value not in (None, getattr(SURVIVED, key)):
            lines.append(f"{key}: {value}")
    if outcome.timed_out:
        lines.append("timed_out: yes")
    if outcome.leaked:
        lines.append("keeps_nothing: yes")
    if outcome.capsule_lost:
        lines.append(f"capsule_lost: {', '.join(outcome.capsule_lost)}")
    lines += [f"frame: {frame}" for frame in name_stack(outcome.frames)]
    lines += [f"recreated_frame: {frame}" for frame in name_stack(outcome.recreated_frames)]
    for call in outcome.judged:
        site = f"{Path(call.site.module).name}+{call.site.offset:#x}"
        lines.append(f"judged: {call.rule} {call.function} {call.module} {site} {call.phase}")
        lines += [f"judged_frame: {frame}" for frame in name_stack(call.frames)]
    for one in outcome.deviations:
        fields = (one.diagnostic, " < ".join(one.key), one.detail, one.phase)
        lines.append(f"deviation: {' | '.join(fields)}")
    return "\n".join([*lines, f"stderr:\n{outcome.stderr}"])


def _judged_call(text: str) -> JudgedCall:
    rule, function, module, site, phase = text.split()
    at = _frame(site)
    return JudgedCall(rule, function, module, RawFrame(at.module, at.offset), phase, ())


def _add_frame(values: dict[str, Any], key: str, raw: RawFrame) -> None:
    if key == "judged_frame":
        last = values["judged"][-1]
        values["judged"][-1] = msgspec.structs.replace(last, frames=(*last.frames, raw))
    else:
        values[key].append(raw)


def _frame(text: str) -> Frame:
    match = _FRAME.fullmatch(text)
    assert match, f"{text!r} is no frame"
    module, offset, function, place, inlined = match.groups()
    function, _, start = (function or "").partition("in the function at +")
    return Frame(
        "" if module == "?" else module,
        int(offset, 16),
        function,
        place or "",
        bool(inlined),
        int(start or "0", 16),
    )


def _value(key: str, text: str) -> object:
    if key in _TEXTS:
        return text
    if key in (*_NUMBERS, "memory_mib"):
        return int(text)
    if key in ("timed_out", "keeps_nothing"):
        return text == "yes"
    assert key == "capsule_lost", f"{key!r} is no field"
    return tuple(text.split(", "))


def main(program: Path, target: str, python: str) -> None:
    from finfuzz.executor.fresh import run_fresh  # noqa: PLC0415  the tests that read need none of it
    from finfuzz.program.text import parse, to_text  # noqa: PLC0415
    from finfuzz.targets.build import build  # noqa: PLC0415
    from finfuzz.targets.pick import pick_interpreter  # noqa: PLC0415
    from finfuzz.targets.spec import parse_target  # noqa: PLC0415
    from finfuzz.triage.oracles.compare import compare  # noqa: PLC0415

    made = build(parse_target(target), pick_interpreter(python))
    read = parse(program.read_text(encoding="utf-8"))
    steps = " | ".join(to_text(read.without_comments()).splitlines()[1:])
    origin = f"{made.spec} on CPython {made.interpreter.text}: {steps}"
    outcome = compare(made, read, run_fresh(made, read), Limits())
    sys.stdout.write(written(origin, outcome))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
