"""Every command, thin: read the arguments, call what does the work, print what came of it.

Exit codes: 0 done (for `exec`: survived), 1 died (`exec`) or something is missing (`doctor`), 2
could not run, 130 interrupted.
"""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path
from typing import Any

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fuzz import doctor as checks
from fuzz.campaign.config import Config
from fuzz.campaign.screen import Screen
from fuzz.campaign.summary import Summary
from fuzz.campaign.supervisor import run_campaign
from fuzz.errors import UserError
from fuzz.executor.fresh import run_fresh
from fuzz.executor.limits import Limits
from fuzz.files import require_possible, writable_directory, write_whole
from fuzz.program.model import Program
from fuzz.program.reference import INTRODUCTION, tables
from fuzz.program.scope import runnable
from fuzz.program.text import ParseError, parse
from fuzz.target.build import Build, build, require_linux
from fuzz.target.interpreters import Interpreter, find_interpreters, pick_interpreter
from fuzz.target.releases import headers, released_versions, resolve
from fuzz.target.spec import Policy, TargetSpec, parse_target
from fuzz.triage.diagnose import diagnose
from fuzz.triage.symbols import named

#: What can be run is 64 KiB without comments; nobody writes that many of them.
_LARGEST_FILE = 1 << 20


class Seconds(click.FloatRange):
    """A number of seconds between two; `nan` is between none."""

    name = "seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail(f"{value} is not a number of seconds", param, ctx)
        return seconds


_target = click.option(
    "--target",
    default="pybind11",
    show_default="the newest pybind11",
    help="pybind11==VERSION[,SECOND], pybind11@PATH or plain-c; +released, +destroy, +leak or "
    "+hold behind.",
)
_python = click.option(
    "--python",
    default=None,
    show_default="the newest found that has headers",
    help="A version (3.13) or the path of an interpreter.",
)
_deadline = click.option(
    "--deadline",
    type=Seconds(0.01, 86400),
    default=2.0,
    show_default=True,
    help="Seconds a child may take.",
)
_memory = click.option(
    "--memory",
    type=click.IntRange(64, 1 << 20),
    default=2048,
    show_default=True,
    help="MiB of address space a child may use.",
)
_abuse = click.option(
    "--abuse", is_flag=True, help="Also perform steps that break a rule of the C API on purpose."
)


@click.group(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="finfuzz")
def cli() -> None:
    """A fuzzer for the end of a Python interpreter's life."""


@cli.command()
@_target
@_python
@click.option(
    "--time",
    "seconds",
    type=Seconds(0.1, 1e9),
    default=60.0,
    show_default=True,
    help="Seconds of fuzzing, after the builds.",
)
@click.option(
    "--engine",
    type=click.Choice(["atheris", "random"]),
    default="atheris",
    show_default=True,
    help="atheris is guided by coverage, random by nothing.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31),
    default=None,
    show_default="any",
    help="The same seed gives the same programs.",
)
@click.option(
    "--corpus",
    type=click.Path(path_type=Path),
    default=Path(".finfuzz/corpus"),
    show_default=True,
    help="Programs to start from; those that bring something new are added.",
)
@click.option(
    "--crashes",
    type=click.Path(path_type=Path),
    default=Path("crashes"),
    show_default=True,
    help="Where findings go.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path),
    default=None,
    help="Write the summary to this file.",
)
@_deadline
@_memory
@_abuse
def run(
    target: str,
    python: str | None,
    seconds: float,
    engine: Any,
    seed: int | None,
    corpus: Path,
    crashes: Path,
    json_file: Path | None,
    deadline: float,
    memory: int,
    abuse: bool,
) -> None:
    """Fuzz a target for a while and file what kills it."""
    require_linux()
    spec, interpreter = _resolve(target, python)
    corpus, crashes = _folders(corpus, crashes, json_file)
    made = _build(spec, interpreter)
    # What scripts are run with: built now, so that no compiler competes with the campaign.
    _build(spec, interpreter, instrumented=False)
    config = Config(
        target=str(made.spec),
        python=str(made.interpreter.executable),
        seconds=seconds,
        engine=engine,
        seed=random.SystemRandom().randrange(2**31) if seed is None else seed,
        corpus=str(corpus),
        crashes=str(crashes),
        deadline=deadline,
        memory_mib=memory,
        abuse=abuse,
    )
    with Screen(seconds) as screen:
        screen.note(
            f"fuzzing {config.target} on CPython {made.interpreter.text} for {seconds:g} s, "
            f"engine {engine}, seed {config.seed}"
        )
        summary = run_campaign(config, made, screen)
    click.echo(_told(summary, crashes, made.interpreter))
    if json_file is not None:
        write_whole(json_file, msgspec.json.format(msgspec.json.encode(summary), indent=2))
    if summary.problem:
        raise UserError(summary.problem)
    if summary.interrupted:
        sys.exit(130)


