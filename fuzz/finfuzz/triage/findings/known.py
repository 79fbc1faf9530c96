"""Known defects: a crash that matches one is counted, not filed.

The list is ``known.toml`` next to this file; a crashes folder's own ``known.toml`` comes before it.
Where a defect is fixed, a match is filed all the same: as a regression.
"""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path

import msgspec

from finfuzz.program.language import OPERATIONS
from finfuzz.program.words import Choice
from finfuzz.support.cpythons import Quirk, has, is_fixed, parse_version
from finfuzz.support.errors import UserError
from finfuzz.support.pattern import compile_pattern
from finfuzz.support.toml import read_toml
from finfuzz.targets.condition import Condition, parse_condition
from finfuzz.targets.frameworks import KNOWN
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.diagnosis import DIAGNOSTICS, Diagnosis

FILE = "known.toml"
_OWNERS = ("CPython", *KNOWN, "finfuzz")


class KnownDefect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A known defect and its marks; the head of ``known.toml`` explains the fields."""

    owner: str
    diagnostics: tuple[str, ...]
    title: str = ""
    link: str = ""
    quirk: str = ""
    detail: str = ""
    frame: str = ""
    stack: str = ""
    unless: str = ""
    phase: str = ""
    on: str = ""
    fixed: str = ""
    avoid: tuple[str, ...] = ()

    @cached_property
    def _on(self) -> Condition:
        return parse_condition(self.on) if self.on else Condition()

    @cached_property
    def _fixed(self) -> Condition | None:
        return parse_condition(self.fixed) if self.fixed else None

    @cached_property
    def _quirk(self) -> Quirk | None:
        return Quirk[self.quirk.upper().replace("-", "_")] if self.quirk else None

    def is_expected_on(self, spec: TargetSpec, python: str) -> bool:
        quirk = self._quirk
        there = quirk is None or has(parse_version(python), quirk)
        return there and self._on.holds(spec, python)

    def is_fixed_on(self, spec: TargetSpec, python: str) -> bool:
        if self._fixed is not None:
            return self._fixed.holds(spec, python)
        # CPython's fix is not the fix of a defect that another project owns.
        quirk = self._quirk if self.owner == "CPython" and self._on.is_about(spec) else None
        return quirk is not None and is_fixed(parse_version(python), quirk)

    def matches(self, diagnosis: Diagnosis) -> bool:
        """Whether a crash looks like this defect, on any target and CPython."""
        if diagnosis.diagnostic not in self.diagnostics:
            return False
        if not compile_pattern(self.detail).match(diagnosis.detail):
            return False
        if not compile_pattern(self.phase).match(diagnosis.phase):
            return False
        if self.unless and _finds(self.unless, _join_stack(diagnosis)):
            return False
        return self.by_message or self._has_frame(diagnosis) or self._has_stack(diagnosis)

    @property
    def by_message(self) -> bool:
        """Whether the message alone identifies the defect, whatever the stack."""
        return not self.frame and not self.stack

    def _has_frame(self, diagnosis: Diagnosis) -> bool:
        functions = (*diagnosis.frames, *diagnosis.stack)
        return bool(self.frame) and any(_finds(self.frame, one) for one in functions)

    def _has_stack(self, diagnosis: Diagnosis) -> bool:
        return bool(self.stack) and _finds(self.stack, _join_stack(diagnosis))

    def check(self) -> None:
        """Raise UserError for a condition, pattern, owner or diagnostic that can't be meant."""
        if self.quirk and self.quirk not in _QUIRKS:
            raise UserError(f"no quirk {self.quirk!r}, see docs/cpythons.md")
        if not self.quirk and not self.title:
            raise UserError("give a title and a link, or a quirk of docs/cpythons.md")
        for condition in filter(None, (self.on, self.fixed)):
            parse_condition(condition)
        for pattern in (self.detail, self.frame, self.stack, self.unless, self.phase):
            compile_pattern(pattern)
        if self.owner not in _OWNERS:
            raise UserError(f"no owner {self.owner!r}: write one of {', '.join(_OWNERS)}")
        if unknown := set(self.diagnostics) - set(DIAGNOSTICS):
            raise UserError(f"no diagnostic {min(unknown)!r}, see docs/diagnostics.md")
        if unknown := set(self.avoid) - _WORDS:
            raise UserError(f"no operation or word {min(unknown)!r}, see docs/language.md")


