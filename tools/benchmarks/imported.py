"""Packages: a child that uses an imported package, against a bare fork with that import.

    python tools/bench.py imported --target wheel:markupsafe --target wheel:orjson --python 3.13

The program imports the package, makes an object of each kind of its recipe, and keeps the last.
Both children are forked from the same zygote, in turns. The floor of a package is its bare fork.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import click

from benchmarks.timing import divide
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program, Step
from finfuzz.targets.build import Build, build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.spec import parse_target

_WARM_UP = 5


def make_program(made: Build) -> Program:
    """Make the program: one object of each kind."""
    kinds = list(made.offers.own.kinds) or ["extension"]
    nodes = [Step("node", (f"a{number}", kind)) for number, kind in enumerate(kinds, start=1)]
    root = Step("root", (f"a{len(kinds)}", "module"))
    return Program((Step("import"), *nodes, root))


def measure(made: Build, children: int) -> tuple[list[float], list[float]]:
    """Return the seconds of children with the program and of bare ones, in pairs."""
    program = make_program(made)
    with Executor(made) as executor:
        pairs = [
            (_time(lambda: executor.run(program)), _time(lambda: executor.run_bare(imported=True)))
            for _ in range(_WARM_UP + children)
        ]
    used, bare = zip(*pairs[_WARM_UP:], strict=True)
    return list(used), list(bare)


def _time(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


@click.command()
@click.option("--target", "targets", multiple=True, default=("wheel:markupsafe", "wheel:orjson"))
@click.option("--python", default="3.13", show_default=True)
@click.option("--children", default=300, show_default=True, help="Pairs a target.")
def imported(targets: tuple[str, ...], python: str, children: int) -> None:
    """Measure what a package's program costs beyond a bare fork with its import."""
    interpreter = pick_interpreter(python)
    for target in targets:
        made = build(parse_target(target), interpreter, announce=click.echo)
        used, bare = measure(made, children)
        share = statistics.median(divide(bare, used))
        click.echo(
            f"{made.spec}: {1000 * statistics.median(used):.2f} ms a child, bare "
            f"{1000 * statistics.median(bare):.2f} ms: {share:.2f} of the bare fork's speed"
        )
