"""What debug information says of an address."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from finfuzz.executor.frames import RawFrame
from finfuzz.triage.diagnosis import addr2line, symbols
from finfuzz.triage.diagnosis.functions import load_functions
from finfuzz.triage.diagnosis.symbols import Frame, name_frame, name_stack
from helpers.elf_files import find

pytestmark = pytest.mark.skipif(not shutil.which("addr2line"), reason="no addr2line")

SOURCE = """
static inline __attribute__((always_inline)) int inner(int n) { return n * n + 3; }
int outer(int n) { return inner(n) ^ 5; }
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its code has another address than its place in the file."""
    return compiled(tmp_path_factory.mktemp("library"), "-g", "-Wl,--section-start=.text=0x400000")


@pytest.fixture(autouse=True)
def _nothing_asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(symbols, "_expanded", {})
    monkeypatch.setattr(addr2line, "_hopeless", set())
    yield
    addr2line._end_all()


def compiled(folder: Path, *flags: str) -> str:
    source = folder / "code.c"
    source.write_text(SOURCE)
    library = folder / "library.so"
    command = ["gcc", "-O1", "-fPIC", "-shared", *flags, str(source), "-o", str(library)]
    subprocess.run(command, check=True)
    return str(library)


def inside(library: str) -> list[RawFrame]:
    """A return address behind each byte of `outer`."""
    functions = load_functions(library)
    outer = find(functions, "outer")
    assert functions.find_address(outer.start) != outer.start or "plain" in library
    return [RawFrame(library, offset + 1) for offset in range(outer.start, outer.end)]


def test_a_file_without_hope_gets_no_further_process(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each question left one running, with two descriptors."""
    started: list[str] = []
    monkeypatch.setattr(addr2line, "_start", started.append)
    monkeypatch.setattr(addr2line, "_hopeless", {library})
    assert addr2line.look_up_lines(library, [0]) == [()]
    assert started == []


def test_what_was_inlined_stands_before_what_it_was_inlined_into(library: str) -> None:
    frames = inside(library)
    stacks = [name_stack([frame]) for frame in frames]
    longest = max(stacks, key=len)
    offset = longest[0].offset
    source = str(Path(library).with_name("code.c"))
    start = find(load_functions(library), "outer").start
    assert longest == [
        Frame(library, offset, "inner", f"{source}:2", inlined=True, local_start=start),
        Frame(library, offset, "outer", f"{source}:3"),
    ]
    assert all(stack[-1].function == "outer" for stack in stacks)


def test_a_stack_is_its_frames_one_after_the_other(library: str) -> None:
    frames = [*inside(library), RawFrame("", 0x1234), RawFrame("/no/such/file", 1)]
    assert name_stack(frames) == [each for frame in frames for each in name_stack([frame])]


def test_each_place_is_asked_about_once(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    lines = addr2line.look_up_lines

    def counting(module: str, addresses: list[int]) -> list[tuple[addr2line.SourceLine, ...]]:
        asked.append(len(addresses))
        return lines(module, addresses)

    monkeypatch.setattr(addr2line, "look_up_lines", counting)
    frames = inside(library)
    first = name_stack([*frames, *frames])
    assert name_stack(frames) == first[: len(first) // 2]
    assert asked == [len(frames)]


def test_a_file_is_asked_about_in_one_process(library: str) -> None:
    for frame in inside(library):
        name_stack([frame])
    assert list(addr2line._running) == [library]


def test_one_that_somebody_killed_is_replaced(library: str) -> None:
    address = load_functions(library).find_address(inside(library)[0].offset - 1)
    before = addr2line.look_up_lines(library, [address])
    addr2line._running[library].kill()
    addr2line._running[library].wait()
    assert addr2line.look_up_lines(library, [address]) == before != [()]


@pytest.mark.parametrize("tool", [None, "/bin/true", "/bin/cat", "/no/such/tool"])
def test_without_one_that_answers_the_symbol_table_says_what_it_can(
    library: str, tool: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addr2line, "_find_tool", lambda: tool)
    monkeypatch.setattr(addr2line, "_SECONDS", 0.2)
    frames = inside(library)
    assert name_stack(frames) == [name_frame(frame) for frame in frames]


def test_a_file_without_debug_information(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    frames = inside(compiled(folder))
    assert name_stack(frames) == [name_frame(frame) for frame in frames]


def test_a_file_that_vanishes(tmp_path: Path) -> None:
    frames = inside(compiled(tmp_path, "-g", "-Wl,--section-start=.text=0x400000"))
    Path(frames[0].module).unlink()
    assert {frame.function for frame in name_stack(frames)} == {"outer"}


def test_a_file_that_becomes_another_one(tmp_path: Path) -> None:
    frames = inside(compiled(tmp_path, "-g", "-Wl,--section-start=.text=0x400000"))
    Path(frames[0].module).write_bytes(b"\x7fELF" + b"\0" * 99)
    assert {frame.function for frame in name_stack(frames)} == {"outer"}


def test_of_many_files_only_the_latest_have_a_process(library: str, tmp_path: Path) -> None:
    """A campaign's controls are dozens of builds, and each has two files of its own."""
    copies = [str(shutil.copy(library, tmp_path / f"{number}.so")) for number in range(20)]
    (place, *_) = inside(library)
    for copy in copies:
        assert name_stack([RawFrame(copy, place.offset)])
    first = addr2line._running[copies[8]]
    assert list(addr2line._running) == copies[8:]
    addr2line.look_up_lines(copies[8], [0x400000])
    another = str(shutil.copy(library, tmp_path / "another.so"))
    name_stack([RawFrame(another, place.offset)])
    assert copies[9] not in addr2line._running
    assert addr2line._running[copies[8]] is first
