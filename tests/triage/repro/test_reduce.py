"""Sources of ours, less what a script is spared: only conditions of ours are decided."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from finfuzz.targets.extension_plan import name_macro
from finfuzz.targets.frameworks import POLICIES
from finfuzz.triage.repro.reduce import DECIDED, DecidedMacros, flatten
from helpers.places import CHILD

MACROS = {"FINFUZZ_ALONE": 1, "FINFUZZ_WATCH": 0, "FINFUZZ_POLICY_LEAK": 1}
CHOICE = DecidedMacros({"Container", "hook"}, MACROS)


def reduced(folder: Path, **files: str) -> list[str]:
    """What becomes of source.cpp with those headers beside it."""
    for name, text in files.items():
        suffix = "cpp" if name == "source" else "h"
        (folder / f"{name}.{suffix}").write_text(textwrap.dedent(text))
    return flatten(folder / "source.cpp", CHOICE)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("FINFUZZ_ALONE", True),
        ("!FINFUZZ_ALONE", False),
        ("FINFUZZ_WATCH", False),
        ("FINFUZZ_HAS(hook)", True),
        ("FINFUZZ_HAS(Instance)", False),
        ("!FINFUZZ_HAS(Instance)", True),
        ("FINFUZZ_HAS(Instance) || FINFUZZ_HAS(hook)", True),
        ("FINFUZZ_HAS(Container) && !FINFUZZ_HAS(hook)", False),
        ("FINFUZZ_POLICY_LEAK && FINFUZZ_ALONE", True),
        ("!FINFUZZ_POLICY_LEAK", False),
        ("FINFUZZ_HAS(check) || FINFUZZ_POLICY_LEAK", True),
    ],
)
def test_a_condition_of_ours_is_decided(condition: str, holds: bool, tmp_path: Path) -> None:
    source = f"before\n#if {condition}\nyes\n#else\nno\n#endif\nafter\n"
    assert reduced(tmp_path, source=source) == ["before", "yes" if holds else "no", "after"]


@pytest.mark.parametrize(
    "kept",
    [
        "#if PY_VERSION_HEX >= 0x030C0000\na\n#elif defined(X)\nb\n#else\nc\n#endif",
        "#ifndef FINFUZZ_MODULE\n#    define FINFUZZ_MODULE finfuzz_target\n#endif",
        "#ifdef PYBIND11_HAS_SUBINTERPRETER_SUPPORT\n#    include <x.h>\n#endif",
        "#include <vector>",
    ],
)
def test_what_is_not_ours_stays_as_it_is(kept: str, tmp_path: Path) -> None:
    assert reduced(tmp_path, source=kept) == kept.splitlines()


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("#if FINFUZZ_WATCH\n#if X\na\n#else\nb\n#endif\n#endif\nc", "c"),
        ("#if FINFUZZ_ALONE\n#if X\na\n#else\nb\n#endif\n#endif", "#if X\na\n#else\nb\n#endif"),
        ("#if X\n#if FINFUZZ_WATCH\na\n#endif\nb\n#endif", "#if X\nb\n#endif"),
        ("#if FINFUZZ_WATCH\n#    if FINFUZZ_ALONE\na\n#    else\nb\n#    endif\n#endif\nc", "c"),
        ("#if FINFUZZ_ALONE\n#    include <list>\n#endif", "#include <list>"),
    ],
)
def test_conditions_in_each_other(source: str, left: str, tmp_path: Path) -> None:
    assert reduced(tmp_path, source=source) == left.splitlines()


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("    FINFUZZ_EVENT(finfuzz::kHookClear);", []),
        ("FINFUZZ_COUNT(-1);", []),
        ("if (a) FINFUZZ_EVENT(x);", ["if (a) FINFUZZ_EVENT(x);"]),
        ("struct Holder FINFUZZ_COUNTED {", ["struct Holder {"]),
        ("#pragma once", []),
    ],
)
def test_what_only_the_fuzzer_is_told_is_gone(line: str, left: list[str], tmp_path: Path) -> None:
    assert reduced(tmp_path, source=line) == left


def test_headers_of_ours_stand_where_they_are_first_included(tmp_path: Path) -> None:
    assert reduced(
        tmp_path,
        source='#include "a.h"\n#include "b.h"\nsource\n',
        a='#pragma once\n#include "b.h"\na\n',
        b="#pragma once\nb\n",
    ) == ["b", "a", "source"]


def test_a_feature_of_which_nothing_is_used_is_left_out_with_its_row(tmp_path: Path) -> None:
    source = """\
        #include "features.h"
        #define FINFUZZ_ROW(header, names) {names, bind_##header},
            FINFUZZ_FEATURES(FINFUZZ_ROW)
        """
    features = """\
        // hook: Container
        #pragma once
        #include "hooks.h"
        #include "enums.h"
        #define FINFUZZ_FEATURES(FEATURE) \\
            FEATURE(hooks, "hook run")    \\
            FEATURE(enums, "Colour")
        """
    left = reduced(tmp_path, source=source, features=features, hooks="hooks\n", enums="x\n")
    assert left == ["hooks", '    {"hook run", bind_hooks},']


@pytest.mark.parametrize(
    "source",
    [
        "#if FINFUZZ_ALONE && defined(X)\n#endif",
        "#if FINFUZZ_ALONE || FINFUZZ_OTHER\n#endif",
        "#if FINFUZZ_ALONE\n#elif X\n#endif",
    ],
)
def test_what_can_be_decided_by_half_is_an_error(source: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"condition"):
        reduced(tmp_path, source=source)


@pytest.mark.parametrize(
    "source",
    [
        "extensions/pybind11/module.cpp",
        "extensions/nanobind/module.cpp",
        "extensions/cython/module.pyx",
        "extensions/plain_c/module.cpp",
        "repro/capi.cpp",
    ],
)
def test_our_own_sources_leave_nothing_undecided(source: str) -> None:
    names = ["ALONE", "ON_DEMAND", "WATCH", "TWO"]
    macros = {f"FINFUZZ_{name}": 1 for name in names} | {"FINFUZZ_TWO": 0}
    macros |= {name_macro(one): int(one == "released") for one in POLICIES}
    text = "\n".join(flatten(CHILD / source, DecidedMacros(set(), macros)))
    assert "FINFUZZ_" not in re.sub("FINFUZZ_(NAME|TYPES)", "", text)
    assert '#include "' not in text


def test_what_is_decided_is_what_that_header_defines() -> None:
    lines = (CHILD / "common" / DECIDED).read_text(encoding="utf-8").splitlines()
    defined = {line.split()[1].partition("(")[0] for line in lines if line.startswith("#define")}
    names = {"FINFUZZ_ALONE", "FINFUZZ_HAS", "FINFUZZ_ON_DEMAND", "FINFUZZ_TWO", "FINFUZZ_WATCH"}
    assert defined == names
