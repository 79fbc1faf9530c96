"""All instruments, one after the other, over one new finding."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from finfuzz.executor.limits import Limits
from finfuzz.support.files import write_whole
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.releases import header_variables
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.findings.escalation import Escalation
from finfuzz.triage.findings.finding import load, update
from finfuzz.triage.instruments.allocators import glibc_malloc, pymalloc_debug
from finfuzz.triage.instruments.case import Experiment, Report, copied, environment
from finfuzz.triage.instruments.debug_python import debug_python
from finfuzz.triage.instruments.debugger import gdb
from finfuzz.triage.instruments.hang import hang
from finfuzz.triage.instruments.sanitizers import sanitizers
from finfuzz.triage.instruments.valgrind import valgrind
from finfuzz.triage.repro.run import START_SECONDS

Announce = Callable[[str], None]

FOLDER = "escalation"

_FOR_DEATHS: Mapping[str, Callable[[Experiment], Report]] = {
    "asan-ubsan": sanitizers,
    "pymalloc-debug": pymalloc_debug,
    "malloc": glibc_malloc,
    "debug-python": debug_python,
    "valgrind": valgrind,
    "gdb": gdb,
}
#: A hang costs its whole time under each of them, so only those that may say why.
_FOR_HANGS: Mapping[str, Callable[[Experiment], Report]] = {
    "asan-ubsan": sanitizers,
    "debug-python": debug_python,
    "stacks": hang,
}

#: Where a CPython was compiled.
_PYTHON_SOURCE = re.compile(r"/\S*/Python-3\.\d+\.\d+\w*/")


def escalated(
    folder: Path, spec: TargetSpec, interpreter: Interpreter, limits: Limits, announce: Announce
) -> Iterator[tuple[int, int]]:
    """Writes what they say into the folder's finding.json when the last instrument is done.

    Yields (instruments done, of how many) after each. Raises UserError where the finding is
    damaged.
    """
    finding = load(folder)
    seconds = limits.patient.deadline + START_SECONDS
    hangs = finding.signal == "HANG"
    found = []
    with tempfile.TemporaryDirectory(prefix="finfuzz-") as scratch:
        place = copied(folder, Path(scratch).resolve() / "plain")
        variables = environment(header_variables(spec))
        case = Experiment(place, finding.signal, interpreter, variables, seconds)
        instruments = _FOR_HANGS if hangs else _FOR_DEATHS
        for one in told_by(instruments, case, folder, announce):
            found.append(one)
            yield len(found), len(instruments)
    finding = load(folder)
    finding.escalation = tuple(found)
    update(folder, finding)


def told_by(
    instruments: Mapping[str, Callable[[Experiment], Report]],
    case: Experiment,
    folder: Path,
    announce: Announce,
) -> Iterator[Escalation]:
    """Runs a case's script under each instrument.

    ``case``: not compiled yet. ``folder``: what they say is written to its escalation/, as it
    comes; it is otherwise left as it is. ``announce`` gets a line before each.
    """
    problem = case.compile()
    for name, instrument in instruments.items():
        announce(f"{folder.name}: {name}")
        told = Report("failed", problem) if problem else instrument(case)
        yield _filed(folder, name, told, case)


def _filed(folder: Path, name: str, told: Report, case: Experiment) -> Escalation:
    path = folder / FOLDER / f"{name}.txt"
    path.unlink(missing_ok=True)  # what it said before
    if told.text:
        path.parent.mkdir(exist_ok=True)
        write_whole(path, _tidy(told.text, case))
    file = f"{FOLDER}/{path.name}" if told.text else ""
    return Escalation(name, told.status, _tidy(told.summary, case), file)


def _tidy(text: str, case: Experiment) -> str:
    """Without the folders of this machine: the same finding reads the same elsewhere."""
    for folder in case.headers:
        text = text.replace(folder, "")
    text = re.sub(rf"/[^\s:'\"]*/({case.files})\b", r"\1", text)
    return _PYTHON_SOURCE.sub("", text).replace(f"{Path.home()}/", "~/")
