from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.build import build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.oracles.compare import compare
from truth.table import FOLDER, BadBuild, Defect, collect_ingredients, load

DEFECTS = load()
TRIES = 3
#: Builds that other tests need as well.
QUICK = {BadBuild("pybind11==3.1.0", "3.13.0"), BadBuild("pybind11==3.1.0+destroy", "3.13.0")}


def list_rows(*, fixed: bool) -> list[object]:
    def mark(one: Defect) -> tuple[pytest.MarkDecorator, ...]:
        return () if one.bad in QUICK and not fixed else (pytest.mark.slow,)

    rows = [one for one in DEFECTS if one.fixed or not fixed]
    return [pytest.param(one, id=one.name, marks=mark(one)) for one in rows]


def count_shown(defect: Defect, place: BadBuild) -> int:
    """Return how many of TRIES runs on a build show the defect."""
    try:
        interpreter = pick_interpreter(place.python)
    except UserError as error:
        pytest.skip(str(error))
    made = build(resolve(parse_target(place.target)), interpreter)
    with Executor(made) as executor:
        outcomes = [executor.run(defect.program) for _ in range(TRIES)]
    compared = [compare(made, defect.program, run, Limits()) for run in outcomes]
    found = [diagnose(run, Limits().memory_mib) for run in compared]
    return sum(defect.is_shown_by(defect.program, each) for each in found)


@pytest.mark.parametrize("defect", list_rows(fixed=False))
def test_each_defect_is_shown_by_its_program(defect: Defect) -> None:
    assert count_shown(defect, defect.bad) > 0


@pytest.mark.parametrize("defect", list_rows(fixed=True))
def test_no_defect_is_shown_where_it_is_fixed(defect: Defect) -> None:
    assert defect.fixed
    assert count_shown(defect, defect.fixed) == 0


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(DEFECTS) >= 45
    assert not [name for name, count in Counter(one.name for one in DEFECTS).items() if count > 1]


def test_each_program_belongs_to_a_row() -> None:
    assert {path.stem for path in (FOLDER / "programs").iterdir()} == {one.name for one in DEFECTS}


def test_the_fuzzer_is_not_given_the_programs() -> None:
    given = {path.read_text() for path in Path("corpus").glob("*.fin")}
    assert given.isdisjoint(path.read_text() for path in (FOLDER / "programs").iterdir())


def test_ingredients_are_operations_and_words() -> None:
    program = parse("finfuzz 1\nnode a container\nroot a codec\nstart i1 legacy\n")
    wanted = {"node", "container", "root", "codec", "start", "legacy"}
    assert collect_ingredients(program.steps) == wanted


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('diagnostics = ["nonsense"]', "no diagnostic 'nonsense'"),
        ("", "can't be read"),
        ("diagnostics = []", "has no key"),
        ("unknown = 1", "can't be read"),
    ],
)
def test_an_invalid_row_is_refused(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "defects.toml"
    fields = 'name = "a"\ntitle = "b"\nlink = "c"\nowner = "CPython"\ntarget = "plain-c"'
    path.write_text(f'[[defect]]\n{fields}\npython = "3.12"\n{row}\n')
    with pytest.raises(UserError, match=message):
        load(path)
