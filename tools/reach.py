"""Measure how much of the language random programs use: `tools/reach.py --executions 20000`.

Run programs as the engine `random` makes them. Count every operation, kind, edge, shape, root, hook
and action, flavour and exit among the steps that had an effect. The report lists the words that
were never executed, the shares of skipped and raising steps, and crashes by bucket.
"""

from __future__ import annotations

import sys
from collections import Counter
from random import Random

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from finfuzz.campaign.worker.program_source import ProgramSource
from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.program.language import OPERATIONS
from finfuzz.program.legal import EDGES_FROM, HOOKS_OF, NOT_LEGAL
from finfuzz.program.model import Program, Step
from finfuzz.program.scope import Scope
from finfuzz.program.text import to_text
from finfuzz.program.words import ACTION, FLAVOUR, HOOK, KINDS, ROOT, SHAPE, WAY
from finfuzz.support.cpythons import Version
from finfuzz.targets.build import Build, build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.findings.known import find_known

_POOL = 200


def list_words(python: Version) -> dict[str, set[str]]:
    """Return all that can be executed on that CPython, by category."""
    scope = Scope(python)
    pairs = {f"{hook} {action}" for hook in HOOK.texts for action in ACTION.texts} - {
        " ".join(pair) for pair in NOT_LEGAL
    }
    return {
        "operation": set(OPERATIONS),
        "kind": set(KINDS),
        "edge": {f"{kind} {edge}" for kind, edges in EDGES_FROM.items() for edge in edges},
        "shape": set(SHAPE.texts),
        "root": {text for text in ROOT.texts if scope.allows(ROOT, text)},
        "hook": {f"{kind} {hook}" for kind, hooks in HOOKS_OF.items() for hook in hooks},
        "hook and action": pairs,
        "flavour": {text for text in FLAVOUR.texts if scope.allows(FLAVOUR, text)},
        "way": set(WAY.texts),
    }


def list_uses(step: Step, kinds: dict[str, str]) -> list[tuple[str, str]]:
    """Return the categories and words that a step uses; ``kinds``: of the nodes before the step."""
    found = [("operation", step.op)]
    if step.op in ("node", "shape"):
        found.append(("kind", step.args[-1 if step.op == "node" else 2]))
    if step.op == "shape":
        found.append(("shape", step.args[1]))
    if step.op == "edge":
        found.append(("edge", f"{kinds[step.args[0]]} {step.args[2]}"))
    if step.op == "hook":
        found.append(("hook", f"{kinds[step.args[0]]} {step.args[1]}"))
        found.append(("hook and action", " ".join(step.args[1:])))
    if step.op in ("root", "start", "exit"):
        found.append(({"root": "root", "start": "flavour"}.get(step.op, "way"), step.args[-1]))
    return found


class Reach:
    """Counts over many programs."""

    def __init__(self, made: Build) -> None:
        self.spec, self.text = made.spec, made.interpreter.text
        self.python = made.interpreter.version
        self.counts: Counter[tuple[str, str]] = Counter()
        self.took = [0, 0, 0]
        self.raised: Counter[str] = Counter()
        self.crashes: Counter[str] = Counter()
        self.example: dict[str, str] = {}

    def run(self, executor: Executor, program: Program) -> None:
        outcome = executor.run(program)
        scope = Scope(self.python)
        for number, step in enumerate(program.steps, 1):
            kinds = dict(scope.here)
            if scope.apply(step) and number <= outcome.step:
                self.counts.update(list_uses(step, kinds))
        for index, count in enumerate(outcome.took):
            self.took[index] += count
        self.raised.update(
            f"{one.step.partition(' ')[0]} {one.type}: {one.text[:60]}" for one in outcome.raised
        )
        for diagnosis in diagnose(outcome, executor.limits.memory_mib):
            explained = find_known(diagnosis, self.spec, self.text)
            key = f"{diagnosis} {diagnosis.bucket} {diagnosis.frames}"
            key = f"known: {explained.title}" if explained else key
            self.crashes[key] += 1
            self.example.setdefault(key, to_text(program) + outcome.stderr[-600:])


def show(console: Console, reach: Reach) -> int:
    """Print the table and the words that were never executed. Return their number."""
    table = Table("of the language", "there are", "executed", "least often", "never")
    missing = 0
    for what, names in list_words(reach.python).items():
        counts = {name: reach.counts[what, name] for name in names}
        never = sorted(name for name, count in counts.items() if not count)
        missing += len(never)
        least = min(counts, key=lambda name: counts[name])
        done = len(names) - len(never)
        table.add_row(
            what, str(len(names)), str(done), f"{least}: {counts[least]}", ", ".join(never)
        )
    console.print(table)
    _, skipped, raised = reach.took
    total = max(sum(reach.took), 1)
    console.print(f"steps: {total:,}, {skipped / total:.2%} skipped, {raised / total:.2%} raised")
    for text, count in reach.raised.most_common(12):
        console.print(f"  raised {count}: {text}", markup=False)
    for text, count in reach.crashes.most_common():
        console.print(f"{count} crashes: {text}", markup=False)
        if not text.startswith("known"):
            console.print(reach.example[text], markup=False)
    return missing


@click.command()
@click.option("--executions", default=20_000, show_default=True)
@click.option("--target", default="plain-c", show_default=True)
@click.option("--python", default=None, show_default="the newest found")
@click.option("--seed", default=1, show_default=True)
def main(executions: int, target: str, python: str | None, seed: int) -> None:
    """Report how much of the language is reached. Exits with 1 if a word was never executed."""
    made = build(resolve(parse_target(target)), pick_interpreter(python))
    reach, rng = Reach(made), Random(seed)
    programs = ProgramSource.for_build(made)
    pool = [programs.generate(rng).program for _ in range(_POOL)]
    console = Console(width=140)
    with Executor(made, Limits()) as executor:
        for _ in track(range(executions), "running", console=Console(stderr=True)):
            program = programs.mutate(rng, rng.choice(pool)).program
            pool[rng.randrange(_POOL)] = program
            reach.run(executor, program)
    console.print(f"{executions:,} programs on {made.spec}, CPython {made.interpreter.text}")
    sys.exit(1 if show(console, reach) else 0)


if __name__ == "__main__":
    main()
