"""What the targets' sources offer: the script writer leaves out what a program does not need."""

import ast
import re

import pytest

from finfuzz.targets.features import FILE, read_features
from finfuzz.targets.frameworks import FRAMEWORKS
from helpers.places import CHILD

EXTENSIONS = CHILD / "extensions"
ALWAYS = {"Container", "Instance", "check"}
SOURCES = {
    one.sources or record.sources for record in FRAMEWORKS.values() for one in record.policies
}
FOLDERS = sorted({sources[0] for sources in SOURCES if sources})
#: Those that take no other folder's headers.
WHOLE = sorted(sources[0] for sources in SOURCES if len(sources) == 1)
#: Bound by every module, whatever is asked for.
CORE = {"container", "checks"}


def offered_by(folder: str) -> set[str]:
    return ALWAYS.union(*read_features(EXTENSIONS / folder).rows.values())


@pytest.mark.parametrize("folder", WHOLE)
def test_each_header_that_binds_something_is_a_row(folder: str) -> None:
    headers = [file for file in (EXTENSIONS / folder).glob("*.h") if file.name != FILE]
    binds = {
        file.stem
        for file in headers
        if re.search(rf"(?:void|bool) bind_{file.stem}\(", file.read_text(encoding="utf-8"))
    }
    assert set(read_features(EXTENSIONS / folder).rows) == binds - CORE


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_row_has_its_include(folder: str) -> None:
    text = (EXTENSIONS / folder / FILE).read_text(encoding="utf-8")
    included = set(re.findall(r'#include "(?:\.\./\w+/)?(\w+)\.h"', text))
    assert included == set(read_features(EXTENSIONS / folder).rows)


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_needed_is_offered(folder: str) -> None:
    features = read_features(EXTENSIONS / folder)
    needed = {name for names in features.needs.values() for name in names}
    assert needed <= offered_by(folder) | {"hook", "set_act", "is_a"}


@pytest.mark.parametrize("folder", ["pybind11", "plain_c"])
def test_every_name_that_the_words_use_is_offered(folder: str) -> None:
    words = "".join(file.read_text() for file in (CHILD / "words").glob("*.py"))
    used = set(re.findall(r"\bt\.([A-Za-z]\w*)", words))  # any module has a __file__
    if folder == "pybind11":
        used.discard("set_member")  # there wherever an object with members is
    assert used <= offered_by(folder)


def test_the_module_without_an_extension_has_what_plain_c_offers() -> None:
    tree = ast.parse((EXTENSIONS / "no_extension.py").read_text())
    defined = {getattr(node, "name", "") for node in tree.body}
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    for node in assigned:
        defined |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    assert offered_by("plain_c") - {"NativeColour"} <= defined
