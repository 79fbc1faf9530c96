"""Builds that travel: packed on one machine, unpacked on another, which is another cache here."""

from __future__ import annotations

import dataclasses
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets import shipping
from finfuzz.targets.build import Build, build, is_built
from finfuzz.targets.build_plan import BuildRecord
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.shipping import find_key, pack, unpack
from finfuzz.targets.spec import parse_target

PROGRAM = parse("finfuzz 1\nnode a container\nroot a sys\n")

Change = Callable[[dict[str, bytes]], object]


@pytest.fixture(scope="module")
def plain_c(pythons: list[Interpreter]) -> Build:
    return build(parse_target("plain-c"), pythons[0])


@pytest.fixture
def packed(plain_c: Build) -> bytes:
    return pack(plain_c.spec, plain_c.interpreter)


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of another machine, which compiles nothing."""

    def refuse(*_: object) -> None:
        raise AssertionError("a compiler runs")

    monkeypatch.setenv("FINFUZZ_CACHE", str(tmp_path / "other"))
    monkeypatch.setattr("finfuzz.targets.build.run_compiler", refuse)
    return tmp_path / "other"


def change_files(packed: bytes, change: Change) -> bytes:
    content = msgspec.msgpack.decode(zlib.decompress(packed), type=shipping._Packed)
    change(content.files)
    return zlib.compress(msgspec.msgpack.encode(content))


def test_a_build_works_in_another_cache(plain_c: Build, packed: bytes, other: Path) -> None:
    unpack(plain_c.spec, plain_c.interpreter, packed)
    made = build(plain_c.spec, plain_c.interpreter)
    assert made.directory.is_relative_to(other)
    assert (made.id, made.blocks, made.offers) == (plain_c.id, plain_c.blocks, plain_c.offers)
    assert run_fresh(made, PROGRAM).exit_code == 0
    record = msgspec.json.decode((made.directory / "build.json").read_bytes(), type=BuildRecord)
    assert record.seconds == 0, "no estimate: it was not compiled here"


def test_the_key_does_not_depend_on_paths(
    plain_c: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two nodes may have the same CPython, compiler and sources in other folders."""
    python = plain_c.interpreter
    key = find_key(plain_c.spec, python)
    compiler = Path(shutil.which("c++") or "c++")
    (tmp_path / "c++").symlink_to(compiler)
    headers = tmp_path / "include"
    headers.symlink_to(python.includes[0])
    moved = dataclasses.replace(
        python, executable=tmp_path / "python", build_key="elsewhere", includes=(headers,)
    )
    monkeypatch.setenv("CXX", str(tmp_path / "c++"))
    assert find_key(plain_c.spec, moved) == key
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "pyconfig.h").write_text("#define WITH_PYMALLOC 0\n")
    changed = dataclasses.replace(moved, includes=(*python.includes, tmp_path / "more"))
    others = [
        find_key(plain_c.spec, changed),
        find_key(plain_c.spec, dataclasses.replace(moved, text="3.99.0")),
        find_key(parse_target("plain-c+globals"), moved),
    ]
    assert len({key, *others}) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda files: files.update({"../evil.so": b"x"}), "a file of the name '../evil.so'"),
        (lambda files: files.update({"/evil": b"x"}), "a file of the name '/evil'"),
        (lambda files: files.update({"a/b/c": b"x"}), "a file of the name 'a/b/c'"),
        (lambda files: files.update({".hidden": b"x"}), "a file of the name '.hidden'"),
        (lambda files: files.pop("finfuzz_runtime.so"), "lacks a file"),
        (
            lambda files: files.update({"finfuzz_runtime.so": b"no library"}),
            "can't be loaded: OSError: finfuzz_runtime.so: file too short",
        ),
    ],
)
def test_what_is_wrong_is_not_kept(
    plain_c: Build, packed: bytes, other: Path, change: Change, message: str
) -> None:
    bad = change_files(packed, change)
    with pytest.raises(UserError, match="a build of another machine") as error:
        unpack(plain_c.spec, plain_c.interpreter, bad)
    assert message in str(error.value)
    assert not is_built(plain_c.spec, plain_c.interpreter)
    assert [path.suffix for path in (other / "builds").iterdir()] == [".lock"]


def test_a_build_of_another_kind_is_refused(plain_c: Build, packed: bytes, other: Path) -> None:
    with pytest.raises(UserError, match="is for another kind of machine"):
        unpack(parse_target("plain-c+globals"), plain_c.interpreter, packed)
    with pytest.raises(UserError, match="is damaged"):
        unpack(plain_c.spec, plain_c.interpreter, b"no build")
    with pytest.raises(UserError, match="is cut off, or too large"):
        unpack(plain_c.spec, plain_c.interpreter, packed[:-100])
    assert not (other / "builds").exists()


def test_of_a_package_its_runtime_travels(dying: Build) -> None:
    control = parse_target(dying.spec.record.controls[0])
    assert find_key(dying.spec, dying.interpreter) == find_key(control, dying.interpreter)


def test_what_is_too_large_stays(plain_c: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipping, "MOST_PACKED", 1000)
    assert pack(plain_c.spec, plain_c.interpreter) == b""
