"""A program whose comment cites a report shows it on a release that has the defect."""

from __future__ import annotations

import re

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.replay.shown import Shown, list_wrong, read_shown
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.oracles.compare import compare_for
from helpers.places import CORPUS

TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*.fin"))}
LINES = [(name, shown) for name, text in TEXTS.items() for shown in read_shown(parse(text))]
LIMITS = Limits(deadline=4)
#: Runs of a program: what depends on the memory's content or on a schedule may need more than one.
RUNS = 5
#: Pull requests and issues of pybind11 since 3.0.0, the oldest release that finfuzz builds. The
#: policies show those that are in no release alone (5958, 5965, 5972).
CITES = re.compile(
    r"\b(?:PRs?|issues?|and|pull requests?) (?!5958|5965|5972)(57[5-9]\d|5[89]\d\d|6\d\d\d)\b"
)
#: Programs that cite such a report and do not show it, with the reason.
NOT_SHOWN = {
    "call-once-outlives-its-interpreter": "5934 is about pybind11's own test",
    "dynamic-cycle-in-its-own-dict": "the collector's visitors never stop a traversal",
    "dynamic-dict-holds-a-capsule": "5999 leaks what is in the dict, on CPython 3.14 alone",
    "exceptions-in-two-lives": "5933 made the storage per interpreter: per life it is open",
    "four-threads-at-once": "conversion-lets-other-threads-run shows 5777",
    "framework-interpreter": "framework-interpreter-without-a-thread-state shows 6127",
    "framework-interpreter-raises": "exception-leaves-an-interpreter shows 5795",
    "function-records-in-two-own-gil-interpreters": "5771 needs both to end at the same time",
    "gil-taken-in-a-finalizer": "5828 needs a thread state that the framework made itself, "
    "and an object that this thread state alone holds",
    "implicit-conversions-in-each-interpreter": "conversion-lets-other-threads-run shows 5777, "
    "more-conversions-than-keys shows 6020",
    "import-elsewhere": "imported-in-the-native-thread shows 5870",
    "interpreter-ended-elsewhere": "5934 and 5940 are about pybind11's own test",
    "interpreters-used-and-ended-at-once": "the shape of 5771: no run is known to show it",
    "interpreters-nested": "subinterpreter-imports-first shows 5947",
    "lives-that-leak": "5794 leaks, and nothing else goes wrong",
    "print-at-teardown": "6121 raises where CPython only reports: nothing goes wrong",
    "root-call-once": "call-once-in-two-interpreters shows 5933",
    "subclasses-of-smart-holders": "5836 and 6008 give wrong subobjects only to C++ callers",
    "types-forgotten-and-cast": "5867 was mended before any release had it",
    "types-forgotten-and-registered-again": "5867 was mended before any release had it",
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "shown"), LINES, ids=[name for name, _ in LINES])
def test_the_bad_release_shows_the_report_and_the_good_one_does_not(
    name: str, shown: Shown, pythons: list[Interpreter]
) -> None:
    version = tuple(map(int, shown.python.split(".")))
    found = [one for one in pythons if one.version[:2] == version and not one.abiflags]
    if not found:
        pytest.skip(f"no CPython {shown.python} found")
    bad = run(name, shown, shown.bad, found[0])
    good = run(name, shown, shown.good, found[0]) if shown.good else frozenset()
    assert shown.is_shown(bad, good), (bad, good)


def run(name: str, shown: Shown, spec: TargetSpec, python: Interpreter) -> frozenset[str]:
    """All that goes wrong with a program in a few runs."""
    made, program = build(spec, python, instrumented=False), parse(TEXTS[name])
    wanted = shown.what.rpartition("/")[2]
    ran = (run_fresh(made, program, LIMITS) for _ in range(RUNS))
    outcomes = [compare_for(wanted, made, program, one, LIMITS) for one in ran]
    return frozenset().union(*(list_wrong(one, LIMITS.memory_mib) for one in outcomes))


def comment(name: str) -> str:
    return " ".join(line[1:].strip() for line in TEXTS[name].splitlines() if line.startswith("#"))


@pytest.mark.parametrize(
    "name",
    [name for name in TEXTS if CITES.search(comment(name)) and "Cython" not in comment(name)],
)
def test_a_cited_report_is_shown_or_there_is_a_reason(name: str) -> None:
    assert read_shown(parse(TEXTS[name])) or name in NOT_SHOWN
