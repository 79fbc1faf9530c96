import dataclasses
import os
import re
import sys
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets import interpreters
from finfuzz.targets.interpreters import (
    Interpreter,
    find_interpreters,
    pick_interpreter,
    probe,
    require_headers,
)


@pytest.fixture(scope="module")
def found() -> list[Interpreter]:
    return find_interpreters()


@pytest.fixture
def here() -> Interpreter:
    return probe(Path(sys.executable))


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def fake(text: str, *, headers: bool, name: str = "python") -> Interpreter:
    major, minor, patch = map(int, text.split("."))
    include = Path("/include") if headers else None
    return Interpreter(Path("/opt", text, "bin", name), (major, minor, patch), include, ".so", "")


def test_probe_describes_the_running_python(here: Interpreter) -> None:
    assert here.version == sys.version_info[:3]
    assert here.text == "{}.{}.{}".format(*sys.version_info)
    assert here.executable == Path(sys.executable).resolve()
    assert here.include is not None
    assert (here.include / "Python.h").is_file()
    assert here.ext_suffix.endswith(".so")


def test_probe_follows_a_wrapper_to_the_python_behind_it(tmp_path: Path, here: Interpreter) -> None:
    wrapper = script(tmp_path / "python3", f'exec "{sys.executable}" "$@"')
    assert probe(wrapper).executable == here.executable


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("exit 0", "is not a Python 3: give"),
        ("echo '{}'", "is not a Python 3: give"),
        ("echo 'Unknown option: -I' >&2; exit 2", "it printed: Unknown option: -I"),
        (
            "echo '" + '{"implementation": "pypy", "version": [3, 10, 1], "executable": "/x", '
            '"includes": [], "ext_suffix": ".so", "full_version": "", "soabi": null, '
            '"debug": null}' + "'",
            "is pypy, not CPython",
        ),
    ],
)
def test_probe_refuses_what_is_no_cpython(tmp_path: Path, body: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        probe(script(tmp_path / "python3", body))
    assert says in str(caught.value)
    assert str(tmp_path / "python3") in str(caught.value)


def test_probe_gives_up_on_a_python_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreters, "PROBE_SECONDS", 0.2)
    with pytest.raises(UserError, match=r"gave no answer in 0\.2 s"):
        probe(script(tmp_path / "python3", "exec sleep 5"))


def test_found_are_distinct_new_enough_newest_first_and_hold_the_running_one(
    found: list[Interpreter], here: Interpreter
) -> None:
    versions = [python.version for python in found]
    assert versions == sorted(versions, reverse=True)
    assert all(version >= (3, 9) for version in versions)
    assert len({python.executable for python in found}) == len(found)
    assert here in found
    assert all(python.executable == python.executable.resolve() for python in found)


def test_nothing_is_run_twice_and_no_script_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Interpreter
) -> None:
    touched = tmp_path / "touched"
    script(tmp_path / "python3", f"touch {touched}")
    for name in ("python", "python3.9", "python3.99"):
        os.symlink(here.executable, tmp_path / name)
    probed: list[Path] = []
    monkeypatch.setattr(
        interpreters, "_probe_or_none", lambda path: probed.append(path) or probe(path)
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    assert here in find_interpreters()
    assert probed.count(here.executable) == 1
    assert not touched.exists()


@pytest.mark.parametrize("known_by", ["home", "variable", "shims"])
def test_pyenv_is_found_however_it_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known_by: str
) -> None:
    root = tmp_path / ".pyenv"
    binary = root / "versions" / "3.99.0" / "bin" / "python3.99"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(b"\x7fELF")
    binary.chmod(0o755)
    (root / "shims").mkdir()
    script(root / "shims" / "python3.99", "exit 1")
    monkeypatch.setenv("HOME", str(tmp_path if known_by == "home" else tmp_path / "elsewhere"))
    monkeypatch.setenv("PATH", str(root / "shims") if known_by == "shims" else "/no-such")
    if known_by == "variable":
        monkeypatch.setenv("PYENV_ROOT", str(root))
    else:
        monkeypatch.delenv("PYENV_ROOT", raising=False)
    probed: list[Path] = []
    monkeypatch.setattr(interpreters, "_probe_or_none", probed.append)
    find_interpreters()
    assert binary.resolve() in probed
    assert not [path for path in probed if "shims" in path.parts]


