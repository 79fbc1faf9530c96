from __future__ import annotations

import pytest

from benchmarks.growth import of_findings, of_worker
from finfuzz.support.errors import UserError
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import pick_interpreter
from finfuzz.targets.spec import parse_target


@pytest.fixture(autouse=True)
def _has_all_it_needs() -> None:
    pytest.importorskip("atheris")
    try:
        build(parse_target("plain-c"), pick_interpreter(None))
    except UserError as error:
        pytest.skip(str(error))


def test_a_worker_tells_what_each_execution_cost() -> None:
    (point,) = of_worker(20, 1000)
    assert point.executions == 1000
    assert point.seconds_each > 0
    assert point.mib > 10


def test_a_folder_of_findings_is_opened_and_a_death_looked_up() -> None:
    opened, looked_up, _ = of_findings(build(parse_target("plain-c"), pick_interpreter(None)), 10)
    assert opened > 0
    assert looked_up > 0
