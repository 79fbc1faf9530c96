"""The action `join`, where the module of the thread that it joins is cleared already."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from finfuzz.targets.interpreters import Interpreter
from helpers.places import ROOT

ACTIONS = ROOT / "fuzz" / "finfuzz" / "child" / "words" / "actions.py"
SCRIPT = """
import sys

names = {"wake_thread": lambda _, wake: wake()}
exec(open(sys.argv[1], encoding="utf-8").read(), names)
join = names["act_join"]()
sys.modules["threading"].current_thread = None
join(None)
print("joined", flush=True)
"""


def test_it_needs_nothing_of_a_module_that_may_be_gone(
    pythons: list[Interpreter], tmp_path: Path
) -> None:
    """Scripts of the hang survived on 3.13.18, where the module goes first."""
    python = next((one for one in pythons if one.version[:2] == (3, 13)), None)
    if python is None:
        pytest.skip("needs CPython 3.13, which alone hangs")
    done = subprocess.run(
        [python.executable, "-I", "-c", SCRIPT, ACTIONS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "joined\n", done.stderr
