"""C++ sources of ours as one file for a script, less what the script is spared.

Conditions on the macros of ``targets/reduced.h`` are decided, and only the branch that holds is
kept; everything else of the preprocessor's stays as it is. Headers of ours stand where they are
first included. A line that only tells the fuzzer something (`FINFUZZ_EVENT(…);`) is gone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

#: Not copied: what it defines is decided.
DECIDED = "reduced.h"

_DIRECTIVE = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b(.*)")
_INCLUDE = re.compile(r'\s*#\s*include "(.+)"')
_OFFERS = re.compile(r"// offers: (.*)")
_TOLD = re.compile(r"\s*FINFUZZ_(EVENT|COUNT)\(.*\);")
_HAS = re.compile(r"FINFUZZ_HAS\((\w+)\)")
_NAME = re.compile(r"FINFUZZ_\w+")


@dataclass(frozen=True)
class Selection:
    """What a script has. ``used``: names that FINFUZZ_HAS is true of; ``macros``: the values of the
    other macros of ``reduced.h``."""

    used: Set[str]
    macros: Mapping[str, int]

    def decides(self, condition: str) -> bool:
        """Whether that is a condition on our macros. Raises ValueError for one half ours."""
        names = set(_NAME.findall(condition))
        ours = names & {*self.macros, "FINFUZZ_HAS"}
        left = re.sub(r"\b\d+\b", "", _NAME.sub("", _HAS.sub("", condition)))
        if ours and (ours != names or re.search(r"\w", left)):
            raise ValueError(f"can't decide a part of a condition: {condition.strip()}")
        return bool(ours)

    def holds(self, condition: str) -> bool:
        """The value of a condition that it decides."""
        text = _HAS.sub(lambda match: str(int(match[1] in self.used)), condition)
        text = _NAME.sub(lambda match: str(self.macros[match[0]]), text)
        text = text.replace("&&", " and ").replace("||", " or ")
        return bool(eval(re.sub(r"!(?!=)", " not ", text).strip(), {"__builtins__": {}}))


def one_file(source: Path, choice: Selection) -> list[str]:
    """The lines of a source with its headers in it, each once.

    A header says in its first line which names it offers (`// offers: …`): where the script uses
    none of them it is left out, and so is each line of the source that speaks of its `bind_<stem>`.
    Raises ValueError for a condition that can't be decided and has to be.
    """
    file = _OneFile(choice)
    lines = file.lines_of(source)
    absent = {f"bind_{header.stem}" for header in file.left_out - file.included}
    return [line for line in lines if absent.isdisjoint(re.findall(r"\bbind_\w+", line))]


@dataclass
class _Branch:
    """A condition that is open. ``ours``: decided here; ``kept``: its branch of now is."""

    ours: bool
    kept: bool


@dataclass
class _OneFile:
    choice: Selection
    included: set[Path] = field(default_factory=set)
    left_out: set[Path] = field(default_factory=set)

    def lines_of(self, source: Path) -> list[str]:
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
            # Indented for a condition of ours, it would look odd without.
            ours = all(branch.ours for branch in branches)
            found += self._lines_for(source, re.sub(r"^#\s+", "#", line) if ours else line)
        return found

    def _follow(self, branches: list[_Branch], word: str, condition: str) -> bool:
        """Follows a directive. Says whether it stays in the file."""
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

    def _lines_for(self, source: Path, line: str) -> list[str]:
        include = _INCLUDE.match(line)
        if include is None:
            if line == "#pragma once" or _OFFERS.match(line) or _TOLD.fullmatch(line):
                return []
            return [line.replace(" FINFUZZ_COUNTED", "")]
        header = (source.parent / include[1]).resolve()
        if not self._is_used(header) and source.suffix != ".h":
            self.left_out.add(header)
        elif header not in self.included and header.name != DECIDED:
            self.included.add(header)
            return self.lines_of(header)
        return []

    def _is_used(self, header: Path) -> bool:
        offers = _OFFERS.match(header.read_text(encoding="utf-8"))
        return offers is None or not self.choice.used.isdisjoint(offers[1].split())
