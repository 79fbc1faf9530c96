import hashlib
import re
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from packaging.version import Version

from finfuzz.support.errors import UserError
from finfuzz.targets import package_index
from finfuzz.targets import release_files as packages
from finfuzz.targets.frameworks.framework import ReleasePackage
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.releases import (
    find_root,
    list_hashes,
    list_marked,
    list_own_releases,
    list_releases,
    resolve,
)
from finfuzz.targets.spec import parse_target


def put_headers(include: Path) -> Path:
    (include / "pybind11").mkdir(parents=True)
    (include / "pybind11" / "pybind11.h").touch()
    return include


@pytest.mark.usefixtures("cache")
def test_released_versions_of_the_real_index() -> None:
    versions = list_releases()
    assert {"3.0.0", "3.0.1", "3.1.0"} <= set(versions)
    assert versions == sorted(versions, key=Version, reverse=True)
    assert all(Version(version) >= Version("3.0.0") for version in versions)


def test_only_final_releases_count() -> None:
    names = ["2.13.6", "3.0.0", "3.10.0", "3.2.0", "3.0.0rc1", "4.0.0.dev1", "3.2.0.post1"]
    newest_first = ("3.10.0", "3.2.0.post1", "3.2.0", "3.0.0")
    assert package_index.sort_final(names, "3.0.0") == newest_first


@pytest.mark.usefixtures("no_index")
def test_without_the_index_the_cached_releases_count(cache: Path) -> None:
    put_headers(cache / "headers" / "pybind11-3.0.2")
    put_headers(cache / "headers" / "pybind11-3.0.10")
    (cache / "headers" / "pybind11-3.9.0").mkdir()  # no headers in it
    put_headers(cache / "headers" / "pybind11-2.13.6")  # too old
    assert list_releases() == ["3.0.10", "3.0.2"]
    assert str(resolve(parse_target("pybind11+leak"))) == "pybind11==3.0.10+leak"


@pytest.mark.usefixtures("no_index", "cache")
def test_without_the_index_and_with_an_empty_cache() -> None:
    with pytest.raises(UserError, match="index can't be reached to look up pybind11's releases"):
        list_releases()
    with pytest.raises(UserError, match=r"pybind11==3\.0\.1: the package index can't be reached"):
        find_root(parse_target("pybind11==3.0.1"))


@pytest.mark.usefixtures("no_index", "cache")
def test_without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_index.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"has no pip, .* -m ensurepip"):
        find_root(parse_target("pybind11"))


@pytest.mark.parametrize("text", ["plain-c", "pybind11==3.0.1+leak", "pybind11@/no-such+hold"])
def test_only_a_bare_pybind11_is_resolved(text: str) -> None:
    spec = parse_target(text)
    assert resolve(spec) is spec


