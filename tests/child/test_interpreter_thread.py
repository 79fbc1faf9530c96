"""The thread of an interpreter sleeps before the program goes on: or it crashes CPython."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from finfuzz.child.words import roots


def test_it_is_let_go_by_whoever_waits_until_it_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    woken = []

    def wake_thread(native_id: int, wake: Callable[[], None]) -> None:
        wake()
        woken.append(str(native_id))

    here = SimpleNamespace(create=lambda: 1, exec=lambda _, code: exec(code, {}))
    monkeypatch.setitem(sys.modules, "_interpreters", here)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(roots, "wake_thread", wake_thread, raising=False)
    roots.hold_in_interpreter_thread(json, object())
    (native_id,) = woken
    assert native_id in os.listdir("/proc/self/task")  # it waits for good
