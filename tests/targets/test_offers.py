"""What the targets' sources offer: the script writer leaves out what a program does not need."""

import ast
import re
from pathlib import Path

import pytest

from helpers.places import CHILD

EXTENSIONS = CHILD / "extensions"
ALWAYS = {"Container", "Instance", "check"}


def offers(header: Path) -> set[str]:
    found = re.match(r"// offers: (.*)", header.read_text())
    return set(found[1].split()) if found else set()


def table(source: Path) -> dict[str, set[str]]:
    """The names that each function of the table of features binds."""
    rows = re.findall(r'\{((?:"[^"]*"\s*)+),\s*(bind_\w+)\},', source.read_text())
    return {bind: set(re.sub('["\n]', " ", names).split()) for names, bind in rows}


@pytest.mark.parametrize("target", ["pybind11", "plain_c"])
def test_a_header_says_what_it_offers(target: str) -> None:
    features = table(EXTENSIONS / target / "module.cpp")
    headers = sorted((EXTENSIONS / target).glob("*.h"))
    for header in headers:
        binds = re.findall(r"(?:void|bool) (bind_\w+)\(", header.read_text())
        bound = [features.pop(bind) for bind in binds if bind in features]
        assert offers(header) == set().union(*bound), header.name
    assert not features


@pytest.mark.parametrize("target", ["pybind11", "plain_c"])
def test_every_name_that_the_library_uses_is_offered(target: str) -> None:
    library = "".join(file.read_text() for file in (CHILD / "words").glob("*.py"))
    used = set(re.findall(r"\bt\.([A-Za-z_]+)", library))
    headers = list((EXTENSIONS / target).glob("*.h"))
    offered = set().union(*(offers(header) for header in headers))
    if target == "pybind11":
        used.discard("set_member")  # there wherever an object with members is
    assert used <= offered | ALWAYS


def test_the_module_without_an_extension_has_what_plain_c_offers() -> None:
    tree = ast.parse((EXTENSIONS / "no_extension.py").read_text())
    defined = {getattr(node, "name", "") for node in tree.body}
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    for node in assigned:
        defined |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    headers = (EXTENSIONS / "plain_c").glob("*.h")
    offered = ALWAYS.union(*(offers(header) for header in headers)) - {"NativeColour"}
    assert offered <= defined
