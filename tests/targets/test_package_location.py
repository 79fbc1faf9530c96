"""Where packages lie: what is installed for a target."""

from pathlib import Path

import pytest

from finfuzz.targets import package_location
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.package_location import locate_package
from finfuzz.targets.packages.install import Installed
from finfuzz.targets.packages.recipe import Recipe
from finfuzz.targets.packages.uv import Package
from finfuzz.targets.spec import parse_target


def test_a_recipe_s_further_packages_are_installed_with_a_wheel(
    tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine-1.0.dist-info").mkdir()
    (tmp_path / "mine-1.0.dist-info" / "METADATA").write_text("Name: mine\nVersion: 1.0\n")
    asked: list[str] = []

    def install(requirements: tuple[str, ...], *_: object, **__: object) -> Installed:
        asked.extend(requirements)
        packages = (Package("mine", "1.0", "", ""), Package("numpy", "2.0", "", ""))
        return Installed(tmp_path, packages)

    monkeypatch.setattr(package_location, "install", install)
    recipe = Recipe("mine", requires=("numpy>=2",))
    found = locate_package(parse_target("wheel:mine==1.0"), interpreter, recipe, print)
    assert asked == ["mine==1.0", "numpy>=2"]
    assert found.pins == ("mine==1.0", "numpy==2.0")
    assert found.version == "1.0"
