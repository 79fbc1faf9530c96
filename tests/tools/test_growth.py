from __future__ import annotations

import pytest

from benchmarks.growth import measure_findings, measure_worker
from finfuzz.support.errors import UserError
from finfuzz.targets.build import build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.spec import parse_target


@pytest.fixture(autouse=True)
def _has_all_it_needs() -> None:
    pytest.importorskip("atheris")
    try:
        build(parse_target("plain-c"), pick_interpreter(None))
    except UserError as error:
        pytest.skip(str(error))


@pytest.mark.slow
def test_a_worker_reports_the_cost_of_an_execution() -> None:
    (point,) = measure_worker(20, 1000)
    assert point.executions == 1000
    assert point.seconds_each > 0
    assert point.mib > 10


def test_a_folder_of_findings_is_opened_and_a_crash_looked_up() -> None:
    made = build(parse_target("plain-c"), pick_interpreter(None))
    opened, looked_up, _ = measure_findings(made, 10)
    assert opened > 0
    assert looked_up > 0
