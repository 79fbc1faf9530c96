import os
import re
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.cache import find_cache


def test_cache_root_is_where_the_variable_says(cache: Path) -> None:
    assert find_cache() == cache
    assert cache.is_dir()


def test_cache_root_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FINFUZZ_CACHE", "here")
    assert find_cache() == tmp_path / "here"


def test_cache_root_without_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINFUZZ_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert find_cache() == tmp_path / "finfuzz"


def test_cache_root_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FINFUZZ_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(UserError, match=r"file/cache can't be used \(.+\): set \$FINFUZZ_CACHE"):
        find_cache()


@pytest.mark.parametrize("name", ["two words", "a:b"])
def test_cache_root_that_nothing_can_be_preloaded_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("FINFUZZ_CACHE", str(tmp_path / name))
    with pytest.raises(UserError, match=r"can't be used \(a space or a colon in its path\): set"):
        find_cache()
    assert not (tmp_path / name).exists()


def test_cache_root_that_cannot_be_written(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # the superuser may write anywhere
    with pytest.raises(UserError, match=re.escape(f"{cache} can't be used (not writable)")):
        find_cache()
