"""What the targets' sources offer: the script writer leaves out what a program does not need."""

import ast
import re

import pytest

from finfuzz.program.vocabulary import EVERYTHING
from finfuzz.targets.features import FILE, read_features
from finfuzz.targets.frameworks import FRAMEWORKS
from helpers.places import CHILD

EXTENSIONS = CHILD / "extensions"
ALWAYS = {"Container", "Instance", "check"}
SOURCES = {
    one.sources or record.sources for record in FRAMEWORKS.values() for one in record.policies
}
FOLDERS = sorted({sources[0] for sources in SOURCES if sources})
#: Those in Cython, where the main source includes the features.
TRANSLATED = {record.sources[0] for record in FRAMEWORKS.values() if record.translator}
#: Those that take no other folder's headers.
WHOLE = sorted({sources[0] for sources in SOURCES if len(sources) == 1} - TRANSLATED)
#: Bound by every module, whatever is asked for.
CORE = {"container", "checks"}
#: Included by other names than those that a program asks for.
INNER = {"acts", "container", "members"}


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
    file, include = (
        ("module.pyx", r'^include "(\w+)\.pxi"')
        if folder in TRANSLATED
        else (FILE, r'#include "(?:\.\./\w+/)?(\w+)\.h"')
    )
    text = (EXTENSIONS / folder / file).read_text(encoding="utf-8")
    included = set(re.findall(include, text, re.MULTILINE)) - INNER
    assert included == set(read_features(EXTENSIONS / folder).rows) - INNER


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_needed_is_offered(folder: str) -> None:
    features = read_features(EXTENSIONS / folder)
    needed = {name for names in features.needs.values() for name in names}
    assert needed <= offered_by(folder) | {"hook", "set_act", "is_a", "members"}


@pytest.mark.parametrize("name", [one.name for one in FRAMEWORKS.values() if one.sources])
def test_a_word_is_offered_where_its_names_are(name: str) -> None:
    record = FRAMEWORKS[name]
    folder = record.sources[0]
    sources = "".join(
        path.read_text("utf-8") for path in (EXTENSIONS / folder).iterdir() if path.is_file()
    )
    lacking = {
        sort: {
            word
            for word in getattr(EVERYTHING, sort)
            for function in [prefix + word.replace("-", "_")]
            if find_needed(function) - offered_by(folder) - {"set_member"}
            or not all(f'"{action}"' in sources for action in find_actions(function))
        }
        for sort, prefix in PREFIXES.items()
    }
    said = {sort: set(record.lacks.get(sort, ())) for sort in PREFIXES}
    native = said["hooks"] & {"traverse", "clear"}  # asked for by an argument of `hook`
    assert lacking == {**said, "hooks": said["hooks"] - native}


PREFIXES = {
    "kinds": "make_",
    "edges": "refer_by_",
    "roots": "hold_in_",
    "hooks": "at_",
    "actions": "act_",
}
FUNCTIONS = {
    node.name: ast.unparse(node)
    for path in (CHILD / "words").glob("*.py")
    for node in ast.parse(path.read_text("utf-8")).body
    if isinstance(node, ast.FunctionDef)
}


def find_needed(function: str) -> set[str]:
    """Find the names of the extension that a word's function uses, itself or through others."""
    text = FUNCTIONS.get(function, "")
    called = {name for name in re.findall(r"\b(make_\w+)\(t\)", text) if name != function}
    found = set(re.findall(r"\bt\.([A-Za-z]\w*)", text)) - {"action"}
    return found.union(*map(find_needed, called))


def find_actions(function: str) -> list[str]:
    return re.findall(r"t\.action\('(\w+)'\)", FUNCTIONS.get(function, ""))


def test_the_module_without_an_extension_has_what_plain_c_offers() -> None:
    tree = ast.parse((EXTENSIONS / "no_extension.py").read_text())
    defined = {getattr(node, "name", "") for node in tree.body}
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    for node in assigned:
        defined |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    assert offered_by("plain_c") - {"NativeColour"} <= defined
