"""The cost of a duplicate crash, and of triage to a campaign."""

from __future__ import annotations

import json
import statistics
import tempfile
from functools import partial
from pathlib import Path
from random import Random

import click
from rich.progress import track

from benchmarks.rate import measure_rate
from benchmarks.timing import time_calls
from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.generation.generate import generate
from finfuzz.generation.mutate import mutate
from finfuzz.program.model import Program
from finfuzz.program.text import to_text
from finfuzz.targets.build import Build, build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.filer import Origin
from finfuzz.triage.findings.routes import read_start
from finfuzz.triage.sorter import Sorter

_REPEATS = 7


@click.command()
@click.option("--target", default="pybind11==3.1.0+destroy", help="A target that crashes often.")
@click.option("--python", default=None, help="As for `finfuzz run`.")
@click.option("--seconds", default=40.0, help="Length of each campaign.")
@click.option("--rounds", default=3, help="Pairs of campaigns.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
def triage(
    target: str, python: str | None, seconds: float, rounds: int, json_file: Path | None
) -> None:
    """Measure the cost of a duplicate crash, and of triage to a campaign."""
    made = build(resolve(parse_target(target)), pick_interpreter(python), announce=click.echo)
    build(made.spec, made.interpreter, instrumented=False, announce=click.echo)
    with tempfile.TemporaryDirectory() as scratch:
        again, looks_new = _time_duplicates(made, Path(scratch, "duplicates"))
        rates = []
        for number in track(range(rounds), description="campaigns", transient=True):
            folder = Path(scratch, str(number))
            # The first campaign files what the second one only counts.
            pair = tuple(measure_rate(made, folder, seconds, seed=number) for _ in range(2))
            rates.append(pair)
    busy, idle = (statistics.median(column) for column in zip(*rates, strict=True))
    ratio = statistics.median(one / other for one, other in rates)
    click.echo(f"a crash of a known signature: {again * 1e3:.3f} ms")
    click.echo(f"a crash of a new signature, in a filed bucket: {looks_new * 1e3:.3f} ms")
    click.echo(f"executions/s while triaging: {busy:.1f}, with nothing to triage: {idle:.1f}")
    click.echo(f"triaging_to_idle: {ratio:.2f}")
    if json_file is not None:
        figures = {"again_ms": again * 1e3, "looks_new_ms": looks_new * 1e3, "rates": rates}
        json_file.write_text(json.dumps({**figures, "triaging_to_idle": ratio}, indent=2) + "\n")


def _time_duplicates(made: Build, crashes: Path) -> tuple[float, float]:
    """Return the median seconds to count a crash by its signature, and to diagnose a crash."""
    crashes.mkdir()
    programs = _make_programs_without_interpreters(400)
    with Executor(made) as runner:
        outcomes = [(to_text(program), runner.run(program)) for program in programs]
    crashed = [(text, outcome) for text, outcome in outcomes if outcome.died]
    sorter = Sorter(made, crashes, Limits(), Origin("random", 0), lambda _: None)
    try:
        for text, outcome in crashed:  # files the new ones
            sorter.sight(text, outcome, 1, 0.0)
        (known, *_) = [diagnose(outcome, Limits().memory_mib)[0] for _, outcome in crashed]
        way = read_start(crashed[0][0])
        again = [time_calls(lambda: sorter.count(known, way), 1000) for _ in range(_REPEATS)]
        new = [
            time_calls(partial(sorter.sight, text, outcome, 1, 0.0), 1)
            for text, outcome in crashed
            for _ in range(3)
        ]
    finally:
        sorter.close()
    return statistics.median(again), statistics.median(new)


def _make_programs_without_interpreters(count: int) -> list[Program]:
    """Make programs as a campaign has them after a while: generated, then mutated many times."""
    rng = Random(1)
    pool = [generate(rng) for _ in range(count)]
    for _ in range(20 * count):
        index = rng.randrange(count)
        changed = mutate(rng, pool[index])
        if not any(step.op == "start" for step in changed.steps):
            pool[index] = changed
    return [p for p in pool if not any(step.op == "start" for step in p.steps)]
