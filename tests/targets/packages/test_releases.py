from __future__ import annotations

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.releases import find_newest, list_releases
from finfuzz.targets.packages.requirements import parse_requirement
from helpers.wheel_index import PLATFORM, WheelIndex


@pytest.fixture
def releases(index: WheelIndex) -> None:
    for version in ("0.9", "1.0", "1.0.post1", "1.2", "1.10", "2.0rc1"):
        index.add("thing", version)
    for version in ("0.8", "1.5", "3.0"):
        index.add("thing", version, tag=f"cp27-cp27m-{PLATFORM}")


@pytest.mark.usefixtures("releases")
@pytest.mark.parametrize(
    ("asked", "versions"),
    [
        ("thing", ["0.9", "1.0", "1.0.post1", "1.2", "1.10"]),
        ("Thing>=1.0,<1.10", ["1.0", "1.0.post1", "1.2"]),
        ("thing==0.9", ["0.9"]),
    ],
)
def test_final_releases_with_a_wheel_oldest_first(
    interpreter: Interpreter, asked: str, versions: list[str]
) -> None:
    found = list_releases(asked, interpreter)
    assert [release.version for release in found] == versions
    assert {len(bytes.fromhex(release.sha256)) for release in found} == {32}
    assert found[-1] == find_newest(parse_requirement(asked), interpreter)


def test_dependencies_do_not_matter(index: WheelIndex, interpreter: Interpreter) -> None:
    index.add("thing", "1.0", "nowhere")
    assert [release.pin for release in list_releases("thing", interpreter)] == ["thing==1.0"]


@pytest.mark.usefixtures("releases")
@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("nothing", "there is no package nothing"),
        ("thing==3.0", r"thing 3\.0 has no wheel for CPython"),
        ("thing>4", r"there is no release thing>4: the newest for CPython [\w.]+ is 1\.10"),
    ],
)
def test_none(interpreter: Interpreter, asked: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        list_releases(asked, interpreter)


def test_of_the_real_index(real_pythons: list[Interpreter]) -> None:
    first = {(3, 13): "3.0.0", (3, 14): "3.0.3"}
    for interpreter in real_pythons:
        found = list_releases("markupsafe<3.0.4", interpreter)
        assert found[0].version == first[interpreter.version[:2]], interpreter.name
        assert found[-1].version == "3.0.3"
