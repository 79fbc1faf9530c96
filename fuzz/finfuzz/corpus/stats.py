"""Report what a corpus contains: words used and unused, program sizes, duplicates, coverage."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from operator import or_

import msgspec

from finfuzz.corpus.folder import CorpusFile
from finfuzz.corpus.measure import Measurement
from finfuzz.program.language import OPERATIONS
from finfuzz.program.text import to_text
from finfuzz.program.words import ACTION, EDGE, FLAVOUR, HOOK, KIND, ROOT, SHAPE, WAY, Choice

_CHOICES: tuple[Choice, ...] = (KIND, EDGE, SHAPE, ROOT, HOOK, ACTION, FLAVOUR, WAY)


class WordUse(msgspec.Struct, frozen=True):
    """The use of one sort of word: the number of programs with each word, and the unused words."""

    sort: str
    programs: dict[str, int]
    unused: tuple[str, ...]


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a corpus. ``steps`` are the least, median and most steps of a program.

    ``starts`` counts programs that start an interpreter, ``lives`` those that begin a further life
    (`again`). ``same`` counts duplicates; comments don't make a difference.
    """

    programs: int
    steps: tuple[int, float, int]
    starts: int
    lives: int
    same: int
    uses: tuple[WordUse, ...]
    problems: tuple[str, ...]


class ProgramCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """One program on a build: its number of stable features, and the median time of a child."""

    program: str
    features: int
    seconds: float
    died: bool
    problem: str


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """All programs on a build. A ``stable`` feature appears in each run of some program.

    ``unstable`` counts counters that came and went. ``milliseconds`` are a child's least, median
    and most.
    """

    target: str
    python: str
    survived: int
    died: int
    features: int
    stable: int
    unstable: int
    milliseconds: tuple[float, float, float]
    programs: tuple[ProgramCoverage, ...]


def sum_coverage(target: str, python: str, measured: Sequence[Measurement]) -> Coverage:
    """Sum up measurements on one build. A program that can't be run has no time."""
    ran = [one for one in measured if not one.problem]
    stable = reduce(or_, (one.features for one in ran), 0)
    times = [1000 * one.seconds for one in ran] or [0.0]
    return Coverage(
        target=target,
        python=python,
        survived=sum(not one.died for one in ran),
        died=sum(one.died for one in ran),
        features=reduce(or_, (one.unstable for one in ran), stable).bit_count(),
        stable=stable.bit_count(),
        unstable=len(frozenset[int]().union(*(one.counters for one in ran))),
        milliseconds=(min(times), statistics.median(times), max(times)),
        programs=tuple(
            ProgramCoverage(
                program=str(one.entry.path),
                features=one.features.bit_count(),
                seconds=one.seconds,
                died=one.died,
                problem=one.problem,
            )
            for one in measured
        ),
    )


def collect_stats(entries: Sequence[CorpusFile], problems: Sequence[str]) -> Stats:
    """Count steps, words and duplicates. ``problems``: a line for each file that is no program."""
    lengths = [len(entry.program) for entry in entries] or [0]
    texts = Counter(to_text(entry.program.without_comments()) for entry in entries)
    operations = [{step.op for step in entry.program.steps} for entry in entries]
    uses = [_count_words("operation", tuple(OPERATIONS), operations)]
    for choice in _CHOICES:
        words = [_find_words(entry, choice) for entry in entries]
        uses.append(_count_words(choice.name, choice.texts, words))
    return Stats(
        programs=len(entries),
        steps=(min(lengths), statistics.median(lengths), max(lengths)),
        starts=sum("start" in used for used in operations),
        lives=sum("again" in used for used in operations),
        same=sum(count - 1 for count in texts.values()),
        uses=tuple(uses),
        problems=tuple(problems),
    )


def _find_words(entry: CorpusFile, choice: Choice) -> set[str]:
    return {
        argument
        for step in entry.program.steps
        for _, parameter, argument in step.typed()
        if parameter is choice
    }


def _count_words(sort: str, texts: tuple[str, ...], used: Sequence[set[str]]) -> WordUse:
    count = Counter(word for words in used for word in words)
    unused = tuple(text for text in texts if not count[text])
    return WordUse(sort, dict(count.most_common()), unused)
