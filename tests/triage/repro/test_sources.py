"""The C++ beside a script: what the script uses of it, and that it compiles."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from finfuzz.targets.compiler import find_compiler
from finfuzz.targets.features import read_features
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.releases import find_root
from finfuzz.targets.spec import parse_target
from finfuzz.triage.repro.sources import CHILD, write_capi, write_extension, write_reduced

EXTENSIONS = CHILD / "extensions"
OFFERED = sorted(
    {"Container", "Instance", "check"}.union(
        *(
            names
            for folder in ("pybind11", "plain_c")
            for names in read_features(EXTENSIONS / folder).rows.values()
        )
    )
)
ACTIONS = re.findall(
    r'^    \{"(\w+)", \w+\}', (EXTENSIONS / "pybind11/actions.h").read_text(), re.MULTILINE
)
USES = [f"t.{name}" for name in OFFERED] + [f't.action("{name}")' for name in ACTIONS]
USES += ['a.hook("clear", act)', "t.Container", " ".join(f"t.{name}" for name in OFFERED)]
MEANS = ("gil_state", "framework")
CAPI = {
    *("find_framework", "start", "run", "run_elsewhere", "elsewhere", "stop", "stop_elsewhere"),
    *("start_elsewhere", "start_released", "at_once", "run_together", "stop_at_once"),
    *(f"{what}native_{means}" for what in ("", "start_", "stop_") for means in MEANS),
    *("again", "c_exit", "thread_exit", "hold_in_type", "wake_thread"),
}
POLICIES = ("released", "destroy", "leak", "hold")
#: Styles of plain-c; abi3 has words of its own (test_plain_c.py).
STYLES = ("single-phase", "static-types", "globals", "failing-init")
TARGETS = [
    *("plain-c", *(f"plain-c+{one}" for one in STYLES)),
    *(f"pybind11==3.1.0+{one}" for one in POLICIES),
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("uses", USES)
def test_nothing_of_the_fuzzers_is_left(target: str, uses: str) -> None:
    for plain in (True, False):
        text = write_extension(parse_target(target), uses, plain=plain, watch=False)
        assert not re.findall(r"FINFUZZ_\w+|finfuzz::(?:probe|event)|#include \"", text)
        assert len(re.findall(r"^\s*#\s*if", text, re.MULTILINE)) == text.count("#endif")


#: Targets whose controls are reduced.
REDUCIBLE = [
    *(f"pybind11==3.1.0+{one}" for one in POLICIES),
    *(f"nanobind==2.15.0+{one.name}" for one in parse_target("nanobind").record.policies),
]


@pytest.mark.parametrize("target", REDUCIBLE)
def test_a_reduced_build_informs_the_fuzzer(target: str) -> None:
    """As the whole extension does, but of what is left of it."""
    text = write_reduced(parse_target(target), "t.Container() t.Instance() t.Colour")
    assert re.search(r"^extern .+ void finfuzz_attach\(", text, re.MULTILINE)
    assert "FINFUZZ_EVENT(finfuzz::kHook" in text
    assert "FINFUZZ_COUNTED {" in text
    assert "bind_enums" in text
    assert "bind_buffers" not in text
    assert not re.findall(r"FINFUZZ_HAS|FINFUZZ_POLICY|#include \"", text)


@pytest.mark.parametrize("target", REDUCIBLE)
def test_any_part_of_an_extension_can_be_built(target: str) -> None:
    """No condition of its sources is half ours, so that triage never fails over one."""
    spec = parse_target(target)
    names = [
        name
        for rows in read_features(EXTENSIONS / spec.record.sources[0]).rows.values()
        for name in rows
    ]
    for uses in (*names, " ".join(names)):
        text = write_reduced(spec, " ".join(f"t.{name}" for name in uses.split()))
        assert len(re.findall(r"^\s*#\s*if", text, re.MULTILINE)) == text.count("#endif")


def test_a_reduced_build_has_no_table_of_names_without_a_feature() -> None:
    """C++ has no empty arrays."""
    assert "kFeatures" not in write_reduced(parse_target("pybind11==3.1.0"), "t.Container()")


@pytest.mark.parametrize(
    ("target", "uses", "lines"),
    [
        ("pybind11==3.1.0+released", "t.Container a.append", 70),
        ("pybind11==3.1.0+destroy", "t.Container a.append", 120),
        ("pybind11==3.1.0+hold", "t.Container a.append", 130),
        ("pybind11==3.1.0+released", 't.Container a.hook( t.action("create")', 240),
        ("pybind11==3.1.0+released", "t.Unique t.Shared t.set_member", 60),
        ("plain-c", "t.Container a.append", 200),
    ],
)
def test_it_can_be_read_at_one_sitting(target: str, uses: str, lines: int) -> None:
    text = write_extension(parse_target(target), uses, plain=True, watch=False)
    assert len(text.splitlines()) <= lines


@pytest.mark.parametrize(
    ("uses", "there", "absent"),
    [
        ("t.Container", {"Container"}, {"Instance", "Act", "Holder", "apply_policy"}),
        ("t.Unique", {"Unique", "Instance"}, {"Shared", "Container"}),
        ('t.action("create")', {"create", "Act", "Instance"}, {"cast_back", "convert"}),
        ("t.same", {"Instance", "same"}, {"Wrapped", "value_of"}),
        ("t.raise_error", {"Error"}, {"LocalError", "KeptError"}),
        (
            'start(None, "framework")',
            {"finfuzz_create_subinterpreter"},
            {"Unique", "finfuzz_with_gil", "finfuzz_create_subinterpreter_released"},
        ),
        ("capi.start_released", {"Instance"}, {"finfuzz_with_gil"}),
        ("capi.stop_native_framework", {"finfuzz_with_gil"}, {"finfuzz_create_subinterpreter"}),
        ("t.Colour", {"Colour", "Shade"}, {"NativeColour"}),
    ],
)
def test_what_is_used_is_there_with_what_it_needs(
    uses: str, there: set[str], absent: set[str]
) -> None:
    spec = parse_target("pybind11==3.1.0+released")
    words = set(re.findall(r"\w+", write_extension(spec, uses, plain=True, watch=False)))
    assert there <= words
    assert not absent & words


def test_on_demand_it_is_bound_when_it_is_asked_for() -> None:
    spec = parse_target("pybind11==3.1.0+released")
    plain, near = (
        write_extension(spec, "t.Unique", plain=one, watch=False) for one in (True, False)
    )
    assert "__getattr__" in near
    assert "__getattr__" not in plain
    # With nothing to ask for they are the same.
    plain, near = (
        write_extension(spec, "t.Container", plain=one, watch=False) for one in (True, False)
    )
    assert plain == near


@pytest.mark.parametrize("target", ["pybind11==3.0.1,3.0.2", "pybind11==3.1.0", "plain-c"])
def test_a_name_of_its_own_is_given_where_there_are_two(target: str) -> None:
    spec = parse_target(target)
    text = write_extension(spec, "t.Container t2.Container", plain=True, watch=False)
    assert ("FINFUZZ_MODULE" in text) is (spec.second is not None)


@pytest.mark.parametrize(
    ("script", "inside", "there", "absent"),
    [
        ("", {"leak"}, {"leak"}, {"start", "thread_dict", "finfuzz"}),
        (
            'capi.start capi.run start(None, "legacy")',
            set(),
            {"Py_NewInterpreter"},
            {"create_by_config"},
        ),
        (
            'capi.start capi.run start(None, "isolated")',
            set(),
            {"create_by_config"},
            {"call_stdlib"},
        ),
        ('capi.start capi.run start(i, "stdlib")', set(), {"call_stdlib"}, {"create_by_config"}),
        ("capi.again", set(), {"schedule_life"}, {"Py_EndInterpreter"}),
        ("capi.thread_exit", set(), {"run_on_another_thread"}, {"run_under_new_state"}),
    ],
)
def test_capi_has_what_is_called(
    script: str, inside: set[str], there: set[str], absent: set[str]
) -> None:
    words = set(re.findall(r"\w+", write_capi(script, inside)))
    assert there <= words
    assert not absent & words
    assert not re.search(r"FINFUZZ_|#include \"", write_capi(script, inside))


#: The last is for the C API's own way to fill a struct from its beginning.
OPTIONS = (
    *("-std=c++17", "-Wall", "-Wextra", "-Wno-cast-function-type"),
    "-Wno-missing-field-initializers",
)


@pytest.fixture(scope="module")
def compiled_header(pythons: list[Interpreter], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Python.h in gcc's compiled form, which is most of the work of a short source.

    Another compiler passes it over, and so does gcc behind any other `#include`.
    """
    folder = tmp_path_factory.mktemp("header")
    include = next(one for one in pythons[0].includes if (one / "Python.h").exists())
    folders = [f"-I{one}" for one in pythons[0].includes]
    header = ["-x", "c++-header", include / "Python.h", "-o", folder / "Python.h.gch"]
    subprocess.run([find_compiler(), *OPTIONS, *folders, *header], check=False)
    return folder


