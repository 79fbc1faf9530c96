"""Driver and script end alike: what finfuzz says of a CPython is true without finfuzz.

The script imports the fuzzer's own extension: which classes an extension has may decide
(docs/found.md, on CPython 3.14 and 3.15).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.targets.build import Build, build
from finfuzz.targets.interpreters import Interpreter, find_interpreters
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from helpers.places import CORPUS, USES_FREED
from helpers.plain_scripts import Ended, compile_capi, end_of, end_of_script, write_files

#: Some programs race with their own threads, or rest on the heap's content: they have agreed once
#: they end alike once.
TRIES = 5
#: A machine under load is no disagreement.
LIMITS = Limits(deadline=6)
SCRIPT_SECONDS = 20
#: Where the driver hangs, its scripts are expected to. On pybind11 before CPython 3.12 a tenth of
#: the programs do, and 20 s for each of their scripts would be an hour of waiting.
HANG_SECONDS = 8

TARGETS = ["plain-c", "pybind11"]
FOUND = [python for python in find_interpreters() if python.includes]

#: A program for each way in which CPython's finalization differs between branches or builds.
TELLING = [
    "atexit-in-the-last-collection",
    "call-once-outlives-its-interpreter",
    "daemon-thread-comes-back",
    "exit-thread-exit",
    "fork-and-finalize-both",
    "gil-state-after-the-end",
    "hook-threading-exit",
    "left-subinterpreter-instance-in-dict",
    "native-thread-comes-back",
    "native-thread-in-three-lives",
    "root-interpreter-thread",
    "root-native-thread",
    "root-waiting-native-thread",
    "root-waking-thread",
    "thread-joined-in-del",
    "thread-started-in-del",
    "threading-exit-raises",
    "three-lives",
]


class Place(NamedTuple):
    """A build without coverage, as scripts have it, and a folder with the module capi."""

    made: Build
    folder: Path


def prepare(target: str, python: Interpreter, folder: Path) -> Place:
    compile_capi(python, folder)
    return Place(build(resolve(parse_target(target)), python, instrumented=False), folder)


def ends(place: Place, path: Path) -> tuple[Ended, Ended, Ended]:
    """How the driver ends, the script near to the driver, and the script as findings have it."""
    program = parse(path.read_text(encoding="utf-8"))
    outcome = run_fresh(place.made, program, LIMITS)
    seconds = HANG_SECONDS if outcome.timed_out else SCRIPT_SECONDS
    near, plain = (
        end_of_script(
            place.folder,
            place.made,
            write_files(place.made, program, outcome, plain=plain),
            seconds,
        )
        for plain in (False, True)
    )
    return end_of(outcome), near, plain


def check_agreement(place: Place, path: Path) -> None:
    if path.stem in USES_FREED:
        pytest.skip("how it ends depends on the content of freed memory")
    for _ in range(TRIES):
        found = ends(place, path)
        if len(set(found)) == 1:
            return
    assert found == (found[0],) * 3


@pytest.fixture(scope="module", params=[False, True], ids=["newest", "newest debug"])
def newest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    found = [python for python in FOUND if python.is_debug is request.param]
    if not found:
        pytest.skip("no debug build of CPython found")
    return prepare("plain-c", found[0], tmp_path_factory.mktemp("script"))


@pytest.mark.parametrize("name", TELLING)
def test_they_agree_on_telling_programs(newest: Place, name: str) -> None:
    check_agreement(newest, CORPUS / f"{name}.fin")


@pytest.fixture(
    scope="module",
    params=[(target, python) for target in TARGETS for python in FOUND],
    ids=[f"{target}-{python.text}" for target in TARGETS for python in FOUND],
)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    target, python = request.param
    return prepare(target, python, tmp_path_factory.mktemp("script"))


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.fin")), ids=lambda path: path.stem)
def test_they_agree_on_the_whole_corpus(place: Place, path: Path) -> None:
    check_agreement(place, path)
