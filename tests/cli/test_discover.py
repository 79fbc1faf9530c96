"""`finfuzz discover`: a recipe in a file, which the target's own reader takes."""

from __future__ import annotations

from pathlib import Path

from finfuzz.targets.packages.recipe import read_recipe
from helpers.command import finfuzz


def test_a_recipe_is_written_once(tmp_path: Path, python: str) -> None:
    command = ("discover", "stdlib:collections", "-o", "c.toml", "--python", python)
    done = finfuzz(*command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith("types: ")
    assert " kinds, " in lines[-1]
    text = (tmp_path / "c.toml").read_text()
    assert text.startswith("# Made by `finfuzz discover stdlib:collections`: ")
    recipe = read_recipe(tmp_path / "c.toml")
    assert recipe.kind["deque"].edges["append"] == "source.append(target)"
    again = finfuzz(*command, cwd=tmp_path)
    assert again.returncode == 2
    assert again.stderr == ("finfuzz: error: c.toml exists: remove it or give another file\n")
    assert (tmp_path / "c.toml").read_text() == text


def test_without_a_file_the_recipe_is_printed(tmp_path: Path, python: str) -> None:
    (tmp_path / "mine.py").write_text(
        "class Keeps:\n    def __init__(self, held): self.held = held"
    )
    target = f"module:mine+path={tmp_path}"
    done = finfuzz("discover", target, "--python", python, cwd=tmp_path)
    assert done.returncode == 0
    assert 'make = "t.Keeps(cell)"  # seen, freed' in done.stdout
    assert "note: pure Python: nothing to fuzz but CPython" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]
