"""What is replayed: programs and findings, and what each of them is expected to do on a build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from finfuzz.program.model import Program
from finfuzz.program.text import ParseError, parse
from finfuzz.replay.expectations import Expectation, expectations
from finfuzz.replay.judge import What, judged
from finfuzz.support.errors import UserError
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.findings.finding import Finding, load

#: (target, CPython) of a build, as finding.json has them.
Place = tuple[str, str]


@dataclass(frozen=True)
class Case:
    """``name``: the path below what was asked for. ``said``: by a program of itself.

    ``seen``: what a finding did on each build that it has been run on. ``problem``: why it can't be
    run at all; its program is empty then. ``path``: a program's file.
    """

    name: str
    program: Program = field(default_factory=Program)
    said: tuple[Expectation, ...] = ()
    seen: dict[Place, frozenset[str]] | None = None
    flaky: bool = False
    problem: str = ""
    path: Path | None = None

    def expected(self, spec: TargetSpec, python: str) -> frozenset[str] | None:
        """What is to be seen there, each as `SIGNAL/diagnostic`; empty: it survives. None where a
        finding has never been run: nothing is expected then."""
        if self.seen is not None:
            return self.seen.get((str(spec), python))
        return frozenset(each.what for each in self.said if each.where.holds(spec, python))

    def judged(self, expected: frozenset[str] | None, seen: frozenset[str]) -> What:
        """What it is that was seen there. A finding is one defect, and what else is wrong on
        another build was not looked at when its controls ran."""
        if self.seen is not None and expected and expected < seen:
            return "as expected"
        return judged(expected, seen)


def cases(paths: Iterable[Path]) -> list[Case]:
    """Those below these files and folders, programs first. Raises UserError where a path is none
    or nothing is there; what is damaged is a case with a problem."""
    found = [case for path in paths for case in _below(path)]
    if not found:
        raise UserError(
            f"nothing to replay in {', '.join(map(str, paths))}: name a folder of programs"
        )
    return found


def _below(path: Path) -> Iterator[Case]:
    if not path.exists():
        raise UserError(f"there is no {path} to replay: name a program, a finding or a folder")
    if path.is_file():
        yield _program(path, path.name)
        return
    findings = {found.parent for found in path.rglob("finding.json")}
    for program in sorted(path.rglob("*.fin")):
        if findings.isdisjoint(program.parents) and "unconfirmed" not in program.parts:
            yield _program(program, str(program.relative_to(path)))
    for folder in sorted(findings):
        yield _finding(folder, folder.name if folder == path else str(folder.relative_to(path)))


def _program(path: Path, name: str) -> Case:
    try:
        program = parse(path.read_text(encoding="utf-8"))
        return Case(name.removesuffix(".fin"), program, tuple(expectations(program)), path=path)
    except ParseError as error:
        return Case(name, problem=f"{path}: {error}")
    except UserError as error:
        return Case(name, problem=f"{path}: {error}")
    except UnicodeDecodeError as error:
        return Case(name, problem=f"{path} is not a program: byte {error.start} is not UTF-8")
    except OSError as error:
        return Case(name, problem=f"can't read {path}: {error.strerror}")


def _finding(folder: Path, name: str) -> Case:
    try:
        finding = load(folder)
        program = parse(finding.program)
    except UserError as error:
        return Case(name, problem=str(error))
    except ParseError as error:
        return Case(name, problem=f"{folder}/finding.json: its program: {error}")
    return Case(name, program, seen=_seen(finding), flaky=finding.flaky)


def _seen(finding: Finding) -> dict[Place, frozenset[str]]:
    own = frozenset({f"{finding.signal}/{finding.diagnostic}"})
    found = {(finding.target.spec, finding.target.python): own}
    for cell in finding.attribution.cells if finding.attribution else ():
        verdict = cell.verdict
        if cell.axis == "instrumentation" or verdict.what in ("absent", "known"):
            continue
        what = {"same": own, "survived": frozenset[str]()}.get(
            verdict.what, frozenset({verdict.seen})
        )
        found[cell.target, cell.python] = what
    return found
