"""Flatten our C++ into the file that a script needs, without fuzzer-only code.

Conditions on the macros of ``common/reduced.h`` are decided: only the branch that holds stays. All
other directives stay unchanged. Our headers stand where a source first includes them, except those
of features that the script doesn't use. The list of features is expanded. Lines that only inform
the fuzzer (`FINFUZZ_EVENT(…);`) are removed, except from a build that the fuzzer runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from finfuzz.targets.features import FILE, read_features

#: Not copied: the macros that it defines are decided.
DECIDED = "reduced.h"

#: The ending of a feature in Cython.
_PART = ".pxi"

_DIRECTIVE = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b(.*)")
#: Of C++, and Cython's statement.
_INCLUDE = re.compile(r'\s*#?\s*include "(.+)"')
_FEATURE_LIST = re.compile(r"(\s*)FINFUZZ_FEATURES\((\w+)\)")
_TEMPLATE = re.compile(r"\s*#\s*define (FINFUZZ_\w+)\(header, names\) (.*)")
_FUZZER_ONLY = re.compile(r"\s*FINFUZZ_(EVENT|COUNT|SETTER|SET|PERFORMED)\(.*\);?(\s*//.*)?")
_HAS = re.compile(r"FINFUZZ_HAS\((\w+)\)")
_NAME = re.compile(r"FINFUZZ_\w+")


@dataclass(frozen=True)
class DecidedMacros:
    """The values of our macros. ``used``: names for which FINFUZZ_HAS is true; ``macros``: the
    values of the other macros of ``reduced.h``."""

    used: Set[str]
    macros: Mapping[str, int]

    @property
    def informs_fuzzer(self) -> bool:
        """Whether lines stay that only inform the fuzzer: of a build to fuzz, not of a script."""
        return self.macros.get("FINFUZZ_ALONE") == 0

    def decides(self, condition: str) -> bool:
        """Whether a condition is on our macros. Raise ValueError if only a part of it is."""
        names = set(_NAME.findall(condition))
        ours = names & {*self.macros, "FINFUZZ_HAS"}
        left = re.sub(r"\b\d+\b", "", _NAME.sub("", _HAS.sub("", condition)))
        if ours and (ours != names or re.search(r"\w", left)):
            raise ValueError(f"can't decide a part of a condition: {condition.strip()}")
        return bool(ours)

    def holds(self, condition: str) -> bool:
        """Return the value of a condition on our macros."""
        text = _HAS.sub(lambda match: str(int(match[1] in self.used)), condition)
        text = _NAME.sub(lambda match: str(self.macros[match[0]]), text)
        text = text.replace("&&", " and ").replace("||", " or ")
        return bool(eval(re.sub(r"!(?!=)", " not ", text).strip(), {"__builtins__": {}}))


def flatten(source: Path, choice: DecidedMacros) -> list[str]:
    """Return the lines of a source with its headers in place, each once.

    Leave out the header and the row of each feature of which the script uses no name. Raise
    ValueError for a condition that can't be decided and has to be.
    """
    rows = read_features(source.parent).rows
    used = {stem: names for stem, names in rows.items() if not choice.used.isdisjoint(names)}
    return _Flattener(choice, used, frozenset(rows) - set(used)).flatten(source)


@dataclass
class _Branch:
    """An open condition. ``ours``: on our macros; ``kept``: the current branch stays."""

    ours: bool
    kept: bool


@dataclass
class _Flattener:
    choice: DecidedMacros
    features: Mapping[str, tuple[str, ...]]
    left_out: Set[str]
    included: set[Path] = field(default_factory=set)
    templates: dict[str, str] = field(default_factory=dict)

    def flatten(self, source: Path) -> list[str]:
        found: list[str] = []
        branches: list[_Branch] = []
        for line in source.read_text(encoding="utf-8").splitlines():
            directive = _DIRECTIVE.match(line)
            if directive:
                kept = self._follow(branches, directive[1], directive[2])
            else:
                kept = all(branch.kept for branch in branches)
            if not kept:
                continue
            # A directive that was indented for a condition of ours loses the indent with it.
            ours = source.suffix in (".cpp", ".h") and all(branch.ours for branch in branches)
            found += self._flatten_line(source, re.sub(r"^#\s+", "#", line) if ours else line)
        return found

    def _follow(self, branches: list[_Branch], word: str, condition: str) -> bool:
        """Follow a directive. Return whether it stays in the file."""
        around = branches[:-1] if word in ("elif", "else", "endif") else branches
        is_read = all(branch.kept for branch in around)
        if word in ("if", "ifdef", "ifndef"):
            ours = word == "if" and self.choice.decides(condition)
            branches.append(_Branch(ours, not ours or (is_read and self.choice.holds(condition))))
            return is_read and not ours
        branch = branches[-1]
        if word == "elif" and branch.ours:
            raise ValueError(f"#elif of a condition that is decided: {condition.strip()}")
        if word == "else" and branch.ours:
            branch.kept = not branch.kept
        if word == "endif":
            branches.pop()
        return is_read and not branch.ours

    def _flatten_line(self, source: Path, line: str) -> list[str]:
        include = _INCLUDE.match(line)
        if include:
            return self._flatten_header((source.parent / include[1]).resolve(), source)
        if template := _TEMPLATE.fullmatch(line):
            self.templates[template[1]] = template[2]
            return []
        if listed := _FEATURE_LIST.fullmatch(line):
            return self._expand_rows(listed[1], self.templates[listed[2]])
        if source.name == FILE or line == "#pragma once":
            return []
        if self.choice.informs_fuzzer:
            return [line]
        if _FUZZER_ONLY.fullmatch(line):
            return []
        return [line.replace(" FINFUZZ_COUNTED", "")]

    def _flatten_header(self, header: Path, source: Path) -> list[str]:
        lists = source.name == FILE or header.suffix == _PART
        left_out = lists and header.stem in self.left_out
        if left_out or header in self.included or header.name == DECIDED:
            return []
        self.included.add(header)
        return self.flatten(header)

    def _expand_rows(self, indent: str, template: str) -> list[str]:
        """Expand the list of features: a line for each that is used."""
        template = indent + template
        return [
            template.replace("##header", stem).replace("names", f'"{" ".join(names)}"')
            for stem, names in self.features.items()
        ]
