"""What is in a corpus: words used and not used, sizes, what is there twice."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from operator import or_

import msgspec

from finfuzz.corpus.folder import CorpusFile
from finfuzz.corpus.measure import Measured
from finfuzz.program.language import OPERATIONS
from finfuzz.program.text import to_text
from finfuzz.program.words import ACTION, EDGE, FLAVOUR, HOOK, KIND, ROOT, SHAPE, WAY, Choice

_CHOICES: tuple[Choice, ...] = (KIND, EDGE, SHAPE, ROOT, HOOK, ACTION, FLAVOUR, WAY)


class WordUse(msgspec.Struct, frozen=True):
    """Of one sort of word: in how many programs each is, and those that are in none."""

    sort: str
    programs: dict[str, int]
    unused: tuple[str, ...]


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """``steps``: least, median, most. ``starts``: programs that start an interpreter, ``lives``:
    that begin a further life. ``same``: programs that are there already, but for comments."""

    programs: int
    steps: tuple[int, float, int]
    starts: int
    lives: int
    same: int
    uses: tuple[WordUse, ...]
    problems: tuple[str, ...]


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """One program on a build. ``features`` it has each time; ``seconds`` of a child, the median."""

    program: str
    features: int
    seconds: float
    died: bool
    problem: str


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """All of them on a build. ``stable`` of ``features`` are there in each run of some program;
    ``unstable``: counters that came and went. ``milliseconds`` of a child: least, median, most."""

    target: str
    python: str
    survived: int
    died: int
    features: int
    stable: int
    unstable: int
    milliseconds: tuple[float, float, float]
    programs: tuple[Ran, ...]


def covered(target: str, python: str, measured: Sequence[Measured]) -> Covered:
    """Sums up. Programs that died have no features, those that can't be run took no time."""
    ran = [one for one in measured if not one.problem]
    stable = reduce(or_, (one.features for one in ran), 0)
    times = [1000 * one.seconds for one in ran] or [0.0]
    return Covered(
        target=target,
        python=python,
        survived=sum(not one.died for one in ran),
        died=sum(one.died for one in ran),
        features=reduce(or_, (one.unstable for one in ran), stable).bit_count(),
        stable=stable.bit_count(),
        unstable=len(frozenset[int]().union(*(one.counters for one in ran))),
        milliseconds=(min(times), statistics.median(times), max(times)),
        programs=tuple(
            Ran(
                program=str(one.entry.path),
                features=one.features.bit_count(),
                seconds=one.seconds,
                died=one.died,
                problem=one.problem,
            )
            for one in measured
        ),
    )


def stats(entries: Sequence[CorpusFile], problems: Sequence[str]) -> Stats:
    """Counts. ``problems``: a line for each file that is no program."""
    lengths = [len(entry.program) for entry in entries] or [0]
    texts = Counter(to_text(entry.program.without_comments()) for entry in entries)
    operations = [{step.op for step in entry.program.steps} for entry in entries]
    uses = [_use("operation", tuple(OPERATIONS), operations)]
    for choice in _CHOICES:
        words = [_words_of(entry, choice) for entry in entries]
        uses.append(_use(choice.name, choice.texts, words))
    return Stats(
        programs=len(entries),
        steps=(min(lengths), statistics.median(lengths), max(lengths)),
        starts=sum("start" in used for used in operations),
        lives=sum("again" in used for used in operations),
        same=sum(count - 1 for count in texts.values()),
        uses=tuple(uses),
        problems=tuple(problems),
    )


def _words_of(entry: CorpusFile, choice: Choice) -> set[str]:
    return {
        argument
        for step in entry.program.steps
        for _, parameter, argument in step.typed()
        if parameter is choice
    }


def _use(sort: str, texts: tuple[str, ...], used: Sequence[set[str]]) -> WordUse:
    count = Counter(word for words in used for word in words)
    unused = tuple(text for text in texts if not count[text])
    return WordUse(sort, dict(count.most_common()), unused)
