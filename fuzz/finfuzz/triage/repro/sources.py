"""The C++ that a script compiles, each in one file and reduced to what the script uses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from pathlib import Path

from finfuzz.targets.features import features_in
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.repro.reduce import Selection, one_file
from finfuzz.triage.repro.tidy import tidied

CHILD = Path(__file__).resolve().parents[2] / "child"

#: What else a name of capi needs, not told by any `capi.name` in the script.
_CAPI_NEEDS = {
    "elsewhere": ("another_thread",),
    "find_framework": ("framework", "by_config"),
    "run_elsewhere": ("another_thread",),
    "stop_elsewhere": ("another_thread",),
    "thread_exit": ("another_thread",),
}
#: What flavours of interpreters need of capi, where that is not `by_config` alone.
_FLAVOURS_NEED = {"legacy": (), "framework": ("framework", "by_config"), "stdlib": ("stdlib",)}
_USED = (
    re.compile(r"\bt2?\.(\w+)"),
    re.compile(r"\.(hook)\("),
    re.compile(r'\.action\("(\w+)"\)'),
    re.compile(r"\bcapi\.(find_framework)\b"),
)
_START = re.compile(r"\bstart\(\w+, \"([\w-]+)\"\)")


def extension(spec: TargetSpec, script: str, *, plain: bool, watch: bool) -> str:
    """The extension of a target, one module of it or two, with what this script uses.

    ``plain``: all of that is bound when the module is imported, not when it is first asked for.
    ``watch``: it says so when its internals are made again.
    """
    used = {name for pattern in _USED for name in pattern.findall(script)}
    record = spec.record
    folder = CHILD / "extensions" / record.sources[0]
    used = _closed(used, features_in(folder).needs)
    if "Container" not in used:
        used.add("Instance")  # a module without any type is no extension to speak of
    features = used - {
        "Container",
        "Instance",
        "check",
        "find_framework",
        "hook",
        "set_act",
        "is_a",
    }
    macros = {
        "FINFUZZ_ALONE": 1,
        "FINFUZZ_ON_DEMAND": int(bool(features) and not plain),
        "FINFUZZ_TWO": int(spec.second is not None),
        "FINFUZZ_WATCH": int(watch),
        **{f"FINFUZZ_POLICY_{one.upper()}": int(one == spec.policy) for one in record.policy_names},
    }
    lines = one_file(folder / "module.cpp", Selection(used, macros))
    if spec.second is None:
        lines = [line.replace('FINFUZZ_NAME "', '"finfuzz_target') for line in lines]
        lines = [line.replace("FINFUZZ_NAME", '"finfuzz_target"') for line in lines]
    return tidied(lines)


def python_module(spec: TargetSpec) -> str:
    """Read the module that stands in for an extension."""
    return (CHILD / "extensions" / spec.record.python_module).read_text(encoding="utf-8")


def capi(script: str, inside: Set[str]) -> str:
    """The module capi. ``inside``: functions of the platform that are taken from it."""
    used = _closed({*re.findall(r"\bcapi\.(\w+)", script), *inside}, _CAPI_NEEDS)
    for flavour in _START.findall(script):
        used |= {*_FLAVOURS_NEED.get(flavour, ("by_config",))}
    return tidied(one_file(CHILD / "repro" / "capi.cpp", Selection(used, {"FINFUZZ_ALONE": 1})))


def _closed(used: set[str], needs: Mapping[str, tuple[str, ...]]) -> set[str]:
    """With what those need, and what that needs."""
    found = set(used)
    waiting = list(used)
    while waiting:
        new = set(needs.get(waiting.pop(), ())) - found
        found |= new
        waiting.extend(new)
    return found