def test_releases_by_the_mark_that_they_leave_in_a_file(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, number in (("3.0.0", 11), ("3.0.1", 11), ("3.1.0", 12)):
        folder = cache / "headers" / f"pybind11-{version}" / "pybind11"
        (folder / "detail").mkdir(parents=True)
        (folder / "pybind11.h").touch()
        line = f"#    define PYBIND11_INTERNALS_VERSION {number}\n"
        (folder / "detail" / "internals.h").write_text(f"#ifndef INTERNALS\n{line}#endif\n")
    monkeypatch.setattr(package_index, "list_versions", lambda _: ())
    assert list_marked("pybind11", "__pybind11_internals_v11") == ["3.0.1", "3.0.0"]
    assert list_marked("pybind11", "__pybind11_internals_v12") == ["3.1.0"]
    assert list_marked("pybind11", "__pybind11_internals_v4") == []
    assert list_marked("plain-c", "") == []


def test_a_module_has_no_releases_of_its_own(interpreter: Interpreter) -> None:
    for target in ("module:mine", "stdlib:datetime", "plain-c"):
        assert list_own_releases(parse_target(target), interpreter) == []


def test_headers_of_a_release_are_fetched_once(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = parse_target("pybind11==3.0.1")
    include = find_root(spec)
    assert include == cache / "headers" / "pybind11-3.0.1"
    assert '#include "detail/class.h"' in (include / "pybind11" / "pybind11.h").read_text()
    common = (include / "pybind11" / "detail" / "common.h").read_text()
    assert re.search(r"PYBIND11_VERSION_MICRO\s+1\b", common)
    monkeypatch.setattr(package_index, "run_pip", None)
    assert find_root(spec) == include
    assert not list((cache / "headers").glob(".*"))


def test_two_at_once_fetch_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    both_here = threading.Barrier(2)

    def fetch(_: ReleasePackage, version: str, include: Path) -> None:
        fetched.append(version)
        time.sleep(0.2)  # so that the other one has come to the lock
        put_headers(include)

    def ask() -> Path:
        both_here.wait()
        return find_root(parse_target("pybind11==3.0.1"))

    monkeypatch.setattr(packages, "_fetch", fetch)
    with ThreadPoolExecutor(2) as pool:
        answers = [future.result() for future in [pool.submit(ask), pool.submit(ask)]]
    assert answers == [cache / "headers" / "pybind11-3.0.1"] * 2
    assert fetched == ["3.0.1"]


def test_half_deleted_headers_are_fetched_again(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(_: str, __: str, folder: Path) -> Path:
        with zipfile.ZipFile(folder / "pybind11.whl", "w") as wheel:
            for name in ("setup_helpers.py", "include/pybind11/pybind11.h"):
                wheel.writestr(f"pybind11/{name}", "new")
        return folder / "pybind11.whl"

    half = cache / "headers" / "pybind11-3.0.1" / "pybind11"
    half.mkdir(parents=True)
    (half / "attr.h").write_text("old")
    monkeypatch.setattr(package_index, "download_wheel", download)
    assert find_root(parse_target("pybind11==3.0.1")) == half.parent
    assert [file.name for file in half.iterdir()] == ["pybind11.h"]
    assert [file.name for file in half.parent.iterdir()] == ["pybind11"]


@pytest.mark.usefixtures("cache")
def test_a_release_is_known_by_the_hash_of_its_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip has compared it with the index's."""
    found = []

    def download(_: str, __: str, folder: Path) -> Path:
        with zipfile.ZipFile(folder / "pybind11.whl", "w") as wheel:
            wheel.writestr("pybind11/include/pybind11/pybind11.h", "")
        found.append(hashlib.sha256((folder / "pybind11.whl").read_bytes()).hexdigest())
        return folder / "pybind11.whl"

    monkeypatch.setattr(package_index, "download_wheel", download)
    spec = parse_target("pybind11==3.0.1")
    assert list_hashes(spec) == ()
    find_root(spec)
    assert list_hashes(spec) == (f"pybind11==3.0.1 sha256:{found[0]}",)
    assert list_hashes(parse_target("pybind11@/a/checkout")) == ()
    assert list_hashes(parse_target("plain-c")) == ()


def test_a_release_that_is_none(cache: Path) -> None:
    with pytest.raises(UserError) as caught:
        find_root(parse_target("pybind11==3.0.99"))
    assert "pybind11==3.0.99: there is no such release: choose" in str(caught.value)
    assert str(caught.value).endswith("3.0.1, 3.0.0")  # and none that is too old
    assert not list((cache / "headers").glob("pybind11-3.0.99/"))


def test_headers_of_a_path(tmp_path: Path) -> None:
    tmp_path = tmp_path.resolve()
    include = put_headers(tmp_path / "checkout" / "include")
    assert find_root(parse_target(f"pybind11@{tmp_path}/checkout")) == include
    assert find_root(parse_target(f"pybind11@{include}+leak")) == include
    with pytest.raises(UserError) as caught:
        find_root(parse_target(f"pybind11@{tmp_path}"))
    assert f"pybind11@{tmp_path}: neither include/pybind11/pybind11.h nor" in str(caught.value)


def test_plain_c_has_no_headers() -> None:
    with pytest.raises(UserError, match="target plain-c: plain-c has no files"):
        find_root(parse_target("plain-c"))
