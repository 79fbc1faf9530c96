"""Small shared libraries, stripped or not, and what is in a file's symbol tables."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from finfuzz.executor.frames import RawFrame
from finfuzz.executor.outcome import Outcome
from finfuzz.targets.interpreters import Interpreter
from finfuzz.triage.diagnosis.functions import Function, Functions, load_functions

SOURCE = """
static __attribute__((noinline)) int local(int n) { return n * n + 3; }
__attribute__((noinline)) int exported(int n) { return local(n) ^ local(n + 1); }
static __attribute__((noinline)) int other(int n) { return n / 7 + exported(n); }
int last(int n) { return other(n) + other(n + 1); }
"""


def make_library(folder: Path, *flags: str) -> Path:
    """Compile SOURCE with debug information; its code has another address than file offset."""
    folder.mkdir(parents=True, exist_ok=True)
    source, library = folder / "code.c", folder / "library.so"
    source.write_text(SOURCE)
    layout = ("-Wl,--build-id", "-Wl,--section-start=.text=0x400000")
    command = ["gcc", "-O1", "-g", "-fPIC", "-shared", *layout, *flags, str(source)]
    subprocess.run([*command, "-o", str(library)], check=True)
    return library


def strip(library: Path, copy: Path, *options: str) -> Path:
    """Make a stripped copy of a file; `--strip-all` if no option says otherwise."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["strip", *(options or ["-s"]), str(library), "-o", str(copy)], check=True)
    return copy


def keep_debug(library: Path, debug_file: Path) -> Path:
    """Make the separate debug file of a library."""
    debug_file.parent.mkdir(parents=True, exist_ok=True)
    command = ["objcopy", "--only-keep-debug", str(library), str(debug_file)]
    subprocess.run(command, check=True)
    return debug_file


def look_up(file: Path, place: Function) -> Function | None:
    """What a file says of a function's last byte; nothing else may be said of its first."""
    functions = load_functions(str(file))
    found = functions.find(place.end - 1)
    assert functions.find(place.start) == found
    return found


def list_functions(file: str | Path) -> list[Function]:
    """The named functions of a file, by file offset."""
    functions = load_functions(str(file))
    return [_by_offset(functions, one) for one in functions._named]


def find(functions: Functions, name: str) -> Function:
    """The one function of that name, by file offset."""
    (found,) = [one for one in functions._named if one.name == name]
    return _by_offset(functions, found)


def _by_offset(functions: Functions, one: Function) -> Function:
    found = functions.find(_find_offset(functions, one.start))
    assert found
    return found


def find_core(python: Interpreter) -> Path:
    """The file that CPython's own code is in: libpython, or the executable itself."""
    code = "print(*sorted({line.split()[-1] for line in open('/proc/self/maps')}))"
    mapped = subprocess.check_output([python.executable, "-c", code], text=True).split()
    libraries = [Path(path) for path in mapped if Path(path).name.startswith("libpython")]
    return next(iter(libraries), python.executable.resolve())


def strip_modules(outcome: Outcome, folder: Path, *options: str) -> Outcome:
    """The same outcome, had all files but ours been stripped: their code keeps its addresses."""

    def strip_all(frames: Sequence[RawFrame]) -> tuple[RawFrame, ...]:
        return tuple(_strip_one(frame, folder, *options) for frame in frames)

    return msgspec.structs.replace(
        outcome,
        frames=strip_all(outcome.frames),
        recreated_frames=strip_all(outcome.recreated_frames),
    )


def _strip_one(frame: RawFrame, folder: Path, *options: str) -> RawFrame:
    if not os.path.isfile(frame.module) or "finfuzz_" in frame.module:
        return frame
    copy = folder / frame.module.lstrip("/")
    if not copy.exists():
        strip(Path(frame.module), copy, *options)
    address = load_functions(frame.module).find_address(frame.offset)
    return RawFrame(str(copy), _find_offset(load_functions(str(copy)), address))


def _find_offset(functions: Functions, address: int) -> int:
    """The file offset of an address; strip may move whole segments in a file."""
    (found,) = [
        address - start + offset
        for start, offset, length in functions._segments
        if start <= address < start + length
    ]
    return found
