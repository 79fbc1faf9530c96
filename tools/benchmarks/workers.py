"""The gain of a second worker, against the gain of a second bare zygote."""

from __future__ import annotations

import json
import multiprocessing
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
from rich.progress import track

from benchmarks.rate import measure_rate
from finfuzz.executor.zygote import Executor
from finfuzz.targets.build import Build, build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target


@click.command()
@click.option("--target", default="plain-c", help="A target that survives, so that triage is idle.")
@click.option("--python", default=None, help="As for `finfuzz run`.")
@click.option("--seconds", default=15.0, help="Length of each measurement.")
@click.option("--rounds", default=3, help="Rounds, each of one and of two workers.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
def workers(
    target: str, python: str | None, seconds: float, rounds: int, json_file: Path | None
) -> None:
    """Measure the gain of a second worker, against the gain of a second bare zygote."""
    made = build(resolve(parse_target(target)), pick_interpreter(python), announce=click.echo)
    build(made.spec, made.interpreter, instrumented=False, announce=click.echo)
    rates: dict[str, list[float]] = {"campaign": [], "bare": []}
    with tempfile.TemporaryDirectory() as scratch:
        for number in track(range(rounds), description="campaigns", transient=True):
            one, two = (
                measure_rate(made, Path(scratch, f"{number}-{count}"), seconds, number, count)
                for count in (1, 2)
            )
            rates["campaign"].append(two / one)
            rates["bare"].append(
                measure_bare_rate(made, seconds, 2) / measure_bare_rate(made, seconds, 1)
            )
    for name, ratios in rates.items():
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        click.echo(f"two_to_one_{name}: {statistics.median(ratios):.2f} ({spread})")
    if json_file is not None:
        json_file.write_text(json.dumps(rates, indent=2) + "\n")


def measure_bare_rate(made: Build, seconds: float, zygotes: int) -> float:
    """Return the bare children per second of several zygotes side by side."""
    with ProcessPoolExecutor(zygotes, multiprocessing.get_context("spawn")) as pool:
        return sum(pool.map(_count_bare_children, [made] * zygotes, [seconds] * zygotes)) / seconds


def _count_bare_children(made: Build, seconds: float) -> int:
    count = 0
    with Executor(made) as runner:
        runner.run_bare()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            runner.run_bare()
            count += 1
    return count
