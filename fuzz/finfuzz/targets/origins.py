"""The origins of packages, as records: what one package's target has in common with all others."""

from __future__ import annotations

from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.frameworks.framework import Framework

#: The control without any extension: what it dies of, a package can't be blamed for.
_BARE = tuple(name for name, record in FRAMEWORKS.items() if record.python_module)

#: Packages by their origin. Each target's own words come from its recipe (``offers.py``).
ORIGINS: dict[str, Framework] = {
    name: Framework(
        name=name,
        summary=summary,
        is_package=True,
        controls=_BARE,
    )
    for name, summary in {
        "wheel": "a package, installed from its wheels",
        "module": "a module that the chosen CPython or virtual environment can import",
        "stdlib": "a module of CPython's standard library",
    }.items()
}
