"""A pytest plugin: `pytest --finfuzz corpus crashes` has an item per program and build.

A program that ends worse than expected fails; what can't be run here is skipped and says why.
`pytest_finfuzz` has the options and loads this module where `--finfuzz` is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.replay.cases import Case, cases
from finfuzz.replay.judge import WORSE, Result
from finfuzz.replay.matrix import Matrix, places
from finfuzz.replay.run import Place, built_here, replay_one
from finfuzz.support.errors import UserError
from finfuzz.targets.build import build

_PLACES = pytest.StashKey[list[Place]]()
_EXECUTORS = pytest.StashKey[dict[str, Executor]]()


def pytest_configure(config: pytest.Config) -> None:
    chosen = Matrix(
        targets=tuple(config.getoption("finfuzz_target")),
        pythons=tuple(config.getoption("finfuzz_python")),
    )
    try:
        config.stash[_PLACES] = [built_here(place) for place in places(chosen)]
    except UserError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[_EXECUTORS] = {}


def pytest_unconfigure(config: pytest.Config) -> None:
    for executor in config.stash.get(_EXECUTORS, {}).values():
        executor.close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    is_of_finding = file_path.with_name("finding.json").exists()
    if file_path.name == "finding.json" or (file_path.suffix == ".fin" and not is_of_finding):
        return _CaseFile.from_parent(parent, path=file_path)
    return None


class _CaseFile(pytest.File):
    def collect(self) -> Iterable[pytest.Item]:
        path = self.path.parent if self.path.name == "finding.json" else self.path
        (case,) = cases([path])
        for place in self.config.stash[_PLACES]:
            yield _CaseItem.from_parent(self, name=place.name, case=case, place=place)


class _CaseItem(pytest.Item):
    def __init__(self, *, case: Case, place: Place, **rest: Any) -> None:
        super().__init__(**rest)
        self._case, self._place = case, place

    def runtest(self) -> None:
        if self._place.problem:
            pytest.skip(self._place.problem)
        result = replay_one(self._case, self._place, self._executor())
        if result.what == "not runnable":
            pytest.skip(result.why)
        if result.what in WORSE:
            raise _Worse(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        return str(excinfo.value) if excinfo.errisinstance(_Worse) else str(excinfo.getrepr(style))

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.path.stem} on {self.name}"

    def _executor(self) -> Executor:
        executors = self.config.stash[_EXECUTORS]
        if self._place.name not in executors:
            made = build(self._place.spec, self._place.interpreter, instrumented=False)
            executors[self._place.name] = Executor(made, Limits())
        return executors[self._place.name]


class _Worse(Exception):
    def __init__(self, result: Result) -> None:
        expected = ", ".join(result.expected or ()) or "survival"
        super().__init__(f"{result.what}: {result.told}, expected {expected}")
