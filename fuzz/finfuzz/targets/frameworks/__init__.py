"""The frameworks: one module of this folder each."""

from __future__ import annotations

import importlib
import pkgutil

from finfuzz.targets.frameworks.framework import Framework


def _find() -> list[Framework]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    records = [module.FRAMEWORK for module in modules if hasattr(module, "FRAMEWORK")]
    return sorted(records, key=lambda record: (record.releases is None, record.name))


#: Every framework whose crashes are recognized, by name; those with releases first.
KNOWN: dict[str, Framework] = {record.name: record for record in _find()}
#: The frameworks that can be fuzzed, by name.
FRAMEWORKS: dict[str, Framework] = {
    name: record for name, record in KNOWN.items() if record.is_target
}
#: The framework that finfuzz fuzzes by default.
DEFAULT = next(name for name, record in FRAMEWORKS.items() if record.default)

#: Every policy that some framework has, in the frameworks' order.
POLICIES = tuple(
    dict.fromkeys(name for record in FRAMEWORKS.values() for name in record.policy_names)
)


def join_or(words: list[str]) -> str:
    """Join words as a sentence does: `a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
