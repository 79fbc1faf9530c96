"""Write the C++ that a script compiles: a file a module, reduced to what the script uses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from pathlib import Path

from finfuzz.targets.extension_plan import name_macro
from finfuzz.targets.features import read_features
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.repro.reduce import DecidedMacros, flatten
from finfuzz.triage.repro.tidy import tidy_lines, tidy_source

CHILD = Path(__file__).resolve().parents[2] / "child"

#: Further names that a name of capi needs, without any `capi.name` in the script.
_APART = ("apart", "another_thread")
_NATIVE = (*_APART, "native")
_TASKS = (*_APART, "tasks")
_START_AT = ("start_at", "take_over")
_STOP_AT = ("stop_at", "take_over")
_CAPI_NEEDS = {
    "elsewhere": (*_APART, "call_at"),
    "native_gil_state": (*_NATIVE, "call_at"),
    "native_framework": (*_NATIVE, "call_at", "with_gil"),
    "run_elsewhere": (*_APART, "run_from_thread"),
    "start_elsewhere": (*_APART, "run_from_thread", *_START_AT),
    "start_native_gil_state": (*_NATIVE, *_START_AT),
    "start_native_framework": (*_NATIVE, *_START_AT, "with_gil"),
    "stop_elsewhere": (*_APART, *_STOP_AT),
    "stop_native_gil_state": (*_NATIVE, *_STOP_AT),
    "stop_native_framework": (*_NATIVE, *_STOP_AT, "with_gil"),
    "at_once": _TASKS,
    "run_together": _TASKS,
    "stop_at_once": (*_TASKS, "take_over"),
    "thread_exit": ("another_thread",),
}
#: Names of capi that a flavour of interpreters needs, where not `by_config` alone.
_FLAVOURS_NEED = {
    "legacy": (),
    "framework": ("framework", "by_config"),
    "stdlib": ("stdlib",),
    "concurrent": ("stdlib", "concurrent"),
}
_USED = (
    re.compile(r"\bt2?\.(\w+)"),
    re.compile(r"\.(hook)\("),
    re.compile(r'\.action\("(\w+)"\)'),
    re.compile(r"\bcapi\.(start_released)\b"),
    re.compile(r"\bcapi\.\w*(native_framework)\b"),
    re.compile(r"\bstart\(\w+, \"(framework)\""),
    re.compile(r"\bsys\.(finfuzz_fails)\b"),
)
#: Names of an extension that no row of its features binds.
_NO_FEATURES = frozenset(
    (
        *("Container", "Instance", "check", "finfuzz_fails", "framework", "native_framework"),
        *("start_released", "hook", "set_act", "is_a"),
    )
)
_AT_ONCE = re.compile(r"\bcapi\.(at_once|run_together)\b")
_START = re.compile(r"\bstart\(\w+, \"([\w-]+)\"")


def write_extension(spec: TargetSpec, script: str, *, plain: bool, watch: bool) -> str:
    """Write a target's extension, for one module or two, with the features that a script uses.

    ``plain``: bind the features at import, not at their first use. ``watch``: report when the
    internals are created again.
    """
    used = _find_used(spec, script)
    # On demand is for one thread.
    on_demand = bool(used - _NO_FEATURES) and not plain and not _AT_ONCE.search(script)
    macros = {
        "FINFUZZ_ALONE": 1,
        "FINFUZZ_ON_DEMAND": int(on_demand),
        "FINFUZZ_TWO": int(spec.second is not None),
        "FINFUZZ_WATCH": int(watch),
    }
    main = _find_main(spec)
    lines = flatten(main, _decide(spec, used, macros))
    if spec.second is None:
        lines = [line.replace('FINFUZZ_NAME "', '"finfuzz_target') for line in lines]
        lines = [line.replace("FINFUZZ_NAME", '"finfuzz_target"') for line in lines]
        lines = [line.replace("FINFUZZ_TYPES", "namespace") for line in lines]
    return tidy_source(lines) if main.suffix == ".cpp" else tidy_lines(lines)


def write_reduced(spec: TargetSpec, script: str) -> str:
    """Write a target's extension as the fuzzer builds it, with the features that a script uses."""
    used = _find_used(spec, script)
    macros = {
        "FINFUZZ_ALONE": 0,
        "FINFUZZ_ON_DEMAND": int(bool(used - _NO_FEATURES)),
        "FINFUZZ_TWO": 1,
        "FINFUZZ_WATCH": 1,
    }
    return "".join(f"{line}\n" for line in flatten(_find_main(spec), _decide(spec, used, macros)))


def _find_main(spec: TargetSpec) -> Path:
    sources = spec.record.find_policy(spec.policy).sources or spec.record.sources
    return CHILD / "extensions" / sources[0] / spec.record.main_source


def _find_used(spec: TargetSpec, script: str) -> set[str]:
    """Find the names of a target's extension that a script uses, with all that they need."""
    used = {name for pattern in _USED for name in pattern.findall(script)}
    used = _add_needs(used, read_features(_find_main(spec).parent).needs)
    if "Container" not in used:
        used.add("Instance")  # a module without any type would hardly be an extension
    return used


def _decide(spec: TargetSpec, used: Set[str], macros: Mapping[str, int]) -> DecidedMacros:
    policies = {name_macro(one): int(one == spec.policy) for one in spec.record.policy_names}
    return DecidedMacros(used, {**macros, **policies})


def read_python_module(spec: TargetSpec) -> str:
    """Read the module that stands in for an extension."""
    return (CHILD / "extensions" / spec.record.python_module).read_text(encoding="utf-8")


def write_capi(script: str, inside: Set[str]) -> str:
    """Write the module capi. ``inside``: functions of the platform that it has to define."""
    used = _add_needs({*re.findall(r"\bcapi\.(\w+)", script), *inside}, _CAPI_NEEDS)
    for flavour in _START.findall(script):
        used |= {*_FLAVOURS_NEED.get(flavour, ("by_config",))}
    return tidy_source(
        flatten(CHILD / "repro" / "capi.cpp", DecidedMacros(used, {"FINFUZZ_ALONE": 1}))
    )


def write_after_main() -> str:
    """Write the library that is preloaded for a script with several lives."""
    return tidy_source(flatten(CHILD / "common" / "after_main.cpp", DecidedMacros(set(), {})))


def _add_needs(used: set[str], needs: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return the names with all that they need, directly or not."""
    found = set(used)
    waiting = list(used)
    while waiting:
        new = set(needs.get(waiting.pop(), ())) - found
        found |= new
        waiting.extend(new)
    return found
