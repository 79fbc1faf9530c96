"""The command `bench.py truth`: the time and the executions to find known defects.

python tools/bench.py truth --trials 10 --seconds 30 --results trials.jsonl --report docs/truth.md
python tools/bench.py truth --trials 5 --seconds 600 --arm "random, from nothing"
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
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from truth.longer import shorten
from truth.report import format_result, plot, render_page
from truth.schedule import read_results, run_all
from truth.statistics import ARMS, Arm, collect_times, get_arm
from truth.table import FOLDER, BadBuild, Defect, load
from truth.trial import Engine, Result, Trial

CORPUS = FOLDER.parent.parent / "corpus"
ALWAYS = FOLDER / "always.json"
#: A trial of the reduced run ends after this many times the most executions that the defect took.
#: One worker with one seed takes the same number each time, races apart.
_MARGIN = 3
#: Executions end it; this only ends one that stands still, on a machine however busy (issue 21).
_REDUCED_SECONDS = 1500.0
#: The builds of the reduced run: other tests need them too, so that none is compiled for this one.
_REDUCED = {
    BadBuild("pybind11==3.1.0", "3.13.0"),
    BadBuild("pybind11==3.1.0+destroy", "3.13.0"),
    BadBuild("plain-c", "3.12"),
}


class AlwaysShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A defect that every trial of an arm has shown, after at most ``executions`` executions."""

    defect: str
    engine: Engine
    with_corpus: bool
    executions: int


@click.command()
@click.option("--trials", default=10, show_default=True, help="Trials of each arm on each build.")
@click.option("--seconds", default=30.0, show_default=True, help="Longest time of a trial.")
@click.option("--at-once", default=os.cpu_count() or 1, show_default="number of cores")
@click.option(
    "arms",
    "--arm",
    multiple=True,
    type=click.Choice([str(arm) for arm in ARMS]),
    help="Only this arm; may be given again.",
)
@click.option("targets", "--target", multiple=True, help="Only builds of this target.")
@click.option(
    "--results",
    "results_file",
    type=click.Path(path_type=Path),
    help="File of results, JSON lines: trials in it are not run again.",
)
@click.option("--report", type=click.Path(path_type=Path), help="Write a page and its plot.")
@click.option(
    "--earlier",
    "earlier_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of results of an earlier version, which the page compares with.",
)
@click.option(
    "--longer",
    "longer_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of results of longer trials: their beginnings are trials that are not run again.",
)
@click.option(
    "--reduced", is_flag=True, help="Run only what was always shown; exit 1 if a defect is missed."
)
def truth(
    trials: int,
    seconds: float,
    at_once: int,
    arms: tuple[str, ...],
    targets: tuple[str, ...],
    results_file: Path | None,
    report: Path | None,
    earlier_file: Path | None,
    longer_file: Path | None,
    reduced: bool,
) -> None:
    """Run the fuzzer on builds with known defects and report when it shows each defect."""
    defects = load()
    if reduced:
        sys.exit(1 if find_missed(defects, at_once) else 0)
    defects = tuple(one for one in defects if not targets or one.target in targets)
    builds = compile_builds(defects)
    wanted = [
        _make_trial(bad, arm, seed, seconds, defects)
        for seed in range(1, trials + 1)
        for bad in builds
        for arm in ARMS
        if not arms or str(arm) in arms
    ]
    longer = tuple(read_results(longer_file)) if longer_file else ()
    begun = {_identify(one.trial): one for one in shorten(longer, seconds)}
    left = [one for one in wanted if _identify(one) not in begun]
    results = [begun[key] for one in wanted if (key := _identify(one)) in begun]
    results += _run(left, defects, at_once, results_file)
    if report:
        picture = report.with_suffix(".svg")
        earlier = tuple(read_results(earlier_file)) if earlier_file else ()
        picture.write_bytes(plot(defects, results, earlier))
        page = render_page(defects, results, picture.name, at_once, earlier, longer)
        report.write_text(page, encoding="utf-8")
        rows = msgspec.json.encode(collect_always_shown(defects, results))
        ALWAYS.write_bytes(msgspec.json.format(rows) + b"\n")


