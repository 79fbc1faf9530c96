"""What a Python answered is kept as long as its file stays the same."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from finfuzz.targets import interpreters as module
from finfuzz.targets.answers import find_place, keep_answer, read_answer
from finfuzz.targets.interpreters import probe

HERE = Path(sys.executable)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FINFUZZ_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def never_run(path: Path) -> None:
    raise AssertionError(f"{path} was run again")


def test_it_is_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = probe(HERE)
    monkeypatch.setattr(module, "_run_probe", never_run)
    assert probe(HERE) == first


def test_what_is_damaged_is_asked_for_again(cache: Path) -> None:
    first = probe(HERE)
    (kept,) = (cache / "answers").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:20])
    assert probe(HERE) == first
    assert kept.read_bytes() == whole


def test_another_file_path_or_question_has_another_place(tmp_path: Path) -> None:
    python = tmp_path / "python"
    shutil.copy(HERE.resolve(), python)
    place = find_place(python, "what?")
    assert place
    assert find_place(python, "what?") == place
    assert find_place(python, "which?") != place
    link = tmp_path / "link"
    link.symlink_to(python)
    assert find_place(link, "what?") != place
    before = python.stat()
    python.write_bytes(python.read_bytes())
    os.utime(python, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert find_place(python, "what?") != place


def test_of_what_may_start_another_python_nothing_is_kept(tmp_path: Path) -> None:
    shim = tmp_path / "python3"
    shim.write_text(f'#!/bin/sh\nexec {HERE} "$@"\n')
    shim.chmod(0o755)
    assert find_place(shim, "what?") is None
    assert probe(shim).executable == HERE.resolve()
    os.mkfifo(tmp_path / "fifo")
    for name in ("fifo", "nothing", "."):
        assert find_place(tmp_path / name, "what?") is None


def test_nothing_is_kept_where_there_is_no_cache(cache: Path) -> None:
    cache.write_text("in the way")
    assert find_place(HERE, "what?") is None
    assert probe(HERE).text
    keep_answer(None, b"{}")
    assert read_answer(None) == b""
    keep_answer(cache / "answers" / "a.json", b"{}")  # and a full disk is no error
