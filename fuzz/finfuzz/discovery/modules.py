"""The modules that a recipe's code names beside `t`, and how it names them."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: `t` at the beginning of an expression, not in a string or at the end of another name.
_START = r"(?<![\w.'\"])t\."


class Modules:
    """Rewrites code that probes used, and collects what it has to import.

    ``module`` is `t`. ``submodules``: extension modules below it that its own import leaves out.
    A recipe imports where a name is used, so code says `etree.X()` and not `t.etree.X()`.
    """

    def __init__(self, module: str, submodules: Sequence[str]) -> None:
        self.module = module
        self._submodules = {name: _make_alias(name, submodules) for name in submodules}
        self._used: dict[str, None] = {}

    @property
    def imports(self) -> list[str]:
        """What the code so far imports, as a recipe writes it: `io`, `lxml.etree as etree`."""
        return list(self._used)

    def rewrite(self, text: str, *, has_t: bool = True) -> str:
        """Return the code as a recipe has it. ``has_t``: whether `t` is known there."""
        if re.search(r"\bio\.", text):
            self._used["io"] = None
        for name, alias in self._submodules.items():
            below = re.escape(name.removeprefix(f"{self.module}."))
            text, count = re.subn(rf"{_START}{below}\.", f"{alias}.", text)
            if count:
                self._used[f"{name} as {alias}"] = None
        if not has_t:
            alias = _make_alias(self.module, [self.module])
            text, count = re.subn(_START, f"{alias}.", text)
            if count:
                as_alias = "" if alias == self.module else f" as {alias}"
                self._used[f"{self.module}{as_alias}"] = None
        return text


def _make_alias(name: str, names: Sequence[str]) -> str:
    last = name.rpartition(".")[2]
    unique = [other.rpartition(".")[2] for other in names].count(last) == 1
    return last if unique else name.replace(".", "_")
