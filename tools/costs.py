"""Measure the cost of each word, in bare children: `python tools/costs.py --python 3.13`.

A bare child only forks and finalizes. Rounds are interleaved and figures are medians of one run, so
load on the machine adds noise but no bias. ``Word.cost`` is rounded from these figures.
"""

from __future__ import annotations

import statistics
from random import Random

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.program.legal import EDGES_FROM
from finfuzz.program.model import Program
from finfuzz.program.text import parse
from finfuzz.program.words import ACTION, FLAVOUR, HOOK, KINDS, ROOT, WAY
from finfuzz.targets.build import build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target

GENERATED = 300


def make_samples() -> dict[str, str]:
    """Return a small program for each word, by `choice word`, with few steps besides the word."""
    node = "node a container\n"
    found = {"an empty program": "", "import": "import\n", "node container": node}
    found |= {f"kind {kind}": f"node a {kind}\n" for kind in KINDS}
    found |= {
        f"edge {edge} of {kind}": f"node a {kind}\nnode b class\nedge a b {edge}\n"
        for kind, edges in EDGES_FROM.items()
        for edge in edges
    }
    found |= {f"root {root}": f"{node}root a {root}\n" for root in ROOT.texts}
    found |= {
        f"hook {hook}": f"node a {'capsule' if hook == 'capsule' else 'subclass'}\n"
        f"hook a {hook} plain\n"
        for hook in HOOK.texts
    }
    found |= {f"action {action}": f"{node}hook a clear {action}\n" for action in ACTION.texts}
    found |= {f"flavour {text}": f"start i {text}\nstop i\n" for text in FLAVOUR.texts}
    found |= {f"flavour {text}, import": f"start i {text}\nenter i\nimport\nstop i\n"
              for text in FLAVOUR.texts}  # fmt: skip
    found |= {f"exit {way}": f"exit {way}\n" for way in WAY.texts}
    found |= {each: f"{each}\n" for each in ("fork", "again", "self-check")}
    found |= {each: f"{each}\ncollect\n" for each in ("elsewhere", "native gil-state")}
    return found


def time_child(executor: Executor, program: Program) -> float:
    """Return the milliseconds of one child, by its zygote's clock."""
    return executor.run(program).seconds * 1000


def time_bare_child(executor: Executor) -> float:
    """Return the milliseconds of a bare child, by its zygote's clock."""
    executor.run_bare()
    return float(executor.shared.header.facts.microseconds) / 1000


@click.command()
@click.option("--target", default="pybind11", show_default="the newest pybind11")
@click.option("--python", default=None, show_default="the newest found")
@click.option("--rounds", default=11, show_default=True)
def main(target: str, python: str | None, rounds: int) -> None:
    """Print the cost of each word, the most expensive first, and the cost of generated programs."""
    made = build(resolve(parse_target(target)), pick_interpreter(python))
    programs, rng = ProgramSource.for_build(made), Random(1)
    generated = [programs.generate(rng).program for _ in range(GENERATED)]
    samples = {what: parse(f"finfuzz 1\n{text}") for what, text in make_samples().items()}
    took: dict[str, list[float]] = {what: [] for what in samples}
    bare: list[float] = []
    with Executor(made, Limits()) as executor:
        for _ in track(range(rounds), "measuring", console=Console(stderr=True)):
            for what, program in samples.items():
                took[what].append(time_child(executor, program))
                bare.append(time_bare_child(executor))
        of_generated = [time_child(executor, each) for each in generated]
    floor = statistics.median(bare)
    costs = {what: statistics.median(times) / floor for what, times in took.items()}
    table = Table("program", "cost in bare children")
    for what, cost in sorted(costs.items(), key=lambda item: -item[1]):
        table.add_row(what, f"{cost:.2f}")
    console = Console(width=100)
    console.print(table)
    quartiles = ", ".join(f"{q / floor:.2f}" for q in statistics.quantiles(of_generated, n=4))
    console.print(
        f"{made.spec}, CPython {made.interpreter.text}: a bare child takes {floor:.2f} ms; "
        f"quartiles of {GENERATED} generated programs: {quartiles} bare children, "
        f"mean {statistics.mean(of_generated) / floor:.2f}"
    )


if __name__ == "__main__":
    main()