@cli.command(name="exec")
@click.argument("program", type=click.Path(path_type=Path))
@_target
@_python
@_deadline
@_memory
@_abuse
def exec_(
    program: Path, target: str, python: str | None, deadline: float, memory: int, abuse: bool
) -> None:
    """Run one program in a fresh process and say what became of it.

    Exits with 0 if it survived, 1 if it died or something was wrong with it, 2 if it could not run.
    """
    require_linux()
    read = _read(program)
    made = _build(*_resolve(target, python))
    text = runnable(read, made.interpreter.version[:2], abuse=abuse)
    outcome = run_fresh(made, text, Limits(deadline, memory, abuse))
    effect, skipped, raised = outcome.took
    where = f"{made.spec} on CPython {made.interpreter.text}"
    steps = f"{effect} steps, {skipped} skipped, {raised} raised, {outcome.seconds * 1000:.0f} ms"
    if outcome.alive:
        steps += f", {outcome.alive} C++ objects alive after the end"
    found = diagnose(outcome, memory)
    if not found:
        click.echo(f"survived: {where} ({steps})")
    for diagnosis in found:
        click.echo(f"{diagnosis} in {diagnosis.phase}: {where} ({steps})")
        click.echo(f"bucket {diagnosis.bucket}: {' < '.join(diagnosis.frames) or 'no frames'}")
    for number, frame in enumerate(outcome.frames or outcome.recreated_frames):
        click.echo(f"#{number} {named(frame)}")
    if outcome.stderr:
        click.echo(outcome.stderr, err=True, nl=False)
    sys.exit(1 if found else 0)


@cli.command()
def targets() -> None:
    """List the interpreters found, and the targets that can be built here."""
    console = Console(highlight=False, soft_wrap=True)
    with console.status("looking for interpreters and releases"):
        interpreters = find_interpreters()
        versions = released_versions()
    console.print("interpreters (--python):")
    for interpreter in interpreters:
        headers = "" if interpreter.include else "  no headers: can't be built for"
        console.print(f"  {interpreter.text:8} {interpreter.executable}{headers}")
    console.print("targets (--target):")
    for version in versions:
        console.print(f"  pybind11=={version}")
    console.print("  pybind11==FIRST,SECOND  two extensions in one process, a release each")
    console.print("  pybind11@PATH           a checkout, or a folder with its headers")
    console.print("  plain-c                 the control, without a framework")
    console.print("policies: " + ", ".join(f"+{policy}" for policy in Policy))


@cli.command()
def steps() -> None:
    """Print the language: every step, its arguments, where it is legal, from which Python on."""
    console = Console(highlight=False)
    console.print(_marked(INTRODUCTION))
    for each in tables():
        console.print(f"\n[bold]{each.title}[/bold]")
        if each.note:
            console.print(_marked(each.note))
        table = Table(*each.columns, box=box.SIMPLE_HEAD, pad_edge=False)
        for row in each.rows:
            table.add_row(*map(_marked, row))
        console.print(table)


@cli.command()
def doctor() -> None:
    """Say what is missing on this machine and how to get it. Exits with 1 if something is."""
    with Console(stderr=True).status("looking"):
        found = checks.examine()
    for check in found:
        click.echo(f"{'ok     ' if check.fine else 'MISSING'} {check.subject}: {check.text}")
    sys.exit(0 if all(check.fine for check in found) else 1)


