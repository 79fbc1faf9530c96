"""The gate: calls of CPython by an extension that is not instrumented, counted and judged."""

from __future__ import annotations

import dataclasses
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.shared_memory import EVENT_COUNTERS
from finfuzz.executor.zygote import Executor
from finfuzz.program.text import parse
from finfuzz.targets.build import Build
from finfuzz.targets.compiler import find_compiler
from finfuzz.targets.gate import CALL_SITES
from finfuzz.triage.diagnosis import diagnose
from finfuzz.triage.diagnosis.symbols import name_stack

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the gate is for x86-64")

Gated = Callable[[str], Build]
IMPORT = "finfuzz 1\nimport\n"
AFTER, DETACHED = "api-after-finalization", "api-without-thread-state"


@pytest.fixture(scope="session")
def rules(plain_c: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension of gate_example.cpp, compiled for that CPython."""
    made = tmp_path_factory.mktemp("rules") / "rules.so"
    includes = [f"-I{folder}" for folder in plain_c.interpreter.includes]
    flags = ["-std=c++17", "-O0", "-g", "-fPIC", "-shared", "-pthread", *includes]
    source = Path(__file__).with_name("gate_example.cpp")
    subprocess.run([find_compiler(), *flags, source, "-o", made], check=True)
    return made


@pytest.fixture
def gated(fake: Gated, rules: Path, tmp_path: Path) -> Gated:
    """Return a function that makes a gated build, of which a Python module uses that extension.

    Each call replaces the module of the call before.
    """

    def make(source: str) -> Build:
        (tmp_path / "linked.so").unlink(missing_ok=True)
        top = f"import sys; sys.path.append({str(rules.parent)!r}); import rules\n"
        return dataclasses.replace(fake(top + source), blocks=CALL_SITES, gated=(rules,))

    return make


def run_and_count(executor: Executor, text: str) -> tuple[Outcome, frozenset[int]]:
    executor.shared.clear_counters()
    outcome = executor.run(parse(text))
    return outcome, frozenset(n for n in executor.shared.covered() if n >= EVENT_COUNTERS)


def count_sites(build: Build, text: str = IMPORT) -> frozenset[int]:
    with Executor(build) as executor:
        outcome, sites = run_and_count(executor, text)
    assert (outcome.signal, outcome.took[2]) == (None, 0), outcome.stderr
    return sites


def judge(build: Build, text: str = IMPORT) -> list[tuple[str, str, str]]:
    """Return rule, function and module of each judged call, of a program that survives."""
    outcome = run_fresh(build, parse(text))
    assert (outcome.signal, outcome.took[2]) == (None, 0), outcome.stderr
    return [(call.rule, call.function, call.module) for call in outcome.judged]


def name_functions(frames: object) -> list[str]:
    return [frame.function for frame in name_stack(frames)]  # type: ignore[arg-type]


# ---- counted ----------------------------------------------------------------------------------


def test_the_same_calls_are_the_same_features(gated: Gated) -> None:
    build = gated("rules.format()")
    first = count_sites(build)
    with Executor(build) as executor:
        assert [run_and_count(executor, IMPORT)[1] for _ in range(2)] == [first, first]


def test_each_call_site_has_a_feature_of_its_own(gated: Gated) -> None:
    one = count_sites(gated("rules.call('take_reference')"))
    both = count_sites(gated("rules.call('take_reference'); rules.call('drop_reference')"))
    assert one < both
    assert len(both - one) == 1


def test_a_call_at_another_stage_is_another_feature(gated: Gated) -> None:
    running = count_sites(gated("rules.capsule()"))
    ending = count_sites(gated("kept = rules.capsule()"))
    assert len(running - ending) == len(ending - running) == 1


def test_a_call_in_a_subinterpreter_is_another_feature(gated: Gated) -> None:
    build = gated("rules.call('take_reference')")
    main = count_sites(build)
    both = count_sites(build, f"{IMPORT}start i legacy\nenter i\nimport\nstop i\n")
    assert main < both


def test_another_life_has_the_same_features_as_the_first(gated: Gated) -> None:
    build = gated("rules.capsule()")
    assert count_sites(build, f"{IMPORT}again\nimport\n") == count_sites(build)


def test_only_what_lies_under_the_gated_paths_is_counted(gated: Gated, tmp_path: Path) -> None:
    build = gated("rules.call('take_reference'); rules.call_at_end('take_reference')")
    folder = dataclasses.replace(build, gated=(build.gated[0].parent,))
    other = dataclasses.replace(build, gated=(tmp_path / "rules",))
    assert count_sites(folder) == count_sites(build) != frozenset()
    assert (count_sites(other), judge(other)) == (frozenset(), [])


LOADS_ITSELF = """
import ctypes, gc
library = ctypes.PyDLL(sys.path[-1] + "/later.so")
gc.callbacks.append(lambda *_: library.take_reference())
"""


def test_a_library_that_no_import_has_loaded_is_gated_after_the_step(
    gated: Gated, rules: Path
) -> None:
    later = rules.with_name("later.so")
    later.write_bytes(rules.read_bytes())
    build = dataclasses.replace(gated(LOADS_ITSELF), gated=(later,))
    ending = count_sites(build)  # the last collection alone
    assert len(ending) == 1
    assert len(count_sites(build, f"{IMPORT}collect\n") - ending) == 1


# ---- judged -----------------------------------------------------------------------------------

JUDGED = [
    ("take_reference", [DETACHED], [AFTER]),
    ("drop_reference", [DETACHED], [AFTER]),
    ("read_flags", [DETACHED], [AFTER]),
    ("jump", [DETACHED], [AFTER]),
    ("take_gil", [], None),  # crashes after finalization
    ("use_raw_memory", [], []),
    ("read_facts", [], []),
]


@pytest.mark.parametrize(("name", "detached", "_"), JUDGED, ids=str)
def test_calls_without_a_thread_state(
    gated: Gated, name: str, detached: list[str], _: object
) -> None:
    found = judge(gated(f"assert rules.call_detached({name!r}) == 77"))
    assert [(rule, module) for rule, _, module in found] == [
        (rule, "rules.so") for rule in detached
    ]


@pytest.mark.parametrize(("name", "_", "after"), JUDGED, ids=str)
def test_calls_after_finalization(
    gated: Gated, name: str, _: object, after: list[str] | None
) -> None:
    build = gated(f"rules.call_at_end({name!r})")
    if after is not None:
        assert [rule for rule, _, _ in judge(build)] == after
        assert [rule for rule, _, _ in judge(build, f"{IMPORT}again\nimport\n")] == after


@pytest.mark.parametrize("name", [name for name, *_ in JUDGED])
def test_calls_with_a_thread_state(gated: Gated, name: str) -> None:
    build = gated(f"rules.call({name!r})")
    assert judge(build, f"{IMPORT}again\nimport\n") == []
    if name != "take_gil":  # which is for the main interpreter alone
        assert judge(build, "finfuzz 1\nstart i legacy\nenter i\nimport\nstop i\n") == []


def test_a_judged_call_has_its_place_and_its_stack(gated: Gated, rules: Path) -> None:
    outcome = run_fresh(gated("rules.call_at_end('take_reference')"), parse(IMPORT))
    (call,) = outcome.judged
    assert (call.function, call.phase) == ("Py_IncRef", "exited/dict-cleared")
    assert call.site.module == str(rules)
    assert call.site in call.frames
    functions = name_functions(call.frames)
    begin = functions.index("take_reference")
    assert functions[begin : begin + 2] == ["take_reference", "destroy_statics"]


def test_a_rule_that_an_early_import_broke_has_its_place(
    gated: Gated, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The zygote kept the call for its children, and not where its files lie."""
    monkeypatch.setattr(Build, "imports_early", True)
    build = gated("rules.call_detached('take_reference')")
    with Executor(build) as executor:
        outcomes = [executor.run(parse(IMPORT)) for _ in range(2)]
    found = [call for outcome in outcomes for call in outcome.judged]
    assert [call.site.module for call in found] == [str(rules)] * 2
    assert all(call.site in call.frames for call in found)


def test_each_call_site_is_judged_once(gated: Gated) -> None:
    """However many threads come there at once, two of them may have been the first."""
    found = judge(gated("rules.call_at_once()"))
    assert set(found) == {(DETACHED, "Py_IncRef", "rules.so")}
    assert len(found) <= 4


def test_a_program_that_survives_is_diagnosed(gated: Gated) -> None:
    source = "rules.call_detached('take_reference'); rules.call_detached('drop_reference')"
    outcome = run_fresh(gated(source), parse(IMPORT))
    (found,) = diagnose(outcome, 2048)
    assert (str(found), found.phase) == (f"NONE/{DETACHED}", "running")
    assert found.frames == ("Py_IncRef", "rules", "take_reference")
    assert found.detail.startswith("Py_IncRef: called by rules.so+0x")


def test_a_process_that_crashes_in_a_judged_call_crashes_of_it(gated: Gated) -> None:
    outcome = run_fresh(gated("rules.call_at_end('drop_nothing')"), parse(IMPORT))
    (found,) = diagnose(outcome, 2048)
    assert (str(found), found.frames[0]) == (f"SIGSEGV/{AFTER}", "Py_DecRef")


def test_a_judged_call_before_a_crash_of_another_cause_stands_beside_it(gated: Gated) -> None:
    source = "rules.call_detached('take_reference'); rules.call('drop_nothing')"
    outcome = run_fresh(gated(source), parse(IMPORT))
    assert [str(one) for one in diagnose(outcome, 2048)] == ["SIGSEGV/none", f"NONE/{DETACHED}"]


# ---- unseen -----------------------------------------------------------------------------------


def test_arguments_arrive_in_every_register(gated: Gated) -> None:
    expected = "1 1.5 two 2.5 3 3.5 4.5 4 5.5 6.5 7.5 8.5 9.5"
    count_sites(gated(f"assert rules.format() == {expected!r}"))


def test_exceptions_pass(gated: Gated) -> None:
    count_sites(gated("assert rules.catch_through_python() == 7"))


def test_a_crash_has_the_stack_that_it_has_without_the_gate(gated: Gated) -> None:
    build = gated("rules.call('drop_nothing')")
    crashed = run_fresh(build, parse(IMPORT))
    bare = run_fresh(dataclasses.replace(build, blocks=0, gated=()), parse(IMPORT))
    assert name_functions(crashed.frames) == name_functions(bare.frames)
    assert "drop_nothing" in name_functions(crashed.frames)


PRINTS_PROTECTIONS = """
with open("/proc/self/maps") as maps:
    for line in maps:
        if "rules.so" in line: print(line.split()[1:3], file=sys.stderr)
"""


def test_memory_stays_protected(gated: Gated) -> None:
    build = gated(PRINTS_PROTECTIONS)
    bare = dataclasses.replace(build, blocks=0, gated=())
    assert run_fresh(build, parse(IMPORT)).stderr == run_fresh(bare, parse(IMPORT)).stderr != ""
