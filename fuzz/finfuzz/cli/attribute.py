"""`finfuzz attribute` and `finfuzz file`: controls and filing without a campaign."""

from __future__ import annotations

from pathlib import Path

import click

from finfuzz.cli.filing import UNFILED, filing, has_controls_left
from finfuzz.cli.group import cli
from finfuzz.cli.new_findings import new_crashes_option
from finfuzz.cli.options import (
    abuse_option,
    build_target,
    crashes_option,
    deadline_option,
    memory_option,
    name_targets,
    owner_only_option,
    path_option,
    python_option,
    recipe_option,
    resolve_target,
    take_recipe,
    target_option,
    trust_option,
)
from finfuzz.cli.outdated import require_folder
from finfuzz.cli.progress import show_progress
from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.program.file import read_program
from finfuzz.program.scope import explain_skipped
from finfuzz.program.text import to_text
from finfuzz.support.errors import UserError
from finfuzz.support.files import ensure_directory
from finfuzz.support.terminal import say_line
from finfuzz.targets.build import require_linux
from finfuzz.targets.pick import pick_own
from finfuzz.triage.attribution.attribute import attribute_finding
from finfuzz.triage.diagnosis.ending import describe_ending
from finfuzz.triage.findings.finding import find_finding, list_folders, load
from finfuzz.triage.findings.trust import require_trust
from finfuzz.triage.instruments.escalate import escalate


@cli.command()
@click.argument("findings", nargs=-1)
@crashes_option
@deadline_option
@memory_option
@trust_option
def attribute(
    findings: tuple[str, ...], crashes: Path, deadline: float, memory: int, trust: bool
) -> None:
    """Run FINDINGS on their controls and under instruments, to find the owner of each defect.

    Without FINDINGS: all with controls left. Interrupted, it keeps what each control has shown,
    once the owner is known: run it again for the rest.
    """
    require_linux()
    folders = [find_finding(one, crashes) for one in findings] or _list_unattributed(crashes)
    limits = Limits(deadline, memory)
    for folder in folders if not trust else ():
        require_trust(folder, "attribute")
    for folder in folders:
        record = load(folder).target
        subject = (
            folder,
            record.find_spec(folder),
            pick_own(record.python, record.executable),
            limits,
        )
        with show_progress(f"{folder.name}: controls") as (announce, advance):
            for done, of in attribute_finding(*subject, announce, report=announce):
                advance(done, of)
        with show_progress(f"{folder.name}: instruments") as (announce, advance):
            for done, of in escalate(*subject, announce):
                advance(done, of)
        attribution = load(folder).attribution
        assert attribution is not None
        ranges = filter(None, (attribution.release_range, attribution.python_range))
        say_line("; ".join([f"{folder.name}: {attribution}", *ranges]))


@cli.command(name="file")
@click.argument("program", type=click.Path(path_type=Path))
@target_option
@python_option
@recipe_option
@path_option
@new_crashes_option
@deadline_option
@memory_option
@abuse_option
@trust_option
@click.option(
    "--attribute/--no-attribute",
    default=True,
    show_default=True,
    help="Run what is filed on its controls; `finfuzz attribute` does it later.",
)
@owner_only_option
def file_(
    program: Path,
    target: str,
    python: str | None,
    recipe: Path | None,
    path: Path | None,
    crashes: Path,
    deadline: float,
    memory: int,
    abuse: bool,
    trust: bool,
    attribute: bool,
    owner_only: bool | None,
) -> None:
    """Run PROGRAM, and file a finding of each failure as a campaign does.

    Exits with 0 if something is filed (or was before), 1 if nothing is wrong, 2 if something can't
    be filed. Ctrl-C while controls run is no error: the finding is on disk, and `finfuzz attribute`
    runs the rest.
    """
    require_linux()
    read = read_program(program)
    text = to_text(read.without_comments())
    (target,) = name_targets((target,), recipe, path)
    spec, interpreter = resolve_target(target, python)
    made = build_target(take_recipe(spec, program, "file", trust=trust), interpreter)
    limits = Limits(deadline, memory, abuse)
    for line in explain_skipped(read, interpreter.version, made.offers, abuse=abuse):
        say_line(f"skipped {line}", err=True)
    crashes = ensure_directory(crashes, "findings")
    with filing(made, crashes, limits, owner_only=bool(owner_only)) as opened:
        sorter, outcome = opened.sorter, run_fresh(made, read, limits)
        opened.sight(text, outcome, 1, thorough=True)
        if attribute:
            opened.run_controls()
    opened.report()
    ending = describe_ending(outcome, read)
    if ending:
        say_line(f"{ending}: {UNFILED}")
    if not (sorter.seen or sorter.known or sorter.unconfirmed):
        if not ending:
            say_line(f"survived: {made.spec} on CPython {made.interpreter.text}")
        raise SystemExit(1)


def _list_unattributed(crashes: Path) -> list[Path]:
    require_folder(crashes)
    found = [folder for folder in list_folders(crashes) if has_controls_left(folder)]
    if not found:
        raise UserError(f"every finding in {crashes} has an attribution: name one to run it again")
    return found
