"""The cost of a program in the executor, against the floor, a campaign and a fresh process.

    python tools/bench.py executor --target pybind11==3.1.0 --python 3.13 --python 3.12

Ratios within one run, never absolute times alone. There are four measurements, each repeated with
one subinterpreter that imports the extension:

floor: floor.cpp, the thinnest embedder, forks children that only finalize;
executor: one small program, with coverage;
campaign: a worker of the guided engine without a corpus, mutation included;
subprocess: the same small program as a script in a fresh process, as pybind11's tests run scripts.

Each round takes all measurements, in slices so small that other load on the machine affects all of
them alike. A campaign takes half a second to start and stays whole: it runs between slices.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from benchmarks.campaign import measure_campaign, starts_interpreters
from benchmarks.children import (
    PROGRAM,
    WITH_INTERPRETER,
    time_in_executor,
    time_in_subprocess,
    write_script,
    write_script_with_interpreter,
)
from benchmarks.floor import Floor
from benchmarks.report import SUFFIX, Result, collect_figures, format_ratios, render_table
from benchmarks.timing import Slice, average
from finfuzz.executor.zygote import Executor
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target

#: Slices of each measurement before, between and after the campaigns of a round.
_SLICES = 4
#: A fresh process takes about as long as this many children.
_SCRIPT_COSTS = 6


class Bench:
    """All measurements on one CPython.

    ``children``: the number of children in a slice; ``seconds``: the length of a campaign.
    """

    def __init__(
        self, covered: Build, plain: Build, stack: ExitStack, children: int, seconds: float
    ) -> None:
        self._python = covered.interpreter.text
        self._missing: dict[str, str] = {}
        self._rounds: dict[str, list[Slice]] = defaultdict(list)
        self._sliced = {
            name: partial(take, children)
            for name, take in _make_measurements(covered, plain, stack).items()
            if self._works(name, take)
        }
        run = partial(measure_campaign, covered, seconds)
        self._campaigns = {"campaign": partial(run, interpreters=False)}
        if starts_interpreters(covered):
            self._campaigns[f"campaign{SUFFIX}"] = partial(run, interpreters=True)
        else:
            self._missing[f"campaign{SUFFIX}"] = "its campaigns hardly start interpreters"

    def run_round(self, number: int) -> None:
        """Take all measurements; ``number`` is the seed of the campaigns."""
        taken: dict[str, list[Slice]] = defaultdict(list)
        for name, run in self._campaigns.items():
            self._take_slices(taken)
            taken[name].append(run(number))
        self._take_slices(taken)
        for name, slices in taken.items():
            self._rounds[name].append(average(slices))

    @property
    def result(self) -> Result:
        return Result(self._python, self._rounds, self._missing)

    def _take_slices(self, taken: dict[str, list[Slice]]) -> None:
        for _ in range(_SLICES):
            for name, take in self._sliced.items():
                taken[name].append(take())

    def _works(self, name: str, take: Callable[[int], Slice]) -> bool:
        """Take a first slice, which also warms up. Return whether the measurement works here."""
        try:
            take(1)
        except UserError as error:
            self._missing[name] = str(error)
        return name not in self._missing


def _make_measurements(
    covered: Build, plain: Build, stack: ExitStack
) -> dict[str, Callable[[int], Slice]]:
    """Return functions that take a slice of so many children, by measurement."""
    executor = stack.enter_context(Executor(covered))
    floor, other = (
        stack.enter_context(Floor(plain, interpreter=interpreter)) for interpreter in (False, True)
    )
    scripts = write_script(plain), write_script_with_interpreter(plain)

    def run_fewer(text: str) -> Callable[[int], Slice]:
        return lambda count: time_in_subprocess(plain, text, -(-count // _SCRIPT_COSTS))

    return {
        "floor": floor.run_children,
        "executor": partial(time_in_executor, executor, PROGRAM),
        "subprocess": run_fewer(scripts[0]),
        f"floor{SUFFIX}": other.run_children,
        f"executor{SUFFIX}": partial(time_in_executor, executor, WITH_INTERPRETER),
        f"subprocess{SUFFIX}": run_fewer(scripts[1]),
    }


@click.command()
@click.option("--target", default="pybind11", help="As for `finfuzz run`.")
@click.option("--python", "pythons", multiple=True, help="As for `finfuzz run`.")
@click.option("--rounds", default=5, show_default=True, help="Rounds, each of all measurements.")
@click.option("--children", default=25, show_default=True, help="Children in a slice.")
@click.option("--seconds", default=10.0, show_default=True, help="Length of each campaign.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
def executor(
    target: str,
    pythons: tuple[str, ...],
    rounds: int,
    children: int,
    seconds: float,
    json_file: Path | None,
) -> None:
    """Compare executor and campaign with a bare fork and Py_FinalizeEx, and a fresh process."""
    spec = resolve(parse_target(target))
    interpreters = dict.fromkeys(pick_interpreter(python) for python in pythons or (None,))
    with ExitStack() as stack:
        benches = []
        for interpreter in interpreters:
            covered = build(spec, interpreter, announce=click.echo)
            plain = build(spec, interpreter, instrumented=False, announce=click.echo)
            benches.append(Bench(covered, plain, stack, children, seconds))
        for number in track(range(1, rounds + 1), description="measuring", transient=True):
            for bench in benches:
                bench.run_round(number)
    results = [bench.result for bench in benches]
    click.echo(f"{spec}, {rounds} rounds, medians")
    console = Console()
    for result in results:
        console.print(render_table(result))
        for line in format_ratios(result):
            click.echo(line)
    if json_file is not None:
        json_file.write_text(json.dumps(collect_figures(str(spec), results), indent=2) + "\n")
