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
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from fuzz.executor.fresh import run_fresh
from fuzz.executor.zygote import Executor
from fuzz.program.generate import generate
from fuzz.program.model import Program
from fuzz.program.mutate import mutate
from fuzz.program.text import parse, to_text
from fuzz.target.build import Build, build
from fuzz.target.interpreters import pick_interpreter
from fuzz.target.releases import resolve
from fuzz.target.spec import parse_target

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
    console.print(f"{made.spec} on CPython {made.interpreter.text}, {ROUNDS} rounds, medians")
    console.print(table)
    ratios = {
        "executor_to_floor": paired(seconds, "bare", "executor"),
        "mutation_to_floor": paired(seconds, "bare", "mutation"),
        "executor_to_fresh": paired(seconds, "fresh", "executor"),
    }
    for name, ratio in ratios.items():
        console.print(f"{name}: {ratio:.2f}")
    if json_file is not None:
        figures = {"target": str(made.spec), "python": made.interpreter.text, **ratios}
        json_file.write_text(json.dumps({**figures, "seconds": seconds}, indent=2) + "\n")


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
