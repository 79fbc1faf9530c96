"""All instruments, one after the other, on one new finding."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.releases import list_root_variables
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.diagnosis.bucket import COMPARED
from finfuzz.triage.findings.escalation import Escalation
from finfuzz.triage.findings.finding import Finding, load, update
from finfuzz.triage.instruments.allocators import run_glibc_malloc, run_pymalloc_debug
from finfuzz.triage.instruments.debug_python import run_debug_python
from finfuzz.triage.instruments.debugger import run_gdb
from finfuzz.triage.instruments.experiment import Experiment, Report, copy_script, make_environment
from finfuzz.triage.instruments.hang import watch_hang
from finfuzz.triage.instruments.sanitizers import run_sanitizers
from finfuzz.triage.instruments.valgrind import run_valgrind
from finfuzz.triage.repro.run import START_SECONDS
from finfuzz.triage.repro.story import rewrite_story

Announce = Callable[[str], None]

FOLDER = "escalation"

_FOR_CRASHES: Mapping[str, Callable[[Experiment], Report]] = {
    "asan-ubsan": run_sanitizers,
    "pymalloc-debug": run_pymalloc_debug,
    "malloc": run_glibc_malloc,
    "debug-python": run_debug_python,
    "valgrind": run_valgrind,
    "gdb": run_gdb,
}
#: A hang costs the whole time limit under each instrument, so only those that may explain it run.
_FOR_HANGS: Mapping[str, Callable[[Experiment], Report]] = {
    "asan-ubsan": run_sanitizers,
    "debug-python": run_debug_python,
    "stacks": watch_hang,
}

#: The folder where a CPython was compiled.
_PYTHON_SOURCE = re.compile(r"/\S*/Python-3\.\d+\.\d+\w*/")


def escalate(
    folder: Path, spec: TargetSpec, interpreter: Interpreter, limits: Limits, announce: Announce
) -> Iterator[tuple[int, int]]:
    """Run all instruments, then write their reports into the folder's finding.json.

    Yields (instruments done, instruments in all) after each. Raises UserError if the finding is
    damaged or has a link. No instrument explains what only a comparison with the control shows.
    """
    finding = load(folder)
    if (folder / FOLDER).is_symlink():
        raise UserError(f"{folder / FOLDER} is a link, and a finding has none: remove it")
    if finding.diagnostic in COMPARED:
        return
    seconds = limits.patient.deadline + START_SECONDS
    hangs = finding.signal == "HANG"
    reports = []
    with tempfile.TemporaryDirectory(prefix="finfuzz-") as scratch:
        place = copy_script(folder, Path(scratch).resolve() / "plain")
        variables = make_environment(list_root_variables(spec), interpreter)
        if spec.package:
            interpreter, paths = _find_package(folder, finding, interpreter, announce)
            variables |= paths
        experiment = Experiment(place, finding.signal, interpreter, variables, seconds)
        instruments = _FOR_HANGS if hangs else _FOR_CRASHES
        for report in run_instruments(instruments, experiment, folder, announce):
            reports.append(report)
            yield len(reports), len(instruments)
    finding = load(folder)
    finding.escalation = tuple(reports)
    update(folder, finding)
    rewrite_story(folder, finding)


def _find_package(
    folder: Path, finding: Finding, interpreter: Interpreter, announce: Announce
) -> tuple[Interpreter, dict[str, str]]:
    """Find the Python that imports a finding's package, and the variable that it needs for that.

    Debug builds of CPython import the extensions of release builds.
    """
    package = build(finding.target.find_spec(folder), interpreter, announce=announce).package
    if package is not None and package.site:
        interpreter = replace(interpreter, executable=interpreter.path)
    paths = os.pathsep.join(map(str, package.paths)) if package else ""
    return interpreter, {"PYTHONPATH": paths} if paths else {}


def run_instruments(
    instruments: Mapping[str, Callable[[Experiment], Report]],
    experiment: Experiment,
    folder: Path,
    announce: Announce,
) -> Iterator[Escalation]:
    """Run an experiment's script under each instrument.

    ``experiment``: not compiled yet. ``folder``: each report is written to its escalation/ at once;
    nothing else in it changes. ``announce`` receives a line before each instrument.
    """
    problem = experiment.compile()
    for name, instrument in instruments.items():
        announce(f"{folder.name}: {name}")
        report = Report("failed", problem) if problem else instrument(experiment)
        yield _file_report(folder, name, report, experiment)


def _file_report(folder: Path, name: str, report: Report, experiment: Experiment) -> Escalation:
    path = folder / FOLDER / f"{name}.txt"
    path.unlink(missing_ok=True)  # an earlier report
    if report.text:
        path.parent.mkdir(exist_ok=True)
        write_whole(path, _tidy(report.text, experiment))
    file = f"{FOLDER}/{path.name}" if report.text else ""
    return Escalation(name, report.status, _tidy(report.summary, experiment), file)


def _tidy(text: str, experiment: Experiment) -> str:
    """Drop this machine's folders: the same finding reads the same elsewhere."""
    for folder in experiment.headers:
        text = text.replace(folder, "")
    # Each instrument has a copy there, whose extension CPython 3.14 and later name at a crash.
    text = re.sub(rf"{re.escape(str(experiment.folder.parent))}/[^\s/:'\"]+/", "", text)
    text = re.sub(rf"/[^\s:'\"]*/({experiment.files})\b", r"\1", text)
    return _PYTHON_SOURCE.sub("", text).replace(f"{Path.home()}/", "~/")
