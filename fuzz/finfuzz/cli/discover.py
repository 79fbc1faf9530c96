"""`finfuzz discover`: write a package's recipe."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import click

from finfuzz.cli.group import cli
from finfuzz.cli.options import Seconds, python_option
from finfuzz.cli.progress import show_progress
from finfuzz.discovery.answer import Discovery, Progress, summarize_deaths
from finfuzz.discovery.discover import discover as run_discovery
from finfuzz.discovery.recipe import write_recipe
from finfuzz.support.counting import count
from finfuzz.support.errors import UserError
from finfuzz.support.files import ensure_directory, write_whole
from finfuzz.support.terminal import DataConsole, say, say_line
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.package_location import locate_package
from finfuzz.targets.packages.recipe import find_shipped, normalize
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.spec import TargetSpec, parse_target

#: The time of a discovery before a campaign; most packages take less than 10 s.
_DRAFT_SECONDS = 30.0


@cli.command()
@click.argument("target")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    show_default="standard output",
    help="The new file to write.",
)
@python_option
@click.option(
    "--time",
    "seconds",
    type=Seconds(1, 86400),
    default=60.0,
    show_default=True,
    help="Seconds that it may take.",
)
def discover(target: str, out: Path | None, python: str | None, seconds: float) -> None:
    """Find out what the objects of TARGET, a package, hold, and write that as a recipe.

    TARGET is `wheel:NAME==VERSION`, `module:NAME` or `stdlib:NAME`. The recipe is a draft: read
    it, trim it, and use it as `TARGET+recipe=FILE`. Its public types and functions are tried in
    throwaway children, without network and with all files read-only where the kernel allows that.
    """
    spec = parse_target(target)
    if not spec.record.is_package:
        raise UserError(f"target {target}: only packages have recipes: write wheel:NAME")
    if out is not None and out.exists():
        raise UserError(f"{out} exists: remove it or give another file")
    with DataConsole(err=True).status("looking for the interpreter"):
        interpreter = pick_interpreter(python)
    text = draft_recipe(spec, interpreter, seconds)
    if out is None:
        say(text, nl=False)
    else:
        write_whole(out, text)


def draft_recipe(spec: TargetSpec, interpreter: Interpreter, seconds: float) -> str:
    """Discover a package and return its recipe; show progress, then what its reader should know.

    Raise UserError where the package can't be had or imported.
    """
    with show_progress("discovery") as (announce, advance):
        where = locate_package(spec, interpreter, None, announce)
        stages: list[str] = []

        def show(progress: Progress) -> None:
            if progress.stage not in stages:
                stages.append(progress.stage)
                announce(f"{progress.stage}: {progress.of}")
            advance(progress.done, progress.of)

        found = run_discovery(
            interpreter.path if where.site else interpreter.executable,
            where.paths,
            where.module,
            seconds,
            site=where.site,
            show=show,
        )
    _summarize(found)
    return write_recipe(found, str(spec), where.pins, datetime.date.today())


def add_draft(spec: TargetSpec, interpreter: Interpreter, folder: Path) -> TargetSpec:
    """Give a package without a recipe a discovered one, kept in ``folder`` and used from there.

    Raise UserError as ``draft_recipe`` does.
    """
    if not spec.record.is_package or spec.recipe or find_shipped(spec.package):
        return spec
    file = ensure_directory(folder, "recipes").resolve() / f"{normalize(spec.package)}.toml"
    if not file.exists():
        say_line(f"{spec} has no recipe: discovering one, {file}; trim it as you like", err=True)
        write_whole(file, draft_recipe(spec, interpreter, _DRAFT_SECONDS))
    return replace(spec, recipe=file)


def _summarize(found: Discovery) -> None:
    """Print what the recipe's reader should know, to standard error."""
    for note in found.notes:
        say_line(f"note: {note}", err=True)
    for death in found.deaths:
        say_line(f"{death.how}: {death.text}", err=True)
    ended = f"; probes that ended their process: {summarize_deaths(found.deaths)}"
    say(
        f"{count(len(found.kinds), 'kind')}, {count(found.edges, 'call')} that may "
        f"hold something, in "
        f"{found.seconds:.1f} s{ended if found.deaths else ''}",
        err=True,
    )