def test_a_broken_python_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Interpreter
) -> None:
    broken = tmp_path / "python3.12"
    broken.write_bytes(b"\x7fELF and no more")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{here.executable.parent}")
    assert here in find_interpreters()


def test_the_running_python_is_found_wherever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Interpreter
) -> None:
    for name in ("PATH", "HOME", "PYENV_ROOT"):
        monkeypatch.setenv(name, str(tmp_path))
    assert find_interpreters() == [here]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("python", True),
        ("python3", True),
        ("python3.9", True),
        ("python3.13t", True),
        ("python3.12d", True),
        ("python3.8", False),
        ("python2", False),
        ("python2.7", False),
        ("pypy3", False),
        ("python3-config", False),
        ("python3.11-config", False),
        ("python.exe.py", False),
    ],
)
def test_names_that_cannot_be_wanted_are_not_run(name: str, kept: bool) -> None:
    assert interpreters._may_be_new_enough(name) is kept


FAKES = [
    fake("3.14.1", headers=False),
    fake("3.13.2", headers=False),
    fake("3.13.1", headers=True),
    fake("3.12.9", headers=True),
    fake("3.12.4", headers=True),
    fake("3.9.1", headers=True),
]


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        (None, "3.13.1"),
        ("3", "3.13.1"),
        ("3.13", "3.13.1"),
        ("3.12", "3.12.9"),
        ("3.12.4", "3.12.4"),
        ("3.9", "3.9.1"),
    ],
)
def test_picks_the_newest_match_with_headers(
    monkeypatch: pytest.MonkeyPatch, text: str | None, picked: str
) -> None:
    monkeypatch.setattr(interpreters, "find_interpreters", lambda: FAKES)
    assert pick_interpreter(text).text == picked


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3.11", "no CPython 3.9 or later found for --python 3.11 (found: 3.14.1 in /opt/3.14.1/"),
        ("3.1", "--python 3.1: Python 3.1 is too old: pick 3.9 or later"),
        ("3.8", "--python 3.8: Python 3.8 is too old: pick 3.9 or later"),
        ("2", "--python 2: Python 2 is too old: pick 3.9 or later"),
        ("python3.12", "--python 'python3.12': neither a version (3.12, 3.12.1) nor a path"),
        ("", "--python '': neither a version"),
        ("3.14", "has no Python.h in /opt/3.14.1/include/python3.14: install its development"),
        ("3.13.2", "(Debian: python3.13-dev) or pick another with --python"),
    ],
)
def test_bad_picks_say_what_is_wrong(monkeypatch: pytest.MonkeyPatch, text: str, says: str) -> None:
    monkeypatch.setattr(interpreters, "find_interpreters", lambda: FAKES)
    with pytest.raises(UserError, match=re.escape(says)):
        pick_interpreter(text)


def test_no_python_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "find_interpreters", list)
    with pytest.raises(UserError, match=r"found at all \(found: none\): install one"):
        pick_interpreter(None)


def test_picks_by_path(tmp_path: Path, here: Interpreter) -> None:
    os.symlink(here.executable, tmp_path / "mine")
    assert pick_interpreter(str(tmp_path / "mine")) == here


def test_bad_paths_say_what_is_wrong(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    for path, says in [
        (tmp_path / "none", "there is no such file"),
        (tmp_path, "is not an executable file"),
        (plain, "is not an executable file"),
        (script(tmp_path / "true", "exit 0"), "is not a Python 3"),
    ]:
        with pytest.raises(UserError, match=says) as caught:
            pick_interpreter(str(path))
        assert str(path) in str(caught.value)


def test_an_old_python_by_path_is_refused(
    monkeypatch: pytest.MonkeyPatch, here: Interpreter
) -> None:
    old = dataclasses.replace(here, version=(3, 8, 20))
    monkeypatch.setattr(interpreters, "probe", lambda _: old)
    with pytest.raises(UserError, match=r"Python 3\.8\.20 is too old"):
        pick_interpreter(sys.executable)


def test_headers_are_required(here: Interpreter) -> None:
    assert require_headers(here) is here
    with pytest.raises(UserError, match=r"has no Python\.h"):
        require_headers(dataclasses.replace(here, include=None))
