"""What is read off uv's answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages import uv
from finfuzz.targets.packages.uv import Package, UvError, install, lock
from helpers.wheel_index import WheelIndex

LOCK = """
lock-version = "1.0"
[[packages]]
name = "needed"
version = "1.5"
wheels = [{ url = "https://index.example/needed-1.5%2Blocal-py3-none-any.whl", hashes = {} }]
[[packages]]
name = "thing"
version = "2.0"
sdist = { path = "../thing-2.0.tar.gz", hashes = { sha256 = "ab" } }
wheels = [
    { url = "https://index.example/thing-2.0-cp27-cp27m-any.whl", hashes = { sha256 = "cd" } },
    { url = "https://index.example/thing-2.0-py3-none-any.whl", hashes = { sha256 = "ef" } },
]
[[packages]]
name = "source"
version = "3"
sdist = { path = "../source-3.tar.gz", hashes = { sha256 = "ab" } }
"""


def test_the_packages_of_a_lock(interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv, "run_uv", lambda *_, **__: LOCK)
    packages = lock(["thing", "source"], interpreter)
    assert packages == [
        Package("needed", "1.5", "needed-1.5+local-py3-none-any.whl", ""),
        Package("thing", "2.0", "thing-2.0-py3-none-any.whl", "ef"),
        Package("source", "3", "source-3.tar.gz", "ab"),
    ]
    assert [package.exact_pin for package in packages] == [
        "needed==1.5",
        "thing==2.0 --hash=sha256:ef",
        "source==3 --hash=sha256:ab",
    ]


def test_a_file_with_another_hash_is_refused(
    index: WheelIndex, interpreter: Interpreter, tmp_path: Path
) -> None:
    index.add("thing", "1.0")
    wrong = Package("thing", "1.0", "thing-1.0-py3-none-any.whl", "0" * 64)
    with pytest.raises(UvError, match=r"(?i)hash mismatch"):
        install([wrong.exact_pin], interpreter, "--target", str(tmp_path / "site"))