def _identify(trial: Trial) -> tuple[BadBuild, Arm, int]:
    """Return what a trial and a longer one have in common."""
    return trial.bad, get_arm(trial), trial.seed


def compile_builds(defects: Sequence[Defect]) -> list[BadBuild]:
    """Compile the bad builds of all defects. Raises UserError where a CPython is not installed."""
    builds = sorted({one.bad for one in defects})
    for bad in builds:
        for instrumented in (True, False):
            spec, interpreter = resolve(parse_target(bad.target)), pick_interpreter(bad.python)
            build(spec, interpreter, instrumented=instrumented, announce=click.echo)
    return builds


def collect_always_shown(
    defects: Sequence[Defect], results: Sequence[Result]
) -> tuple[AlwaysShown, ...]:
    """Return the defects that a guided arm showed in every trial."""
    return tuple(
        AlwaysShown(one.name, arm.engine, arm.with_corpus, int(max(found.executions)))
        for arm in ARMS
        if arm.engine == "coverage"
        for one in defects
        if (found := collect_times(results, one, arm)).seconds and found.shown == len(found.seconds)
    )


def find_missed(defects: Sequence[Defect], at_once: int) -> list[str]:
    """Run one trial for each build and arm; report the defects that were always shown, and not now.

    Builds whose CPython is not installed are skipped with a line on standard error.
    """
    always = msgspec.json.decode(ALWAYS.read_bytes(), type=tuple[AlwaysShown, ...])
    rows = {one.name: one for one in defects}
    available = {bad for bad in _REDUCED if _is_available(bad)}
    wanted: dict[tuple[BadBuild, Arm], list[AlwaysShown]] = {}
    for one in always:
        arm = Arm(one.engine, one.with_corpus)
        if (bad := rows[one.defect].bad) in available:
            wanted.setdefault((bad, arm), []).append(one)
    trials = [
        msgspec.structs.replace(
            _make_trial(bad, arm, 1, _REDUCED_SECONDS, [rows[one.defect] for one in ones]),
            executions=_MARGIN * max(one.executions for one in ones),
        )
        for (bad, arm), ones in wanted.items()
    ]
    for bad in available:
        build(resolve(parse_target(bad.target)), pick_interpreter(bad.python))
    missed = []
    for result in _run(trials, defects, at_once, None):
        ones = wanted[result.trial.bad, get_arm(result.trial)]
        missed += [
            f"{one.defect} on {result.trial.bad}, {get_arm(result.trial)}: not shown in "
            f"{result.executions} executions; it was always shown within {one.executions}"
            for one in ones
            if one.defect not in result.shown
        ]
    for line in missed:
        click.echo(line, err=True)
    click.echo(f"{sum(map(len, wanted.values())) - len(missed)} shown, {len(missed)} missed")
    return missed


def _is_available(bad: BadBuild) -> bool:
    try:
        pick_interpreter(bad.python)
    except UserError:
        click.echo(f"skipping {bad}: no such CPython found", err=True)
        return False
    return True


def _make_trial(
    bad: BadBuild, arm: Arm, seed: int, seconds: float, defects: Sequence[Defect]
) -> Trial:
    corpus = str(CORPUS) if arm.with_corpus else None
    watched = tuple(one.name for one in defects if one.bad == bad)
    return Trial(bad.target, bad.python, arm.engine, corpus, seed, seconds, sys.maxsize, watched)


def _run(
    trials: Sequence[Trial], defects: Sequence[Defect], at_once: int, results_file: Path | None
) -> list[Result]:
    def report(result: Result) -> None:
        known = sum(one.bad == result.trial.bad for one in defects)
        click.echo(format_result(result, known))

    return run_all(trials, at_once, results_file, report)
