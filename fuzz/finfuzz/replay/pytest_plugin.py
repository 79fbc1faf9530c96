"""A pytest plugin: `pytest --finfuzz corpus crashes` has one item per program and build.

A program fails if its outcome is worse than expected, and is skipped with a reason if it can't run.
`pytest_finfuzz` has the options and loads this module if `--finfuzz` is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.replay.cases import Case, collect_cases
from finfuzz.replay.judge import SILENT, WORSE, Result
from finfuzz.replay.matrix import Matrix, plan_builds
from finfuzz.replay.run import PlannedBuild, ensure_built, name_places, replay_one
from finfuzz.support.errors import UserError
from finfuzz.targets.build import build
from finfuzz.targets.spec import TargetSpec

_BUILDS = pytest.StashKey[list[PlannedBuild]]()
_EXECUTORS = pytest.StashKey[dict[tuple[TargetSpec, Path], Executor]]()


def pytest_configure(config: pytest.Config) -> None:
    chosen = Matrix(
        targets=tuple(config.getoption("finfuzz_target")),
        pythons=tuple(config.getoption("finfuzz_python")),
    )
    try:
        builds = dict.fromkeys(name_places(plan_builds(chosen)))
        config.stash[_BUILDS] = [ensure_built(planned) for planned in builds]
    except UserError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[_EXECUTORS] = {}


def pytest_unconfigure(config: pytest.Config) -> None:
    for executor in config.stash.get(_EXECUTORS, {}).values():
        executor.close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    in_finding = file_path.with_name("finding.json").exists()
    if file_path.name == "finding.json" or (file_path.suffix == ".fin" and not in_finding):
        return _CaseFile.from_parent(parent, path=file_path)
    return None


class _CaseFile(pytest.File):
    def collect(self) -> Iterable[pytest.Item]:
        path = self.path.parent if self.path.name == "finding.json" else self.path
        (case,) = collect_cases([path])
        for planned in self.config.stash[_BUILDS]:
            yield _CaseItem.from_parent(self, name=planned.name, case=case, planned=planned)


class _CaseItem(pytest.Item):
    def __init__(self, *, case: Case, planned: PlannedBuild, **rest: Any) -> None:
        super().__init__(**rest)
        self._case, self._planned = case, planned

    def runtest(self) -> None:
        if self._planned.problem:
            pytest.skip(self._planned.problem)
        if not self.config.getoption("finfuzz_trust"):
            self._require_trust()
        result = replay_one(self._case, self._planned, self._get_executor())
        if result.skipped:
            self.add_report_section("call", "finfuzz: skipped steps", "\n".join(result.skipped))
        if result.judgement in SILENT:
            pytest.skip(result.why)
        if result.judgement in WORSE:
            raise _Worse(result)

    def _require_trust(self) -> None:
        try:
            self._case.require_trust(self._planned.spec)
        except UserError as error:
            pytest.fail(f"{error}; for pytest, that is --finfuzz-trust", pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        told = excinfo.errisinstance((_Worse, pytest.fail.Exception))
        return str(excinfo.value) if told else str(excinfo.getrepr(style))

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.path.stem} on {self.name}"

    def _get_executor(self) -> Executor:
        executors, planned = self.config.stash[_EXECUTORS], self._planned
        spec = self._case.choose_target(planned.spec)
        key = spec, planned.interpreter.path
        if key not in executors:
            made = build(spec, planned.interpreter, instrumented=False)
            executors[key] = Executor(made, Limits())
        return executors[key]


class _Worse(Exception):
    def __init__(self, result: Result) -> None:
        expected = ", ".join(result.expected or ()) or "survival"
        super().__init__(f"{result.judgement}: {result.summary}, expected {expected}")