def main() -> None:
    """Runs a command; bad input is one line and exit code 2."""
    try:
        cli(standalone_mode=False)
    except UserError as error:
        _fail(str(error), 2)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.UsageError as error:
        hint = f" (see `{error.ctx.command_path} --help`)" if error.ctx else ""
        _fail(error.format_message() + hint, 2)
    except click.ClickException as error:
        _fail(error.format_message(), 2)
    except OSError as error:  # a full disk, a folder taken away: nothing that a traceback explains
        _fail(f"{error.filename or 'the system'}: {error.strerror}", 2)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted", 130)


def _fail(message: str, code: int) -> None:
    click.echo(f"finfuzz: error: {message}", err=True)
    sys.exit(code)


def _folders(corpus: Path, crashes: Path, json_file: Path | None) -> tuple[Path, Path]:
    """Makes the folders of a campaign, having seen that each of them can be."""
    places = [(corpus, "the corpus"), (crashes, "findings")]
    if json_file is not None:
        places.append((json_file.absolute().parent, "the summary"))
        if json_file.is_dir():
            raise UserError(f"can't write the summary to {json_file}: it is a folder")
    for place in places:
        require_possible(*place)
    corpus, crashes, *_ = [writable_directory(*place) for place in places]
    return corpus, crashes


def _resolve(target: str, python: str | None) -> tuple[TargetSpec, Interpreter]:
    spec = parse_target(target)
    with Console(stderr=True).status("looking for the interpreter and the headers"):
        interpreter = pick_interpreter(python)
        spec = resolve(spec)
        if spec.framework == "pybind11":
            headers(spec)
        if spec.of_second is not None:
            headers(spec.of_second)
    return spec, interpreter


def _build(spec: TargetSpec, interpreter: Interpreter, *, instrumented: bool = True) -> Build:
    console = Console(stderr=True, highlight=False)
    with console.status("building") as status:

        def announce(line: str) -> None:
            status.update(line)
            if not console.is_terminal:
                console.print(line, markup=False, soft_wrap=True)

        return build(spec, interpreter, instrumented=instrumented, announce=announce)


def _read(path: Path) -> Program:
    try:
        size = path.stat().st_size
        if size > _LARGEST_FILE:
            raise UserError(f"{path} has {size} bytes: no program is longer than {_LARGEST_FILE}")
        return parse(path.read_text(encoding="utf-8"))
    except ParseError as error:
        raise UserError(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a program: byte {error.start} is not UTF-8") from error
    except OSError as error:
        raise UserError(f"can't read the program {path}: {error.strerror}") from error


def _marked(text: str) -> Text:
    """Text whose `code` is shown as such, without the backquotes."""
    parts = text.split("`")
    return Text.assemble(*((part, "cyan" if index % 2 else "") for index, part in enumerate(parts)))


def _told(summary: Summary, crashes: Path, python: Interpreter) -> str:
    lines = [
        f"{summary.target} on CPython {summary.python}: {summary.executions:,} executions in "
        f"{summary.seconds:.0f} s ({summary.executions_per_second:.0f}/s), "
        f"engine {summary.engine}, seed {summary.seed}"
    ]
    for title, count in summary.known.items():
        lines.append(f"known, not filed: {title} ({count} times)")
    for entry in summary.unconfirmed:
        lines.append(
            f"not seen again in a fresh process, kept aside: {entry.signal}/{entry.diagnostic} "
            f"{entry.path}"
        )
    if not summary.findings:
        lines.append("found nothing")
    for entry in summary.findings:
        new = "new" if entry.new else "filed before"
        lines.append(
            f"{entry.signal}/{entry.diagnostic} ({new}, seen {entry.sightings} times, first after "
            f"{entry.first_seen_seconds:.1f} s): {entry.path}"
        )
    if summary.findings:
        lines.append(
            f"findings lie in {crashes}; in a finding's folder: {python.executable} repro.py"
        )
    return "\n".join(lines)
