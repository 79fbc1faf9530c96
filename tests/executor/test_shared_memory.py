"""Parent and child mean the same bytes: `shared_memory.py` against `child/native/shared.h`."""

import ctypes
import re
import subprocess
from pathlib import Path

import pytest

from finfuzz.executor import judged, outcome, phases, shared_memory
from finfuzz.executor.limits import Limits
from finfuzz.executor.shared_memory import Event, Facts, Header, JudgedCall, Life, SharedMemory
from finfuzz.support.errors import UserError
from finfuzz.targets.compiler import find_compiler
from helpers.places import CHILD

STRUCTS = {"Event": Event, "Life": Life, "JudgedCall": JudgedCall, "Facts": Facts, "Shared": Header}


def constant(name: str) -> int:
    found = re.search(rf"\b{name} = (\d+);", (CHILD / "native/shared.h").read_text())
    assert found is not None
    return int(found[1])


def enumerators(file: str, name: str) -> list[str]:
    """Names of an enum whose values are 0, 1, 2, …"""
    code = re.sub(r"//.*", "", (CHILD / file).read_text())
    found = re.search(rf"enum {name}\b[^{{]*{{([^}}]*)}}", code)
    assert found is not None
    entries = [entry.split("=") for entry in found[1].replace(" ", "").split(",") if entry.strip()]
    for number, (_, *value) in enumerate(entries):
        assert not value or int(value[0]) == number
    return [entry[0].strip() for entry in entries]


def words(enumerator: str) -> str:
    """``kHookModulesCleared`` as ``hook-modules-cleared``."""
    return "-".join(re.findall("[A-Z][a-z]*", enumerator)).lower()


# ---- the layout -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int]]:
    """Offset and size of every field as the compiler has them."""
    try:
        compiler = find_compiler()
    except UserError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("layout")
    fields = [(name, *field[:1]) for name, struct in STRUCTS.items() for field in struct._fields_]
    lines = [
        f'std::printf("{struct}.{field} %zu %zu\\n", offsetof(finfuzz::{struct}, {field}), '
        f"sizeof(finfuzz::{struct}::{field}));"
        for struct, field in fields
    ]
    (folder / "layout.cpp").write_text(
        '#include <cstdio>\n#include "shared.h"\nint main() {\n' + "\n".join(lines) + "\n}\n"
    )
    command = [compiler, "-std=c++17", "-w", f"-I{CHILD / 'native'}", "layout.cpp", "-o", "layout"]
    subprocess.run(command, cwd=folder, check=True)
    told = subprocess.run([folder / "layout"], capture_output=True, text=True, check=True).stdout
    return {
        name: (int(offset), int(size)) for name, offset, size in map(str.split, told.splitlines())
    }


@pytest.mark.parametrize("name", STRUCTS)
def test_every_field_lies_where_the_runtime_has_it(
    name: str, layout: dict[str, tuple[int, int]]
) -> None:
    struct = STRUCTS[name]
    mine = {
        f"{name}.{field[0]}": (getattr(struct, field[0]).offset, getattr(struct, field[0]).size)
        for field in struct._fields_
    }
    assert mine == {field: at for field, at in layout.items() if field.startswith(f"{name}.")}


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (shared_memory.LAYOUT, "kLayout"),
        (shared_memory.PROGRAM_BYTES, "kProgramBytes"),
        (shared_memory.MAPS_BYTES, "kMapsBytes"),
        (shared_memory.FRAMES, "kFrames"),
        (shared_memory.EVENTS, "kEvents"),
        (shared_memory.LIVES, "kInterpreters"),
        (shared_memory.EVENT_COUNTERS, "kEventCounters"),
        (shared_memory.JUDGED_CALLS, "kJudgedCalls"),
        (shared_memory.JUDGED_FRAMES, "kJudgedFrames"),
        (shared_memory.NAME_BYTES, "kNameBytes"),
        (shared_memory.MODULE_BYTES, "kModuleBytes"),
        (shared_memory.GATED_BYTES, "kGatedBytes"),
    ],
)
def test_constants(mine: int, theirs: str) -> None:
    assert mine == constant(theirs)


@pytest.mark.parametrize(
    ("mine", "enum", "ending"),
    [
        (phases.PROGRESS, "Progress", ""),
        (phases.CLEARED, "Cleared", "-cleared"),
        (outcome.INTERNALS, "Internals", ""),
    ],
)
def test_states(mine: tuple[str, ...], enum: str, ending: str) -> None:
    theirs = [words(name) + ending for name in enumerators("native/shared.h", enum)]
    assert len(mine) == len(theirs)
    assert list(mine[1:]) == theirs[1:]
    assert mine[0] in {theirs[0], ""}  # nothing cleared is not spoken of


def test_there_are_lives_for_all_that_a_program_can_start() -> None:
    shortest = "start a legacy\nstop a\n"
    assert shared_memory.PROGRAM_BYTES // len(shortest) + 1 < shared_memory.LIVES


def test_rules() -> None:
    theirs = [words(name) for name in enumerators("native/shared.h", "Rule")]
    assert list(judged.RULES) == ["", *theirs[1:]]


# ---- the mapping ------------------------------------------------------------------------------


def test_preparing_zeroes_the_facts_and_nothing_else() -> None:
    memory = SharedMemory(10, 3)
    memory.header.facts.step = 7
    memory.header.facts.microseconds = 1 << 40
    ctypes.memset(memory.counters_address, 1, 3)
    memory.prepare("finfuzz 1\nimport\n", Limits(deadline=1.5, memory_mib=77))
    header = memory.header
    assert bytes(header.facts) == bytes(ctypes.sizeof(Facts))
    assert (header.deadline_ms, header.memory_mib) == (1500, 77)
    assert header.program[: header.program_length] == b"finfuzz 1\nimport\n"
    assert (header.layout, header.size) == (shared_memory.LAYOUT, ctypes.sizeof(Header))
    assert (header.block_count, header.second_block_count) == (10, 3)
    assert memory.covered() == {0, 1, 2}
    memory.close()


def test_a_shorter_program_has_nothing_of_the_longer_one_before_it() -> None:
    memory = SharedMemory(0)
    memory.prepare("finfuzz 1\nimport\n", Limits())
    memory.prepare("finfuzz 1\n", Limits())
    assert memory.header.program_length == len("finfuzz 1\n")
    assert memory.header.program == b"finfuzz 1\n"
    memory.close()


@pytest.mark.parametrize("blocks", [(0, 0), (1, 0), (5000, 0), (5000, 70)])
def test_counters_are_those_of_events_and_of_blocks(blocks: tuple[int, int]) -> None:
    memory = SharedMemory(*blocks)
    last = shared_memory.EVENT_COUNTERS + sum(blocks) - 1
    assert memory.counters == last + 1
    assert memory.counters_address % 4096 == 0
    ctypes.memset(memory.counters_address + last, 255, 1)
    assert memory.covered() == {last}
    memory.clear_counters()
    assert memory.covered() == frozenset()
    memory.close()


def test_each_gated_path_ends_with_a_zero_and_all_with_another() -> None:
    memory = SharedMemory(0, gated=[Path("/a b"), Path("/c")])
    at = ctypes.addressof(memory.header) + Header.gated.offset
    assert ctypes.string_at(at, 9) == b"/a b\0/c\0\0"
    memory.close()


def test_gated_paths_that_are_too_long_are_refused() -> None:
    with pytest.raises(UserError, match="8200 bytes, at most 8192 fit: install it into one folder"):
        SharedMemory(0, gated=[Path("/" + "a" * 8198)])
