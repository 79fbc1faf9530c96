"""What a program costs beside the floor, a whole campaign, and a process of its own.

    python tools/bench.py executor --target pybind11==3.1.0 --python 3.13 --python 3.12

Ratios within one run, never absolute times alone. Four sorts, each again with one subinterpreter
that imports the extension:

floor: floor.cpp, the thinnest embedder, forks children that do nothing but finalize;
executor: one small program, coverage on;
campaign: what a worker gets done that starts from nothing, guided, mutation and all;
subprocess: the same small program as a script, in a process of its own, as pybind11's tests do it.

All sorts are measured in each round, in slices so small that load from elsewhere hits all alike. A
campaign can't be cut up, as it takes half a second to start: each stands between slices.
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

from benchmarks.campaign import campaign, has_interpreters
from benchmarks.children import (
    PROGRAM,
    WITH_INTERPRETER,
    in_executor,
    in_subprocess,
    script,
    script_with_interpreter,
)
from benchmarks.floor import Floor
from benchmarks.report import SUFFIX, Result, figures, lines, table
from benchmarks.timing import Slice, mean
from finfuzz.executor.zygote import Executor
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target

#: Times that each sort has its turn before, between and after the campaigns of a round.
_SLICES = 4
#: A fresh process takes as long as so many children.
_SCRIPT_COSTS = 6


class Bench:
    """All sorts on one CPython. ``children``: how many a slice has; ``seconds`` of a campaign."""

    def __init__(
        self, covered: Build, plain: Build, stack: ExitStack, children: int, seconds: float
    ) -> None:
        self._python = covered.interpreter.text
        self._missing: dict[str, str] = {}
        self._rounds: dict[str, list[Slice]] = defaultdict(list)
        self._sorts = {
            name: partial(take, children)
            for name, take in _sorts(covered, plain, stack).items()
            if self._works(name, take)
        }
        self._campaigns = {"campaign": partial(campaign, covered, seconds, interpreters=False)}
        if has_interpreters(covered):
            name = f"campaign{SUFFIX}"
            self._campaigns[name] = partial(campaign, covered, seconds, interpreters=True)
        else:
            self._missing[f"campaign{SUFFIX}"] = "its campaigns start no interpreters"

    def round(self, number: int) -> None:
        """Takes all sorts; campaigns with the seed ``number``."""
        taken: dict[str, list[Slice]] = defaultdict(list)
        for name, run in self._campaigns.items():
            self._take_slices(taken)
            taken[name].append(run(number))
        self._take_slices(taken)
        for name, slices in taken.items():
            self._rounds[name].append(mean(slices))

    @property
    def result(self) -> Result:
        return Result(self._python, self._rounds, self._missing)

    def _take_slices(self, taken: dict[str, list[Slice]]) -> None:
        for _ in range(_SLICES):
            for name, take in self._sorts.items():
                taken[name].append(take())

    def _works(self, name: str, take: Callable[[int], Slice]) -> bool:
        """Whether it can be done here at all; it is warm then."""
        try:
            take(1)
        except UserError as error:
            self._missing[name] = str(error)
        return name not in self._missing


def _sorts(covered: Build, plain: Build, stack: ExitStack) -> dict[str, Callable[[int], Slice]]:
    """What takes a slice of so many children, by name."""
    executor = stack.enter_context(Executor(covered))
    floor, other = (
        stack.enter_context(Floor(plain, interpreter=interpreter)) for interpreter in (False, True)
    )
    scripts = script(plain), script_with_interpreter(plain)

    def fewer(text: str) -> Callable[[int], Slice]:
        return lambda count: in_subprocess(plain, text, -(-count // _SCRIPT_COSTS))

    return {
        "floor": floor.children,
        "executor": partial(in_executor, executor, PROGRAM),
        "subprocess": fewer(scripts[0]),
        f"floor{SUFFIX}": other.children,
        f"executor{SUFFIX}": partial(in_executor, executor, WITH_INTERPRETER),
        f"subprocess{SUFFIX}": fewer(scripts[1]),
    }


@click.command()
@click.option("--target", default="pybind11", help="As for `finfuzz run`.")
@click.option("--python", "pythons", multiple=True, help="As for `finfuzz run`.")
@click.option("--rounds", default=5, show_default=True, help="In which all sorts are measured.")
@click.option("--children", default=25, show_default=True, help="In a slice.")
@click.option("--seconds", default=10.0, show_default=True, help="Of each campaign.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
def executor(
    target: str,
    pythons: tuple[str, ...],
    rounds: int,
    children: int,
    seconds: float,
    json_file: Path | None,
) -> None:
    """The executor and a campaign against a bare fork and Py_FinalizeEx, and a fresh process."""
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
                bench.round(number)
    results = [bench.result for bench in benches]
    click.echo(f"{spec}, {rounds} rounds, medians")
    console = Console()
    for result in results:
        console.print(table(result))
        for line in lines(result):
            click.echo(line)
    if json_file is not None:
        json_file.write_text(json.dumps(figures(str(spec), results), indent=2) + "\n")
