"""What a program costs against the floor: ratios within one run, never absolute times alone.

    python tools/bench.py executor --target pybind11==3.1.0 --python 3.13

Measured in turn, several rounds: (a) bare: the zygote forks a child that only finalizes; (b)
executor: programs without subinterpreters, coverage on, as a campaign makes them; (c) mutation: the
same, each program mutated, printed and parsed first; (d) fresh: a process of its own per program;
(e) interpreter: one program that starts a subinterpreter, imports the extension there and stops it.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from fuzz.executor.fresh import run_fresh
from fuzz.executor.limits import Limits
from fuzz.executor.zygote import Executor
from fuzz.program.generate import generate
from fuzz.program.model import Program
from fuzz.program.mutate import mutate
from fuzz.program.text import parse, to_text
from fuzz.target.build import Build, build
from fuzz.target.interpreters import pick_interpreter
from fuzz.target.releases import resolve
from fuzz.target.spec import parse_target
from fuzz.triage.diagnose import diagnose
from fuzz.triage.filing import Origin
from fuzz.triage.routes import way_of
from fuzz.triage.sort import Sorter

ROUNDS = 7
#: Programs a round of each sort: long enough that a round is a second, not a scheduler's slice.
COUNTS = {"bare": 100, "executor": 100, "mutation": 100, "fresh": 10, "interpreter": 30}
# Imported in the main one first: pybind11 issue 4245 hangs the other way round on 3.11.
INTERPRETER = "finfuzz 1\nimport\nstart i1 legacy\nenter i1\nimport\nstop i1\n"


@click.group()
def main() -> None:
    """Measure finfuzz."""


@main.command()
@click.option("--target", default="pybind11", help="As for `finfuzz run`.")
@click.option("--python", default=None, help="As for `finfuzz run`.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
def executor(target: str, python: str | None, json_file: Path | None) -> None:
    """The executor against a bare fork and Py_FinalizeEx in the same zygote."""
    made = build(resolve(parse_target(target)), pick_interpreter(python), announce=click.echo)
    seconds = measure(made)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    table = Table("what", "ms each", "spread", "of bare")
    for name, times in seconds.items():
        spread = f"{min(times) * 1e3:.2f} to {max(times) * 1e3:.2f}"
        ratio = medians["bare"] / medians[name]
        table.add_row(name, f"{medians[name] * 1e3:.2f}", spread, f"{ratio:.2f}")
    console = Console()
    click.echo(f"{made.spec} on CPython {made.interpreter.text}, {ROUNDS} rounds, medians")
    console.print(table)
    ratios = {
        "executor_to_floor": paired(seconds, "bare", "executor"),
        "mutation_to_floor": paired(seconds, "bare", "mutation"),
        "executor_to_fresh": paired(seconds, "fresh", "executor"),
    }
    for name, ratio in ratios.items():
        click.echo(f"{name}: {ratio:.2f}")
    if json_file is not None:
        figures = {"target": str(made.spec), "python": made.interpreter.text, **ratios}
        json_file.write_text(json.dumps({**figures, "seconds": seconds}, indent=2) + "\n")


@main.command()
@click.option("--target", default="pybind11==3.1.0+destroy", help="One that dies often.")
@click.option("--python", default=None, help="As for `finfuzz run`.")
@click.option("--seconds", default=40.0, help="Of each campaign.")
@click.option("--rounds", default=3, help="Pairs of campaigns.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
def triage(
    target: str, python: str | None, seconds: float, rounds: int, json_file: Path | None
) -> None:
    """What a duplicate death costs, and what a campaign loses while it triages."""
    made = build(resolve(parse_target(target)), pick_interpreter(python), announce=click.echo)
    build(made.spec, made.interpreter, instrumented=False, announce=click.echo)
    with tempfile.TemporaryDirectory() as scratch:
        again, looks_new = _of_duplicates(made, Path(scratch, "duplicates"))
        rates = []
        for number in track(range(rounds), description="campaigns", transient=True):
            folder = Path(scratch, str(number))
            # The first one files what the second one then only counts.
            rates.append(tuple(_rate(made, folder, seconds, seed=number) for _ in range(2)))
    busy, idle = (statistics.median(column) for column in zip(*rates, strict=True))
    ratio = statistics.median(one / other for one, other in rates)
    click.echo(f"a death that looks like an earlier one: {again * 1e3:.3f} ms")
    click.echo(f"a death of a filed bucket that looks new: {looks_new * 1e3:.3f} ms")
    click.echo(f"executions a second while triaging {busy:.1f}, with nothing to triage {idle:.1f}")
    click.echo(f"triaging_to_idle: {ratio:.2f}")
    if json_file is not None:
        figures = {"again_ms": again * 1e3, "looks_new_ms": looks_new * 1e3, "rates": rates}
        json_file.write_text(json.dumps({**figures, "triaging_to_idle": ratio}, indent=2) + "\n")


@main.command()
@click.option("--target", default="plain-c", help="One that does not die, so that nothing sorts.")
@click.option("--python", default=None, help="As for `finfuzz run`.")
@click.option("--seconds", default=15.0, help="Of each measurement.")
@click.option("--rounds", default=3, help="Of one and of two, in turn.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
def workers(
    target: str, python: str | None, seconds: float, rounds: int, json_file: Path | None
) -> None:
    """What a second worker brings, beside what a second bare zygote does."""
    made = build(resolve(parse_target(target)), pick_interpreter(python), announce=click.echo)
    build(made.spec, made.interpreter, instrumented=False, announce=click.echo)
    rates: dict[str, list[float]] = {"campaign": [], "bare": []}
    with tempfile.TemporaryDirectory() as scratch:
        for number in track(range(rounds), description="campaigns", transient=True):
            one, two = (
                _rate(made, Path(scratch, f"{number}-{count}"), seconds, number, count)
                for count in (1, 2)
            )
            rates["campaign"].append(two / one)
            rates["bare"].append(_bare_rate(made, seconds, 2) / _bare_rate(made, seconds, 1))
    for name, ratios in rates.items():
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        click.echo(f"two_to_one_{name}: {statistics.median(ratios):.2f} ({spread})")
    if json_file is not None:
        json_file.write_text(json.dumps(rates, indent=2) + "\n")


def _bare_rate(made: Build, seconds: float, zygotes: int) -> float:
    """Bare children a second, of so many zygotes side by side."""
    with ProcessPoolExecutor(zygotes, multiprocessing.get_context("spawn")) as pool:
        return sum(pool.map(_bare_children, [made] * zygotes, [seconds] * zygotes)) / seconds


def _bare_children(made: Build, seconds: float) -> int:
    count = 0
    with Executor(made) as runner:
        runner.run_bare()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            runner.run_bare()
            count += 1
    return count


def _of_duplicates(made: Build, crashes: Path) -> tuple[float, float]:
    """Seconds for a death counted by its look, and for one that is diagnosed, median of many."""
    crashes.mkdir()
    programs = [to_text(program) for program in programs_without_interpreters(400)]
    with Executor(made) as runner:
        outcomes = [(text, runner.run(text)) for text in programs]
    deaths = [(text, outcome) for text, outcome in outcomes if outcome.died]
    sorter = Sorter(made, crashes, Limits(), Origin("random", 0), lambda _: None)
    try:
        for text, outcome in deaths:  # files what is new
            sorter.sight(text, outcome, 1, 0.0)
        (known, *_) = [diagnose(outcome, Limits().memory_mib)[0] for _, outcome in deaths]
        way = way_of(deaths[0][0])
        again = [_each(lambda: sorter.count(known, way), 1000) for _ in range(ROUNDS)]
        new = [
            _each(lambda pair=pair: sorter.sight(*pair, 1, 0.0), 1)  # type: ignore[misc]
            for pair in deaths
            for _ in range(3)
        ]
    finally:
        sorter.close()
    return statistics.median(again), statistics.median(new)


def _rate(made: Build, folder: Path, seconds: float, seed: int, workers: int = 1) -> float:
    """Executions a second of one campaign, its findings going to ``folder``. What is not attributed
    when its time is up is left."""
    folder.mkdir(exist_ok=True)
    command = [
        *(sys.executable, "-m", "fuzz", "run", "--engine", "random", "--seed", str(seed)),
        *("--target", str(made.spec), "--python", str(made.interpreter.executable)),
        *("--time", str(seconds), "--crashes", "crashes", "--json", "summary.json"),
        *("--workers", str(workers)),
    ]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=folder, **pipes, text=True) as campaign:
        assert campaign.stderr is not None
        for line in campaign.stderr:
            if line.startswith("the time is up"):
                campaign.send_signal(signal.SIGINT)
                break
        campaign.stderr.read()
    summary = json.loads((folder / "summary.json").read_text())
    return float(summary["executions_per_second"])


def measure(made: Build) -> dict[str, list[float]]:
    """Seconds per program, by sort, one entry a round."""
    programs = [to_text(program) for program in programs_without_interpreters(200)]
    texts = itertools.cycle(programs)
    rng = Random(2)
    with Executor(made) as runner:
        once: dict[str, Callable[[], object]] = {
            "bare": runner.run_bare,
            "executor": lambda: runner.run(next(texts)),
            "mutation": lambda: runner.run(_mutated(rng, next(texts))),
            "fresh": lambda: run_fresh(made, next(texts)),
            "interpreter": lambda: runner.run(INTERPRETER),
        }
        for function in once.values():
            function()
        seconds: dict[str, list[float]] = {name: [] for name in once}
        for _ in track(range(ROUNDS), description="measuring", transient=True):
            for name, function in once.items():
                seconds[name].append(_each(function, COUNTS[name]))
    return seconds


def paired(seconds: dict[str, list[float]], of: str, to: str) -> float:
    """The median over the rounds of the ratio within each round: drift of the machine cancels."""
    return statistics.median(a / b for a, b in zip(seconds[of], seconds[to], strict=True))


def programs_without_interpreters(count: int) -> list[Program]:
    """Programs as a campaign has them after a while: generated, then mutated many times."""
    rng = Random(1)
    pool = [generate(rng) for _ in range(count)]
    for _ in range(20 * count):
        index = rng.randrange(count)
        changed = mutate(rng, pool[index])
        if not any(step.op == "start" for step in changed.steps):
            pool[index] = changed
    return [p for p in pool if not any(step.op == "start" for step in p.steps)]


def _mutated(rng: Random, text: str) -> str:
    changed = to_text(mutate(rng, parse(text)))
    return text if "start" in changed else changed


def _each(function: Callable[[], object], count: int) -> float:
    begin = time.perf_counter()
    for _ in range(count):
        function()
    return (time.perf_counter() - begin) / count


if __name__ == "__main__":
    main()