def _join_stack(diagnosis: Diagnosis) -> str:
    return " < ".join(diagnosis.stack)


def _finds(pattern: str, text: str) -> bool:
    return compile_pattern(pattern).search(text) is not None


_WORDS = {
    *OPERATIONS,
    *(
        text
        for operation in OPERATIONS.values()
        for choice in operation.parameters
        if isinstance(choice, Choice)
        for text in choice.texts
    ),
}
_QUIRKS = {quirk.word for quirk in Quirk}


def _complete(entry: KnownDefect) -> KnownDefect:
    """Fill in the title and the link from the entry's quirk."""
    quirk = entry._quirk
    if quirk is None:
        return entry
    title, link = entry.title or quirk.value.text, entry.link or quirk.link
    return msgspec.structs.replace(entry, title=title, link=link)


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    known: tuple[KnownDefect, ...] = ()


@cache
def load_shipped() -> tuple[KnownDefect, ...]:
    """Load the defects that come with finfuzz."""
    return read(Path(__file__).with_name(FILE))


def load_known(crashes: Path) -> tuple[KnownDefect, ...]:
    """Load a crashes folder's own defects, then those that come with finfuzz. Raises UserError."""
    own = crashes / FILE
    return (*(read(own) if own.exists() else ()), *load_shipped())


def read(path: Path) -> tuple[KnownDefect, ...]:
    """Read the entries of one file. Raises UserError, which names the wrong entry."""
    keys = (*_Table.__struct_fields__, *KnownDefect.__struct_fields__)
    table = read_toml(path, _Table, "list of known defects", keys)
    for entry in table.known:
        try:
            entry.check()
        except UserError as error:
            raise UserError(f"{path}, {entry.title or entry.quirk!r}: {error}") from None
    return tuple(map(_complete, table.known))


def find_known(
    diagnosis: Diagnosis,
    spec: TargetSpec,
    python: str,
    table: tuple[KnownDefect, ...] | None = None,
) -> KnownDefect | None:
    """Find the known defect behind a crash on this target and CPython (`3.12.1`), if there is one.

    ``table``: the shipped list where None.
    """
    return next(
        (
            entry
            for entry in (load_shipped() if table is None else table)
            if entry.matches(diagnosis) and entry.is_expected_on(spec, python)
        ),
        None,
    )


def find_regressed(
    diagnosis: Diagnosis,
    spec: TargetSpec,
    python: str,
    table: tuple[KnownDefect, ...] | None = None,
) -> KnownDefect | None:
    """Find the known defect that is fixed here, and that the crash looks like all the same."""
    return next(
        (
            entry
            for entry in (load_shipped() if table is None else table)
            if entry.matches(diagnosis) and entry.is_fixed_on(spec, python)
        ),
        None,
    )


def list_avoided(
    spec: TargetSpec, python: str, table: tuple[KnownDefect, ...] | None = None
) -> tuple[str, ...]:
    """List the operations and words that known defects of this target and CPython need.

    Such a defect kills so many programs that it hides others, or takes the whole deadline of many.
    ``table``: as in ``find_known``.
    """
    there = (
        entry
        for entry in (load_shipped() if table is None else table)
        if entry.avoid and entry.is_expected_on(spec, python)
    )
    return tuple(dict.fromkeys(word for entry in there for word in entry.avoid))


def is_known_crash(
    stderr: str, spec: TargetSpec, python: str, table: tuple[KnownDefect, ...] | None = None
) -> bool:
    """Whether standard error alone shows a known defect: cheap enough for every crash.

    False for defects that only the stack distinguishes.
    """
    return any(
        entry.by_message
        and _finds(rf"Fatal Python error: {entry.detail}", stderr)
        and entry.is_expected_on(spec, python)
        for entry in (load_shipped() if table is None else table)
    )
