import os
import re
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.cache import cache_root


def test_cache_root_is_where_the_variable_says(cache: Path) -> None:
    assert cache_root() == cache
    assert cache.is_dir()


def test_cache_root_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FINFUZZ_CACHE", "here")
    assert cache_root() == tmp_path / "here"


def test_cache_root_without_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINFUZZ_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_root() == tmp_path / "finfuzz"


def test_cache_root_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FINFUZZ_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(UserError, match=r"file/cache can't be used \(.+\): set \$FINFUZZ_CACHE"):
        cache_root()


def test_cache_root_that_cannot_be_written(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # the superuser may write anywhere
    with pytest.raises(UserError, match=re.escape(f"{cache} can't be used (not writable)")):
        cache_root()
