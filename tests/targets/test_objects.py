"""Objects that builds share: compiled once for the same command and the same files."""

from pathlib import Path

import pytest

from finfuzz.targets import objects
from finfuzz.targets.cache import find_cache
from finfuzz.targets.compiler import BuildError


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that a compiler was asked to run; each writes what its source has."""
    commands: list[list[str]] = []

    def run(command: list[str], directory: Path) -> None:
        commands.append(command)
        (directory / "made.o").write_text(Path(command[-1]).read_text())

    monkeypatch.setattr(objects, "run_compiler", run)
    return commands


@pytest.mark.usefixtures("cache")
def test_a_second_build_copies_what_the_first_compiled(
    compiled: list[list[str]], tmp_path: Path
) -> None:
    source, header = tmp_path / "a.cpp", tmp_path / "a.h"
    source.write_text("one")
    header.write_text("")

    def make(name: str, *facts: str, flag: str = "-O1") -> str:
        folder = tmp_path / name
        folder.mkdir()
        command = ["c++", flag, str(source)]
        objects.compile_once(command, folder, "made.o", [source, header], facts)
        return (folder / "made.o").read_text()

    assert [make("first"), make("second")] == ["one", "one"]
    assert len(compiled) == 1
    make("other-flag", flag="-O2")
    make("other-compiler", "g++ 15")
    header.write_text("changed")
    make("other-header")
    source.write_text("two")
    assert make("other-source") == "two"
    assert len(compiled) == 5


@pytest.mark.usefixtures("cache")
@pytest.mark.usefixtures("cache")
def test_an_empty_file_that_a_power_cut_left_is_compiled_again(
    compiled: list[list[str]], tmp_path: Path
) -> None:
    source = tmp_path / "a.cpp"
    source.write_text("one")
    for _ in range(2):
        objects.compile_once(["c++", str(source)], tmp_path, "made.o", [source], [])
        for kept in (find_cache() / "objects").glob("*.o"):
            kept.write_bytes(b"")
    assert len(compiled) == 2
    assert (tmp_path / "made.o").read_text() == "one"


def test_what_fails_to_compile_is_not_kept(tmp_path: Path) -> None:
    source = tmp_path / "a.cpp"
    source.write_text("no C++")
    for _ in range(2):
        with pytest.raises(BuildError):
            objects.compile_once(["false", str(source)], tmp_path, "made.o", [source], [])
