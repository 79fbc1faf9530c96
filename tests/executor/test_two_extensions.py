"""A target with two extensions: both are linked, each has its counters, each its internals."""

import dataclasses
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.shared_memory import EVENT_COUNTERS
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.spec import parse_target

ACROSS = parse("""\
finfuzz 1
node a container
use second
node b container
edge a b append
edge b a append
root a leak
""")
ALONE = "finfuzz 1\nuse {}\nnode a container\nedge a a append\nroot a leak\n"
FIRST_ALONE, SECOND_ALONE = (parse(ALONE.format(which)) for which in ("first", "second"))


def mixed(text: str) -> Build:
    try:
        return build(parse_target(text), pick_interpreter(None))
    except UserError as error:
        pytest.skip(str(error))


def internals_made(outcome: Outcome) -> int:
    return sum(event.hook == "internals-created" for event in outcome.events)


def test_each_has_counters_of_its_own(plain_c: Build, tmp_path: Path) -> None:
    """The second here is the first once more, copied so that the linker takes it for another."""
    copied = tmp_path / "copied.so"
    copied.write_bytes(plain_c.extension.read_bytes())
    (tmp_path / "finfuzz_second.py").write_text("")
    build = dataclasses.replace(
        plain_c, extension=copied, second=plain_c.extension, second_blocks=plain_c.blocks
    )
    (tmp_path / "finfuzz_target.py").write_text("")
    with Executor(build) as executor:
        outcome = executor.run(parse("finfuzz 1\nimport\nuse second\nimport\n"))
        assert outcome.took == (3, 0, 0)
        assert executor.shared.counters == EVENT_COUNTERS + 2 * plain_c.blocks


def test_without_a_second_the_first_is_meant(plain_c: Build) -> None:
    assert run_fresh(plain_c, parse("finfuzz 1\nuse second\nimport\n")).took == (2, 0, 0)


@pytest.mark.slow
def test_releases_that_share_internals_make_them_once() -> None:
    made = mixed("pybind11==3.0.1,3.0.2")
    outcome = run_fresh(made, ACROSS)
    assert (outcome.signal, outcome.took, internals_made(outcome)) == (None, (6, 0, 0), 1)


@pytest.mark.slow
def test_releases_that_do_not_share_internals_have_each_their_own() -> None:
    """And that is no re-creation."""
    made = mixed("pybind11==3.0.4,3.1.0")
    outcome = run_fresh(made, ACROSS)
    assert (outcome.signal, outcome.took, internals_made(outcome)) == (None, (6, 0, 0), 2)
    assert (outcome.recreated, outcome.capsule_lost) == (0, ())


@pytest.mark.slow
def test_which_one_asks_decides_how_it_dies() -> None:
    """The guard came with 3.0.2: the other makes its internals again without a word."""
    made = mixed("pybind11==3.0.1,3.0.2+destroy")
    first = run_fresh(made, FIRST_ALONE)
    second = run_fresh(made, SECOND_ALONE)
    assert (first.signal, second.signal) == ("SIGABRT", "SIGABRT")
    assert "cast_error" in first.stderr
    assert first.recreated == 1
    assert "reentrant call detected" in second.stderr


@pytest.mark.slow
def test_the_counters_of_the_second_lie_behind_the_first_s() -> None:
    made = mixed("pybind11==3.0.1,3.0.2")
    with Executor(made) as executor:
        executor.run(SECOND_ALONE)
        blocks = [at - EVENT_COUNTERS for at in executor.shared.covered() if at >= EVENT_COUNTERS]
    assert blocks
    assert min(blocks) >= made.blocks
