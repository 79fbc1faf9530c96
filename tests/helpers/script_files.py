"""Programs and the scripts they become, as files.

    raising: node a container          (a step that raised in the fuzzer; as many as did)
    python: 3.11                       (where it is not one that has everything)
    abuse: yes                         (where it was asked for)
    target: pybind11==3.0.1,3.0.2      (where it is not plain-c)
    recipe: kiwi.toml                  (of a package, in the folder recipes/ beside scripts/)
    diagnostic: raises                 (of a finding, where the script depends on it)
    plain: no                          (where it is to be as near to the fuzzer as can be)
    finfuzz 1
    node a container
    ---
    imports: ctypes                    (beyond those of every script)
    helpers: callback
    import finfuzz_target as t         (the body of the function `program`, or all lives)
    a = t.Container()

    python tests/helpers/script_files.py FILE …

writes what is below the line anew. Read it before you keep it.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path

from finfuzz.program.text import parse
from finfuzz.targets.packages.offers import assume_probe
from finfuzz.targets.packages.package import Package
from finfuzz.targets.packages.recipe import read_recipe
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.repro.texts import BASE_IMPORTS
from finfuzz.triage.repro.write import write_script

PLAIN_C = parse_target("plain-c")
RECIPES = Path(__file__).parents[1] / "triage" / "repro" / "recipes"


def read(path: Path) -> tuple[str, str]:
    """What is above the line, and what is below it."""
    above, _, below = path.read_text(encoding="utf-8").partition("---\n")
    return above, below


def files(above: str) -> dict[str, str]:
    """What write_script makes of it."""
    head, mark, steps = above.partition("finfuzz 1\n")
    raising, python, spec, abuse, plain = set(), (3, 13), PLAIN_C, False, True
    diagnostic = ""
    package = None
    for line in head.splitlines():
        key, _, value = line.partition(": ")
        if key == "raising":
            raising.add(value)
        elif key == "target":
            spec = parse_target(value)
        elif key == "recipe":
            package = make_package(spec, RECIPES / value)
        elif key == "abuse":
            abuse = value == "yes"
        elif key == "diagnostic":
            diagnostic = value
        elif key == "plain":
            plain = value != "no"
        else:
            assert key == "python", f"{key!r} is nothing to say of a program"
            major, minor = value.split(".")
            python = int(major), int(minor)
    program = parse(mark + steps)
    return write_script(
        program,
        spec,
        python,
        "A story.",
        frozenset(raising),
        package=package,
        diagnostic=diagnostic,
        abuse=abuse,
        plain=plain,
    )


def make_package(spec: TargetSpec, recipe: Path) -> Package:
    """A package that nobody has installed, in which all words of its recipe work."""
    read = read_recipe(recipe)
    module = read.module.partition(".")[0]
    return Package(
        recipe=read,
        recipe_text=recipe.read_text(encoding="utf-8"),
        probe=assume_probe(read),
        paths=(spec.path,) if spec.path else (),
        site=spec.framework == "module",
        pins=(f"{spec.package}=={spec.version}",) if spec.version else (),
        modules=(module, f"_{module}") if spec.framework == "stdlib" else (module,),
    )


def shown(script: str) -> str:
    """Of a script what its program makes different from others."""
    tree = ast.parse(script)
    imports = {
        name.name for node in tree.body if isinstance(node, ast.Import) for name in node.names
    }
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    helpers = [name for name in functions if not re.match(r"program$|life_\d$", name)]
    _, start, body = script.partition("def program():\n")
    if body.endswith("\n\n\nprogram()\n"):
        body = textwrap.dedent(body.removesuffix("\n\n\nprogram()\n")) + "\n"
    else:
        body = start + body
    lines = []
    if extra := sorted(imports - BASE_IMPORTS):
        lines.append(f"imports: {', '.join(extra)}\n")
    if helpers:
        lines.append(f"helpers: {', '.join(helpers)}\n")
    return "".join([*lines, body])


def main(paths: list[str]) -> None:
    for path in map(Path, paths):
        above, _ = read(path)
        path.write_text(f"{above}---\n{shown(files(above)['repro.py'])}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