def compiles(text: str, folder: Path, python: Interpreter, *includes: Path) -> str:
    """What the compiler has to say of it. ``includes``: searched before those of the CPython."""
    (folder / "source.cpp").write_text(text, encoding="utf-8")
    folders = [f"-I{folder}" for folder in (*includes, *python.includes)]
    command = [find_compiler(), *OPTIONS, "-fsyntax-only", *folders]
    done = subprocess.run(
        [*command, folder / "source.cpp"], capture_output=True, text=True, check=False
    )
    return done.stderr


@pytest.mark.parametrize("name", sorted(CAPI))
def test_capi_compiles(
    name: str, tmp_path: Path, pythons: list[Interpreter], compiled_header: Path
) -> None:
    uses = f'capi.{name} start(None, "isolated")'
    if "run" in name or "st" in name:
        uses += " capi.start"
    if "framework" in name or "released" in name:
        uses += ' capi.find_framework start(None, "framework")'
    text = write_capi(uses, {"leak", "interpreter_dict"})
    assert compiles(text, tmp_path, pythons[0], compiled_header) == ""


@pytest.mark.parametrize("uses", USES)
def test_plain_c_compiles(
    uses: str, tmp_path: Path, pythons: list[Interpreter], compiled_header: Path
) -> None:
    text = write_extension(parse_target("plain-c"), uses, plain=True, watch=False)
    assert compiles(text, tmp_path, pythons[0], compiled_header) == ""


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("plain", [True, False])
def test_a_style_of_plain_c_compiles(
    style: str, plain: bool, tmp_path: Path, pythons: list[Interpreter], compiled_header: Path
) -> None:
    spec = parse_target(f"plain-c+{style}")
    text = write_extension(spec, USES[-1], plain=plain, watch=False)
    assert compiles(text, tmp_path, pythons[0], compiled_header) == ""


