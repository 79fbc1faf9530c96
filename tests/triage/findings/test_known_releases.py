"""Each known defect of a framework is recognized on a release that has it."""

from __future__ import annotations

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.targets.build import build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.findings.known import find_known, find_regressed, load_shipped
from helpers.places import CORPUS

LIMITS = Limits(deadline=6)
TITLES = [entry.title for entry in load_shipped() if entry.owner == "nanobind"]
CYTHON = [entry.title for entry in load_shipped() if entry.owner == "cython" and entry.fixed]
#: A release, a program of the corpus, and which of the titles.
CASES = [
    ("nanobind==2.9.2", "weak-referenceable-subclass-collected", TITLES[0]),
    ("nanobind==2.10.2", "kept-function-takes-an-array", TITLES[1]),
    ("nanobind==2.12.0", "function-outlives-python", TITLES[2]),
    ("nanobind==2.12.0", "unique-pointer-outlives-python", TITLES[2]),
    ("nanobind==2.12.0", "array-outlives-python", TITLES[2]),
    ("nanobind==2.12.0", "kept-function-names-its-module", TITLES[3]),
    ("nanobind==2.0.0", "part-at-the-address-of-its-whole", TITLES[4]),
    ("nanobind==2.12.0", "module-imported-again", TITLES[5]),
    ("cython==3.0.10", "dealloc-raises-about-its-object", CYTHON[0]),
    ("cython==3.1.6", "function-made-by-its-type", CYTHON[1]),
    ("cython==3.1.0", "self-check-of-what-is-freed", CYTHON[2]),
    ("cython==3.2.4", "self-check-of-what-is-freed", CYTHON[3]),
    ("cython==3.0.10", "self-check-of-what-is-freed", CYTHON[4]),
]
#: The newest releases that were tried.
NEWEST = {"nanobind": "nanobind==3.1.0", "cython": "cython==3.3.1"}


def test_each_has_a_case() -> None:
    assert {title for _, _, title in CASES} == {*TITLES, *CYTHON}


@pytest.mark.slow
@pytest.mark.parametrize(("target", "name", "title"), CASES)
def test_it_is_known_where_it_occurs_and_news_on_the_newest_release(
    target: str, name: str, title: str
) -> None:
    # On 3.15.2 what asks for the GIL after the end hangs, and that is not known (yet).
    spec, python = resolve(parse_target(target)), pick_interpreter("3.13")
    program = parse((CORPUS / f"{name}.fin").read_text(encoding="utf-8"))
    (found,) = diagnose(run_fresh(build(spec, python), program, LIMITS), LIMITS.memory_mib)
    known = find_known(found, spec, python.text)
    assert known is not None, found
    assert known.title == title
    regressed = find_regressed(found, parse_target(NEWEST[spec.framework]), python.text)
    assert regressed is known
