"""Controls are built from what the program uses, where that can't change what they tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.program.text import parse
from finfuzz.targets.build import Build
from finfuzz.targets.compiler import BuildError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.attribution import reduced as module
from finfuzz.triage.attribution.controls import Control
from finfuzz.triage.attribution.reduced import ControlBuilds
from finfuzz.triage.attribution.verdict import Wanted
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.attribution import Axis
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.verdict import Verdict, What

PROGRAM = parse("finfuzz 1\nnode a container\nedge a a append\nroot a codec\n")
CRASH = Diagnosis("SIGABRT", "internals-recreated", "finalizing/dict-cleared", "", ("f",))
WANTED = Wanted(CRASH, PROGRAM, Rate(10, 10), (3, 13))


@dataclass
class Builds:
    """In place of real ones: each is `TARGET` or `TARGET reduced`, and what is broken fails."""

    broken: set[str] = field(default_factory=set)
    own: What = "same"
    made: list[str] = field(default_factory=list)

    def build(self, spec: TargetSpec, _: Interpreter, *, source: str, **__: object) -> Build:
        name = spec.name.removesuffix("+released") + (" reduced" if source else "")
        self.made.append(name)
        if name in self.broken:
            raise BuildError("the compiler failed")
        return cast(Build, name)

    def judge(self, _: Wanted, get: Callable[[], Build], __: Limits) -> Verdict:
        try:
            get()
        except BuildError:
            return Verdict("absent", Rate(0, 0), "does not compile")
        return Verdict(self.own, Rate(3, 3))


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Builds:
    made = Builds()
    monkeypatch.setattr(module, "build", made.build)
    monkeypatch.setattr(module, "build_and_judge", made.judge)
    return made


def control_builds(target: str, python: Interpreter) -> ControlBuilds:
    return ControlBuilds(WANTED, parse_target(target), python, Limits(), lambda _: None)


OWN = "pybind11==3.1.0"
REDUCED_OWN = "pybind11==3.1.0 reduced"


@pytest.mark.parametrize(
    ("own", "axis", "control", "made"),
    [
        (OWN, "release", "pybind11==3.0.1", [REDUCED_OWN, "pybind11==3.0.1 reduced"]),
        (OWN, "policy", f"{OWN}+leak", [REDUCED_OWN, f"{OWN}+leak reduced"]),
        # The whole one is there already: the script was confirmed with it.
        (OWN, "instrumentation", OWN, [OWN]),
        # Another extension, compiled in a second.
        (OWN, "extension", "plain-c", ["plain-c"]),
        # Its source is translated first.
        ("cython==3.3.1", "release", "cython==3.1.0", ["cython==3.1.0"]),
        # Has no releases: it is a control itself.
        ("plain-c", "python", "plain-c", ["plain-c"]),
    ],
)
def test_controls_of_the_same_extension_are_reduced(
    builds: Builds, pythons: list[Interpreter], own: str, axis: Axis, control: str, made: list[str]
) -> None:
    other = Control(axis, parse_target(control), pythons[0])
    assert cast(Any, control_builds(own, pythons[0]).build(other)) == made[-1]
    assert builds.made == made


@pytest.mark.parametrize("what", ["survived", "otherwise", "not comparable"])
def test_a_defect_that_the_reduced_extension_does_not_show_needs_whole_controls(
    builds: Builds, pythons: list[Interpreter], what: What
) -> None:
    builds.own = what
    making = control_builds(OWN, pythons[0])
    for release in ("pybind11==3.0.1", "pybind11==3.0.2"):
        making.build(Control("release", parse_target(release), pythons[0]))
    assert builds.made == [REDUCED_OWN, "pybind11==3.0.1", "pybind11==3.0.2"]


def test_what_does_not_compile_reduced_is_compiled_whole(
    builds: Builds, pythons: list[Interpreter]
) -> None:
    builds.broken = {"pybind11==3.0.1 reduced"}
    control_builds(OWN, pythons[0]).build(
        Control("release", parse_target("pybind11==3.0.1"), pythons[0])
    )
    assert builds.made[-1] == "pybind11==3.0.1"


def test_a_release_that_can_not_be_compiled_is_no_bug_of_the_reduction(
    builds: Builds, pythons: list[Interpreter]
) -> None:
    builds.broken = {"pybind11==3.0.1 reduced", "pybind11==3.0.1"}
    control = Control("release", parse_target("pybind11==3.0.1"), pythons[0])
    with pytest.raises(BuildError):
        control_builds(OWN, pythons[0]).build(control)
