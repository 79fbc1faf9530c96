import dataclasses
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets import interpreters
from finfuzz.targets.interpreters import (
    Interpreter,
    find_interpreters,
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


def test_probe_describes_the_running_python(here: Interpreter) -> None:
    assert here.version == sys.version_info[:3]
    assert here.text == "{}.{}.{}".format(*sys.version_info)
    assert here.executable == Path(sys.executable).resolve()
    assert here.abiflags == sys.abiflags
    assert (here.includes[0] / "Python.h").is_file()
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
            'echo "no $*" | tr "\\n" " " >&2; exit 2',
            "is not a Python 3: give",
        ),  # the probe's source is not repeated
        (
            "echo '" + '{"implementation": "pypy", "version": [3, 10, 1], "executable": "/x", '
            '"includes": [], "ext_suffix": ".so", "full_version": "", "soabi": null, '
            '"number": "3.10.1", "abiflags": "", "commit": "", "source_tree": null, '
            '"pyconfig": ""}' + "'",
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


def test_headers_are_required(here: Interpreter) -> None:
    assert require_headers(here) is here
    with pytest.raises(UserError, match=r"has no Python\.h"):
        require_headers(dataclasses.replace(here, includes=()))


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({}, "3.14.10 in /opt/bin/python3"),
        ({"text": "3.14.10d", "abiflags": "d"}, "3.14.10d in /opt/bin/python3"),
        ({"commit": "0123abc"}, "3.14.10 (0123abc) in /opt/bin/python3"),
        ({"executable": Path.home() / "cpython" / "python"}, "3.14.10 in ~/cpython/python"),
    ],
)
def test_a_build_has_a_name_of_its_own(facts: dict[str, Any], name: str) -> None:
    plain = Interpreter(Path("/opt/bin/python3"), (3, 14, 10), (), ".so", "", "3.14.10")
    assert dataclasses.replace(plain, **facts).name == name


@pytest.mark.parametrize(("written", "found"), [("3.14.2", True), ("3.14.1", False), (None, False)])
def test_headers_of_another_release_are_not_taken(
    tmp_path: Path, written: str | None, found: bool
) -> None:
    """Where a distribution's CPython was moved, INCLUDEPY may name the system's own headers."""
    (tmp_path / "Python.h").write_text("")
    if written:
        (tmp_path / "patchlevel.h").write_text(f'#define PY_VERSION "{written}"\n')
    answer = _answer(includes=[str(tmp_path)], number="3.14.2")
    assert interpreters._find_headers(answer) == ((tmp_path,) if found else ())


def test_headers_of_a_build_in_its_source_tree(tmp_path: Path) -> None:
    """Python.h lies in Include, pyconfig.h where configure ran; nothing is installed."""
    answer = _answer(source_tree=str(tmp_path), pyconfig=str(tmp_path / "build" / "pyconfig.h"))
    assert interpreters._find_headers(answer) == (tmp_path / "Include", tmp_path / "build")


def _answer(**facts: Any) -> interpreters._Answer:
    known: dict[str, Any] = {
        "implementation": "cpython",
        "version": (3, 14, 2),
        "number": "3.14.2",
        "abiflags": "",
        "commit": "",
        "executable": "/python",
        "includes": [],
        "source_tree": None,
        "pyconfig": "",
        "ext_suffix": ".so",
        "full_version": "",
        "soabi": None,
    }
    return interpreters._Answer(**known | facts)
