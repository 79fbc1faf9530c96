"""The source of an engine's programs: generation, mutation and cross-over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import NamedTuple

from finfuzz.generation.generate import (
    generate,
    import_first,
    leave_out,
    leaves_threads,
    stop_all,
)
from finfuzz.generation.learning import Change, Learner, Tally, list_gains
from finfuzz.generation.life_cycles import generate_life_cycle
from finfuzz.generation.mutate import make_mutation
from finfuzz.generation.splice import splice
from finfuzz.generation.weights import COVERAGE, GRAPH, LATEST, LIFE_CYCLE, Weights, weigh_for
from finfuzz.program.model import Program
from finfuzz.program.roles import adapt
from finfuzz.program.scope import effective
from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.support.cpythons import Quirk, Version, has
from finfuzz.targets.built import Build
from finfuzz.targets.extension_words import collect_own_words
from finfuzz.triage.findings.known import list_avoided

#: The share of programs that keep a leftover subinterpreter where it aborts Py_FinalizeEx
#: (gh-113433), and nothing happens later. Without a rule, two of five programs ended so.
_LEFTOVERS = 0.1
#: On 3.13, the share of programs that keep a leftover subinterpreter with a thread. Each hangs for
#: its whole deadline of 2 s (gh-113146). One program of some 500 leaves one, so that they
#: take 0.6 ms per program.
_LEFT_THREADS = 0.15
#: The share of programs that import the extension first. They run in a zygote that has imported the
#: extension, which saves a fifth of a child. Some defects need another order (pybind11 5947, 4245).
_IMPORTS_FIRST = 0.8
#: The share of programs that keep the words of a known defect that hides others, or takes the whole
#: deadline of many programs (`avoid` in known.toml). With pybind11 3.0.1, every program with an
#: enum or a self-check crashes at its end.
_HIDDEN = 0.1
#: The share of programs that may start a subinterpreter where an import in it hangs: each such
#: program takes its whole deadline of 2 s, as long as a hundred others, for one known defect.
_HANGS = 0.001
#: The share of programs that keep steps without effect. They cost little, and a later mutation may
#: give them an effect; but if all of them stay, they are soon one of ten.
_KEEPS_DEAD_STEPS = 0.15


class Candidate(NamedTuple):
    """A program to be run, its source, the one that it was made from, and the mutators."""

    program: Program
    source: str
    parent: Program = Program()
    by: tuple[str, ...] = ()

    @property
    def change(self) -> Change:
        """The difference to the parent, as the learner counts it."""
        return Change(self.source, self.by, *list_gains(self.parent, self.program))


class ProgramSource:
    """New programs and mutations of old ones, for one CPython, by the weights of ``learner``.

    ``offers``: the words of the target. ``before``: what the campaign has learnt earlier. The
    unguided engine learns from new signatures alone. ``avoided``: operations and words that are not
    generated. ``rare``: those that are left out of most programs. ``hangs``: whether each import in
    a subinterpreter hangs.
    """

    def __init__(
        self,
        python: Version,
        offers: Vocabulary = EVERYTHING,
        before: Iterable[Tally] = (),
        avoided: Iterable[str] = (),
        rare: Iterable[str] = (),
        *,
        hangs: bool = False,
    ) -> None:
        self._hangs = hangs
        self._stops = has(python, Quirk.LEFT_SUBINTERPRETER_ABORTS)
        self._waits = has(python, Quirk.LEFT_SUBINTERPRETER_HANGS)
        self._avoided, self._rare = frozenset(avoided), frozenset(rare)
        self.learner = Learner(weigh_for(offers, python, self._avoided), before)
        self._without_starts = self._leave_out_starts(self.learner.weights)

    @classmethod
    def for_build(cls, build: Build, before: Iterable[Tally] = ()) -> ProgramSource:
        """Make the source of programs for a build."""
        python, record = build.interpreter.version, build.spec.record
        rare = list_avoided(build.spec, build.interpreter.text)
        return cls(python, build.offers, before, build.avoided, rare, hangs=record.hangs_on(python))

    def adapt(self, program: Program) -> Program:
        """Translate a program of another target."""
        return adapt(program, collect_own_words(), self.learner.weights.offers)

    def generate(
        self, rng: Random, source: str = LIFE_CYCLE, together: int | None = None
    ) -> Candidate:
        """Generate a program from nothing: by life cycle, or a graph step by step.

        ``together``: as for `generate_life_cycle`.
        """
        starts = not self._hangs or rng.random() < _HANGS
        weights = self._weigh(starts=starts)
        if source == GRAPH:
            program = generate(rng, weights)
        else:
            program = generate_life_cycle(rng, weights, together)
        return Candidate(self._tidy(rng, program, starts=starts), source)

    def _weigh(self, *, starts: bool) -> Weights:
        """Return the weights, or those without the start of an interpreter."""
        weights = self.learner.weights
        if starts:
            return weights
        if self._without_starts[0] is not weights:  # the learner has adjusted them
            self._without_starts = self._leave_out_starts(weights)
        return self._without_starts[1]

    @staticmethod
    def _leave_out_starts(weights: Weights) -> tuple[Weights, Weights]:
        return weights, replace(weights, operations={**weights.operations, "start": 0.0})

    def can_mutate(self, rng: Random, program: Program) -> bool:
        """Whether to mutate a program now: the more it costs, the more rarely."""
        return rng.random() * program.cost <= self.learner.weights.affordable

    def mutate(self, rng: Random, program: Program, source: str = LATEST) -> Candidate:
        """Mutate a program."""
        changed = make_mutation(rng, program, self.learner.weights)
        return Candidate(self._tidy(rng, changed.program), source, program, changed.by)

    def cross_over(self, rng: Random, host: Program, donor: Program) -> Candidate:
        """Insert a piece of one program that libFuzzer kept into another."""
        changed = splice(rng, host, donor, self.learner.weights.bound(host))
        return Candidate(self._tidy(rng, changed), COVERAGE, host, ("cross-over",))

    def trim(self, program: Program) -> Program:
        """Leave out the steps that have no effect."""
        weights = self.learner.weights
        return effective(program, weights.python, offers=weights.offers)

    def _tidy(self, rng: Random, program: Program, *, starts: bool = False) -> Program:
        if self._avoided:
            program = leave_out(program, self._avoided)
        if self._hangs and not starts:
            program = leave_out(program, ("start",))
        if self._rare and rng.random() >= _HIDDEN:
            program = leave_out(program, self._rare)
        if rng.random() < _IMPORTS_FIRST:
            program = import_first(program)
        if rng.random() >= _KEEPS_DEAD_STEPS:
            program = self.trim(program)
        kept = _LEFTOVERS if self._stops else 1.0
        if self._waits and leaves_threads(program):
            kept = _LEFT_THREADS
        return program if rng.random() < kept else stop_all(program)
