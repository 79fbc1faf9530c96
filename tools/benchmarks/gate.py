"""The gate: its cost as a ratio, and whether it changes a verdict.

    python tools/bench.py gate --target pybind11==3.1.0 --python 3.13

Random programs, each in a child with the gate and in one without, in turns. The extension has no
coverage of its own in either.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import click
from rich.progress import track

from benchmarks.timing import divide
from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.shared_memory import EVENT_COUNTERS
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.program.text import to_text
from finfuzz.targets.build import Build, build
from finfuzz.targets.gate import count_call_sites
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target

#: Runs of a program with and without, until the two agree. Some programs crash by chance.
_TRIES = 4


@dataclass
class Comparison:
    """Seconds of each child that survived, with and without the gate, and programs that differ.

    ``sites``: counters that any program raised. ``judged``: broken rules, by function and module.
    """

    gated: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    crashed: int = 0
    sites: set[int] = field(default_factory=set)
    judged: set[str] = field(default_factory=set)

    @property
    def ratio(self) -> float:
        """The median of the ratios within each program."""
        return statistics.median(divide(self.gated, self.bare))

    @property
    def total_ratio(self) -> float:
        """The ratio of the sums: of expensive programs, mostly."""
        return sum(self.gated) / sum(self.bare)


def gate_build(made: Build) -> Build:
    """Return a build whose extension is gated: its own paths, or else its extension's file."""
    return replace(made, blocks=count_call_sites(), gated=made.gated or (made.extension,))


def compare(made: Build, programs: Iterator[Program]) -> Comparison:
    """Run each program with and without the gate, in turns. ``made``: gated."""
    found = Comparison()
    with Executor(made) as gated, Executor(replace(made, blocks=0, gated=())) as bare:
        for number, program in enumerate(programs):
            order = (gated, bare) if number % 2 else (bare, gated)
            for _ in range(_TRIES):
                gated.shared.clear_counters()
                taken = {executor: executor.run(program) for executor in order}
                if _judge(taken[gated]) == _judge(taken[bare]):
                    break
            else:
                found.differing.append(_describe(program, taken[gated], taken[bare]))
            _add(found, gated, taken[gated], taken[bare])
    return found


def _add(found: Comparison, gated: Executor, one: Outcome, other: Outcome) -> None:
    found.sites |= {index for index in gated.shared.covered() if index >= EVENT_COUNTERS}
    found.judged |= {f"{call.rule}: {call.function} by {call.module}" for call in one.judged}
    found.crashed += one.died
    if not (one.died or other.died):
        found.gated.append(one.seconds)
        found.bare.append(other.seconds)


def _judge(outcome: Outcome) -> tuple[object, ...]:
    """Return what makes a verdict, apart from what only the gate sees."""
    facts = (outcome.signal, outcome.exit_code, outcome.timed_out, outcome.took, outcome.phase)
    return (*facts, outcome.recreated, outcome.capsule_lost, outcome.wrong_answers)


def _describe(program: Program, one: Outcome, other: Outcome) -> str:
    return f"{to_text(program)}with the gate {_judge(one)}\nwithout {_judge(other)}\n"


def _generate(made: Build, programs: int, seed: int) -> Iterator[Program]:
    source, rng = ProgramSource(made.interpreter.version, made.offers), Random(seed)
    for _ in track(range(programs), description="comparing", transient=True):
        yield source.generate(rng).program


@click.command()
@click.option("--target", default="pybind11", help="As for `finfuzz run`.")
@click.option("--python", default=None, help="As for `finfuzz run`.")
@click.option("--programs", default=300, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
def gate(target: str, python: str | None, programs: int, seed: int, json_file: Path | None) -> None:
    """Measure the cost of the gate, and count the programs whose verdict it changes."""
    spec, interpreter = resolve(parse_target(target)), pick_interpreter(python)
    made = gate_build(build(spec, interpreter, instrumented=False, announce=click.echo))
    found = compare(made, _generate(made, programs, seed))
    click.echo(
        f"{spec} on CPython {interpreter.text}: {programs} programs, {found.crashed} crashed"
    )
    click.echo(f"gated_to_bare: {found.ratio:.3f} (of the sums {found.total_ratio:.3f})")
    click.echo(f"differing: {len(found.differing)}")
    click.echo(f"features: {len(found.sites)}")
    for line in (*found.differing, *sorted(found.judged)):
        click.echo(line)
    if json_file is not None:
        figures = {"ratio": found.ratio, "total_ratio": found.total_ratio}
        counts = {"differing": len(found.differing), "features": len(found.sites)}
        json_file.write_text(json.dumps(figures | counts, indent=2) + "\n")
