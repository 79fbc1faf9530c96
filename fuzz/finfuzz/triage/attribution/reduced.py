"""Build the controls of one finding from the part of the extension that its program uses.

A whole extension of pybind11's has some 13,000 functions. What one program uses takes a third of
the CPU time to compile, and a dozen controls are built for a finding (issue 19).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from finfuzz.executor.limits import Limits
from finfuzz.targets.build import Build, build
from finfuzz.targets.compiler import BuildError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.attribution.controls import Control
from finfuzz.triage.attribution.verdict import Wanted, build_and_judge
from finfuzz.triage.repro.sources import write_reduced
from finfuzz.triage.repro.write import write_script


@dataclass(frozen=True)
class ControlBuilds:
    """Builds of the controls of a finding on ``spec`` and ``interpreter``."""

    wanted: Wanted
    spec: TargetSpec
    interpreter: Interpreter
    limits: Limits
    announce: Callable[[str], None]

    def build(self, control: Control) -> Build:
        """Build a control, reduced where that can't change its verdict.

        Raise BuildError for a compile that fails, UserError for anything that is missing.
        """
        if self._can_be_reduced(control) and self._is_shown_reduced:
            try:
                return self._build(control.spec, control.interpreter, reduced=True)
            except BuildError:  # its own reason is the one to show
                pass
        return self._build(control.spec, control.interpreter)

    def _can_be_reduced(self, control: Control) -> bool:
        """Whether a control is the finding's own extension, on another release or CPython.

        The whole extension without coverage exists already: scripts are confirmed with it.
        """
        record = self.spec.record
        ours = record.releases is not None and record.translator is None
        own = control.spec.framework == self.spec.framework
        return ours and own and control.axis != "instrumentation"

    @cached_property
    def _is_shown_reduced(self) -> bool:
        """Whether the defect is seen on the finding's own build, reduced.

        If not, no reduced control could tell that the defect is absent.
        """
        own = build_and_judge(
            self.wanted,
            lambda: self._build(self.spec, self.interpreter, reduced=True),
            self.limits,
        )
        return own.what == "same"

    def _build(self, spec: TargetSpec, interpreter: Interpreter, *, reduced: bool = False) -> Build:
        source = write_reduced(spec, self._script) if reduced else ""
        return build(spec, interpreter, instrumented=False, source=source, announce=self.announce)

    @cached_property
    def _script(self) -> str:
        """The program as a script, which names all that the program uses of the extension."""
        wanted = self.wanted
        files = write_script(wanted.program, self.spec, wanted.python, "", abuse=True, plain=False)
        return files["repro.py"]
