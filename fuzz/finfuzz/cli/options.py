"""Options that commands share, and the handling of their values.

What builds and runs is imported by the functions that need it: a list of findings needs none of it.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from finfuzz.support.errors import UserError
from finfuzz.support.hints import DEFAULT_CRASHES
from finfuzz.support.reading import shorten
from finfuzz.support.terminal import DataConsole
from finfuzz.targets.forms import list_target_forms
from finfuzz.targets.frameworks import DEFAULT
from finfuzz.targets.package_name import FORMS, parse_package
from finfuzz.targets.spec import TargetSpec, parse_target

if TYPE_CHECKING:
    from finfuzz.targets.build import Build
    from finfuzz.targets.interpreters import Interpreter


class Seconds(click.FloatRange):
    """A number of seconds in a range; `nan` is in no range."""

    name = "seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        with _one_clear_line(self, value, "a number of seconds", param, ctx):
            seconds = float(super().convert(value, param, ctx))
            if math.isnan(seconds):
                raise click.BadParameter("not a number")
        return seconds


class Count(click.IntRange):
    """A whole number in a range."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        with _one_clear_line(self, value, "a whole number", param, ctx):
            return int(super().convert(value, param, ctx))


@contextlib.contextmanager
def _one_clear_line(
    kind: Seconds | Count,
    value: object,
    noun: str,
    param: click.Parameter | None,
    ctx: click.Context | None,
) -> Iterator[None]:
    """Say what the range is, where click says `0.1<=x<=1000000000.0`."""
    try:
        yield
    except click.BadParameter:
        low, high = f"{kind.min or 0:,g}", f"{kind.max or 0:,.0f}"
        text = shorten(str(value))
        kind.fail(f"{text!r} is not {noun} from {low} to {high}", param, ctx)


target_option = click.option(
    "--target",
    default=DEFAULT,
    show_default=f"the newest {DEFAULT}",
    help=f"The target to run on: {list_target_forms()}.",
)
python_option = click.option(
    "--python",
    default=None,
    show_default="the newest found that has headers",
    help="The CPython to run on: a version (3.13; 3.14d for a debug, 3.14t for a free-threaded "
    "build), or the path of a Python or of a folder with one.",
)
deadline_option = click.option(
    "--deadline",
    type=Seconds(0.01, 86400),
    default=2.0,
    show_default=True,
    help="Seconds that one program may take.",
)
memory_option = click.option(
    "--memory",
    type=Count(64, 1 << 20),
    default=2048,
    show_default=True,
    help="MiB of address space that one program may use.",
)
crashes_option = click.option(
    "--crashes",
    type=click.Path(path_type=Path),
    default=DEFAULT_CRASHES,
    show_default=True,
    help="The folder of findings.",
)
owner_only_option = click.option(
    "--owner-only",
    is_flag=True,
    default=None,
    help="Of the controls, run those that show whose defect it is; `finfuzz attribute` runs the "
    "rest, for other releases and CPythons, and the instruments.",
)
recipe_option = click.option(
    "--recipe",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    show_default="the one that finfuzz has for the package, if any",
    help="A recipe for a target that is a package.",
)
path_option = click.option(
    "--path",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="A folder to import a target `module:NAME` from.",
)
_report = click.Path(path_type=Path, dir_okay=False)
junit_option = click.option(
    "--junit", "junit_file", type=_report, default=None, help="Write JUnit XML here."
)
json_option = click.option(
    "--json", "json_file", type=_report, default=None, help="Write all results here."
)
markdown_option = click.option(
    "--markdown",
    "markdown_file",
    type=_report,
    default=None,
    help="Write a comment for a pull request here.",
)
abuse_option = click.option(
    "--abuse", is_flag=True, help="Also perform steps that break rules of the C API on purpose."
)


trust_option = click.option(
    "--trust",
    is_flag=True,
    help="Also run what somebody else wrote (SECURITY.md says what that is). Read it before.",
)


def name_targets(texts: Sequence[str], recipe: Path | None, path: Path | None) -> tuple[str, ...]:
    """Add the values of `--recipe` and `--path` to the targets that take them.

    A target that names its own keeps that. Raise UserError where no target takes one.
    """
    named = ", ".join(texts) or f"the newest {DEFAULT}"
    names = {text: parse_package(text) for text in texts}
    packages = [text for text, name in names.items() if name]
    modules = [text for text in packages if text.startswith("module:")]
    for option, value, taking, forms in (
        ("--recipe", recipe, packages, ", ".join(FORMS)),
        ("--path", path, modules, "module:NAME"),
    ):
        if value is not None and not taking:
            raise UserError(f"{option} is for a target {forms}, not for {named}")
    given = {"path": (path, modules), "recipe": (recipe, packages)}
    return tuple(
        text
        + "".join(
            f"+{option}={value}"
            for option, (value, taking) in given.items()
            if value is not None and text in taking and not getattr(names[text], option)
        )
        for text in texts
    )


def resolve_target(target: str, python: str | None) -> tuple[TargetSpec, Interpreter]:
    """Find the interpreter, and the framework's headers or the newest wheel.

    Nothing is built. Raise UserError if one of them is missing.
    """
    from finfuzz.targets.package_location import pin_version  # noqa: PLC0415
    from finfuzz.targets.pick import pick_interpreter  # noqa: PLC0415
    from finfuzz.targets.releases import find_roots, resolve  # noqa: PLC0415

    spec = parse_target(target)
    with DataConsole(err=True).status("looking for the interpreter and the headers"):
        interpreter = pick_interpreter(python)
        spec = pin_version(resolve(spec), interpreter)
        find_roots(spec)
    return spec, interpreter


def take_recipe(spec: TargetSpec, program: Path, command: str, *, trust: bool) -> TargetSpec:
    """Give a package the recipe of the finding that a program is of, unless the user named one.

    Raise UserError for a recipe that somebody else wrote, without ``trust``.
    """
    from finfuzz.triage.findings.finding import load  # noqa: PLC0415
    from finfuzz.triage.findings.trust import require_target_trust  # noqa: PLC0415

    folder = program.parent
    if not spec.package or spec.recipe is not None or not (folder / "finding.json").exists():
        return spec
    found_on = load(folder).target.find_spec(folder)
    if found_on.package != spec.package or found_on.recipe is None:
        return spec
    if not trust:
        require_target_trust(folder, command)
    return replace(spec, recipe=found_on.recipe)


def build_target(spec: TargetSpec, interpreter: Interpreter, *, instrumented: bool = True) -> Build:
    """Build a target unless the cache has it, and show the progress."""
    from finfuzz.cli.builds import Wanted, make_builds  # noqa: PLC0415

    (made,) = make_builds([Wanted(spec, interpreter, instrumented)])
    return made
