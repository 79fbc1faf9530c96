"""Why packages can't be had, in one line each."""

from __future__ import annotations

import socket

import pytest

from finfuzz.support.cpythons import SUPPORTED
from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.failures import explain_install
from finfuzz.targets.packages.install import install
from finfuzz.targets.packages.uv import UvError
from helpers.wheel_index import PLATFORM, WheelIndex


@pytest.fixture
def full_index(index: WheelIndex) -> None:
    """Releases for other CPythons, for another kind of machine, with needs that can't be met."""
    for name in ("other", "another"):
        for minor in (9, 10):
            index.add(name, "1.0", tag=f"cp3{minor}-cp3{minor}-{PLATFORM}")
    index.add("other", "2.0")
    index.add("windows", "1.0", tag="py3-none-win_amd64")
    index.add("needy", "1.0", "another")
    index.add("lost", "1.0", "nowhere")
    index.add("strict", "1.0", "other<1.5,>1")
    index.add("low", "1.0", "shared<2")
    index.add("shared", "1.0")
    index.add("shared", "2.0")


@pytest.mark.usefixtures("full_index")
@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("nowhere", "there is no package nowhere on the package index: check its name"),
        ("lost", "there is no package nowhere on the package index: check its name"),
        ("other==3", "there is no release other 3: the newest for CPython {} is 2.0"),
        ("other>2", "there is no release other>2: the newest for CPython {} is 2.0"),
        (
            "other==1.0",
            "other 1.0 has no wheel for CPython {}, only for 3.9, 3.10: "
            "choose one of these with --python, or another release",
        ),
        (
            "windows",
            "windows has no wheel for CPython {}, nor for any other on this kind of machine: "
            "build it from source, and fuzz it from there",
        ),
        ("windows==2", "there is no release windows 2: choose another"),
        (
            "needy",
            "needy needs another, which has no wheel for CPython {}: "
            "choose another CPython with --python, or another release",
        ),
    ],
)
def test_the_index_has_no_answer(interpreter: Interpreter, asked: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        install(tuple(asked.split()), interpreter)
    assert str(caught.value) == message.format(interpreter.text)


@pytest.mark.usefixtures("full_index")
def test_requirements_that_exclude_each_other(interpreter: Interpreter) -> None:
    with pytest.raises(UserError) as caught:
        install(("low", "shared==2.0"), interpreter)
    told = str(caught.value)
    assert told.startswith(
        f"low, shared 2.0 can't be installed for CPython {interpreter.text}: Because"
    )
    assert "depend on shared<2" in told
    assert not any(noise in told for noise in ("\n", "hint:", "unsatisfiable", " cause:"))


def test_it_says_which_cpythons_there_are_wheels_for(
    index: WheelIndex, interpreter: Interpreter
) -> None:
    others = [one for one in SUPPORTED if one != interpreter.version[:2]]
    for _, minor in others:
        index.add("thing", "1.0", tag=f"cp3{minor}-cp3{minor}-{PLATFORM}")
    listed = ", ".join("{}.{}".format(*one) for one in others)
    with pytest.raises(UserError, match=f"only for {listed}: choose one"):
        install(("thing",), interpreter)


@pytest.mark.usefixtures("cache")
def test_a_dead_network(interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{closed}/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    with pytest.raises(UserError) as caught:
        install(("thing==1.0",), interpreter)
    assert str(caught.value) == (
        f"thing 1.0 can't be installed for CPython {interpreter.text}: the package index can't be "
        "reached: Connection refused (os error 111)"
    )


@pytest.mark.usefixtures("cache")
def test_offline(interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    with pytest.raises(UserError, match=r"it is not in uv's cache, and uv may not use the network"):
        install(("thing==1.0",), interpreter)


def test_a_failed_installation(interpreter: Interpreter) -> None:
    printed = "error: Failed to install: a.whl\n  cause: No space left on device (os error 28)\n"
    told = explain_install(UvError(printed), ["a==1", "b==1", "c==1", "d==1"], interpreter)
    assert str(told) == (
        f"a==1, b==1, c==1, … can't be installed for CPython {interpreter.text}: "
        "Failed to install: a.whl: No space left on device (os error 28)"
    )


def test_a_long_story_is_cut(interpreter: Interpreter) -> None:
    told = str(explain_install(UvError("error: " + "words " * 1000), ["a==1"], interpreter))
    assert told.endswith("…")
    assert len(told) < 400


@pytest.mark.usefixtures("cache")
def test_without_uv(interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch) -> None:
    def find() -> str:
        raise FileNotFoundError("uv")

    monkeypatch.setattr("uv.find_uv_bin", find)
    with pytest.raises(UserError, match=r"^uv, which installs packages, is not there: run"):
        install(("thing",), interpreter)