@pytest.mark.parametrize(
    ("style", "there", "absent"),
    [
        ("released", {"PyModuleDef_Init"}, {"create_module", "get_global", "fails_late"}),
        ("single-phase", {"create_module"}, {"PyModuleDef_Init", "PyModuleDef_Slot"}),
        ("static-types", {"ready_static_type"}, {"PyType_FromModuleAndSpec", "get_global"}),
        ("globals", {"get_global"}, {"ready_static_type", "PER_INTERPRETER_GIL"}),
        ("failing-init", {"fails_early", "fails_late"}, {"get_global", "ready_static_type"}),
    ],
)
def test_a_style_has_its_own_code_alone(style: str, there: set[str], absent: set[str]) -> None:
    text = write_extension(parse_target(f"plain-c+{style}"), USES[-1], plain=True, watch=False)
    words = set(re.findall(r"\w+", text))
    assert there <= words
    assert not absent & words


@pytest.mark.slow
@pytest.mark.parametrize("uses", [*USES, "capi.find_framework"])
def test_pybind11_compiles(uses: str, tmp_path: Path, pythons: list[Interpreter]) -> None:
    spec = parse_target("pybind11==3.1.0+released")
    text = write_extension(spec, uses, plain=True, watch=True)
    assert compiles(text, tmp_path, pythons[0], find_root(spec)) == ""


@pytest.mark.slow
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    ("version", "uses"),
    [
        ("3.0.0", USES[-1]),
        ("3.0.1,3.0.2", USES[-1]),
        ("3.1.0", "t.Container"),
        ("3.1.0", "t.Unique"),
    ],
    ids=["all-3.0.0", "all-two", "container", "without-container"],
)
def test_every_policy_compiles(
    version: str, uses: str, policy: str, tmp_path: Path, pythons: list[Interpreter]
) -> None:
    spec = parse_target(f"pybind11=={version}+{policy}")
    text = write_extension(spec, uses, plain=False, watch=True)
    assert compiles(text, tmp_path, pythons[0], find_root(spec)) == ""
