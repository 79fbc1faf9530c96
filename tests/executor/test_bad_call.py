"""Calls of what is no code, and instructions that trap: the ends of freed callbacks."""

from __future__ import annotations

import platform
from collections.abc import Callable

import pytest

from finfuzz.executor.outcome import Outcome
from finfuzz.program.text import parse
from finfuzz.targets.build import Build

IMPORT = parse("finfuzz 1\nimport\n")
Fake = Callable[[str], Build]
Run = Callable[..., Outcome]

CALLS = """
import ctypes, mmap

page = mmap.mmap(-1, 4096{flags})
page.write(bytes({code}))
address = {address}
ctypes.CFUNCTYPE(None)(address)()
"""
OF_PAGE = "ctypes.addressof(ctypes.c_char.from_buffer(page))"


@pytest.mark.parametrize("address", ["8", "0x123456000", OF_PAGE], ids=["null", "gone", "data"])
def test_the_caller_of_what_is_no_code_is_on_the_stack(fake: Fake, run: Run, address: str) -> None:
    """All such crashes had an empty stack, so that different defects were one finding."""
    outcome = run(fake(CALLS.format(flags="", code=[0] * 16, address=address)), IMPORT)
    assert outcome.signal == "SIGSEGV"
    files = [frame.module.rpartition("/")[2] for frame in outcome.frames]
    bad = files.index("")
    assert outcome.frames[bad].offset == outcome.address
    assert any("ffi" in file or "ctypes" in file for file in files[bad + 1 : bad + 3]), files


@pytest.mark.skipif(platform.machine() != "x86_64", reason="an instruction of x86-64")
def test_a_trap_ends_the_process(fake: Fake, run: Run) -> None:
    """The instruction is over when its signal comes: such a program went on, and survived."""
    source = CALLS.format(flags=", prot=7", code=[0xCC, 0xC3], address=OF_PAGE)
    outcome = run(fake(source), IMPORT)
    assert outcome.signal == "SIGTRAP"
    assert outcome.frames
