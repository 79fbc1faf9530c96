"""How good is the fuzzer: the time and the executions to known defects.

python tools/bench.py truth --trials 10 --seconds 30 --kept trials.jsonl --report docs/truth.md
python tools/bench.py truth --reduced
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from finfuzz.support.errors import UserError
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from truth.report import heading, page, plot
from truth.schedule import run_all
from truth.statistics import ARMS, Arm, arm_of, times
from truth.table import FOLDER, Bad, Defect, load
from truth.trial import Engine, Result, Trial

CORPUS = FOLDER.parent.parent / "corpus"
ALWAYS = FOLDER / "always.json"
#: A trial of the reduced run is over after so many times the executions that the defect took at
#: most: with one worker and one seed they are the same each time, but for what races.
_MARGIN = 3
_REDUCED_SECONDS = 120.0
#: What the reduced run looks at: builds that the tests need too, so that none is compiled for it.
_REDUCED = {
    Bad("pybind11==3.1.0", "3.13"),
    Bad("pybind11==3.1.0+destroy", "3.13"),
    Bad("plain-c", "3.12"),
}


class Always(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A defect that every trial of an arm has shown, after at most so many executions."""

    defect: str
    engine: Engine
    with_corpus: bool
    executions: int


@click.command()
@click.option("--trials", default=10, show_default=True, help="Of each arm on each build.")
@click.option("--seconds", default=30.0, show_default=True, help="Of a trial, at most.")
@click.option("--at-once", default=os.cpu_count() or 1, show_default="the cores")
@click.option("--kept", type=click.Path(path_type=Path), help="JSON lines; goes on from there.")
@click.option("--report", type=click.Path(path_type=Path), help="Write a page and its picture.")
@click.option("--reduced", is_flag=True, help="Only what was always found; exits 1 if it isn't.")
def truth(
    trials: int, seconds: float, at_once: int, kept: Path | None, report: Path | None, reduced: bool
) -> None:
    """Runs the fuzzer on builds with known defects and says when it shows each."""
    defects = load()
    if reduced:
        sys.exit(1 if missed(defects, at_once) else 0)
    bads = prepared(defects)
    wanted = [
        _trial(bad, arm, seed, seconds)
        for seed in range(1, trials + 1)
        for bad in bads
        for arm in ARMS
    ]
    results = _run(wanted, defects, at_once, kept)
    if report:
        picture = report.with_suffix(".svg")
        picture.write_bytes(plot(defects, results))
        report.write_text(page(defects, results, picture.name, at_once), encoding="utf-8")
        rows = msgspec.json.encode(always_shown(defects, results))
        ALWAYS.write_bytes(msgspec.json.format(rows) + b"\n")


def prepared(defects: Sequence[Defect]) -> list[Bad]:
    """The bad builds of defects, compiled. Raises UserError where a CPython is not there."""
    bads = sorted({one.bad for one in defects})
    for bad in bads:
        for instrumented in (True, False):
            spec, interpreter = resolve(parse_target(bad.target)), pick_interpreter(bad.python)
            build(spec, interpreter, instrumented=instrumented, announce=click.echo)
    return bads


def always_shown(defects: Sequence[Defect], results: Sequence[Result]) -> tuple[Always, ...]:
    """By the guided arms, in every trial."""
    return tuple(
        Always(one.name, arm.engine, arm.with_corpus, int(max(found.executions)))
        for arm in ARMS
        if arm.engine == "coverage"
        for one in defects
        if (found := times(results, one, arm)).seconds and found.shown == len(found.seconds)
    )


def missed(defects: Sequence[Defect], at_once: int) -> list[str]:
    """Runs one trial for each build and arm, and says which defects were not shown that always
    were. Builds whose CPython is not here are left out, and said."""
    always = msgspec.json.decode(ALWAYS.read_bytes(), type=tuple[Always, ...])
    rows = {one.name: one for one in defects}
    here = {bad for bad in _REDUCED if _is_here(bad)}
    wanted: dict[tuple[Bad, Arm], list[Always]] = {}
    for one in always:
        arm = Arm(one.engine, one.with_corpus)
        if (bad := rows[one.defect].bad) in here:
            wanted.setdefault((bad, arm), []).append(one)
    trials = [
        msgspec.structs.replace(
            _trial(bad, arm, 1, _REDUCED_SECONDS),
            executions=_MARGIN * max(one.executions for one in ones),
        )
        for (bad, arm), ones in wanted.items()
    ]
    for bad in here:
        build(resolve(parse_target(bad.target)), pick_interpreter(bad.python))
    lost = []
    for result in _run(trials, defects, at_once, None):
        ones = wanted[result.trial.bad, arm_of(result.trial)]
        lost += [
            f"{one.defect} on {result.trial.bad}, {arm_of(result.trial)}: not shown in "
            f"{result.executions} executions; it always was in {one.executions}"
            for one in ones
            if one.defect not in result.shown
        ]
    for line in lost:
        click.echo(line, err=True)
    click.echo(f"{sum(map(len, wanted.values())) - len(lost)} shown, {len(lost)} missed")
    return lost


def _is_here(bad: Bad) -> bool:
    try:
        pick_interpreter(bad.python)
    except UserError:
        click.echo(f"left out: {bad}: no such CPython here", err=True)
        return False
    return True


def _trial(bad: Bad, arm: Arm, seed: int, seconds: float) -> Trial:
    corpus = str(CORPUS) if arm.with_corpus else None
    return Trial(bad.target, bad.python, arm.engine, corpus, seed, seconds, sys.maxsize)


def _run(
    trials: Sequence[Trial], defects: Sequence[Defect], at_once: int, kept: Path | None
) -> list[Result]:
    def told(result: Result) -> None:
        known = sum(one.bad == result.trial.bad for one in defects)
        click.echo(heading(result.trial.bad, result, known))

    return run_all(trials, at_once, kept, told)
