"""`finfuzz triage`, `show` and `merge`: reading what was found."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import click
from rich.console import Console

from finfuzz.cli.group import cli
from finfuzz.cli.options import crashes_option
from finfuzz.report import terminal
from finfuzz.report.json_export import to_json
from finfuzz.report.sarif import to_sarif
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.triage.diagnosis import DIAGNOSTICS
from finfuzz.triage.findings.finding import find_finding
from finfuzz.triage.findings.listing import Filter, ListedFinding, entries
from finfuzz.triage.findings.merge import merge, unmerge
from finfuzz.triage.findings.rekey import rekey
from finfuzz.triage.findings.similar import suggestions

_file = click.Path(path_type=Path, dir_okay=False)


@cli.command()
@crashes_option
@click.option("--signal", default="", help="Those that died of it: SIGABRT, HANG, NONE …")
@click.option("--diagnostic", type=click.Choice(list(DIAGNOSTICS)), default=None)
@click.option(
    "--owner",
    type=click.Choice(["target", "framework", "CPython", "harness", "unknown", "?"]),
    default=None,
    help="`?`: the controls have not run yet.",
)
@click.option("--phase", default="", help="finalizing, or finalizing/dict-cleared …")
@click.option(
    "--status",
    type=click.Choice(["new", "known", "regressed", "merged", "damaged"]),
    default=None,
)
@click.option("--flaky", is_flag=True, help="Those that do not die each time.")
@click.option("--json", "json_file", type=_file, default=None, help="Write them to this file.")
@click.option("--sarif", "sarif_file", type=_file, default=None, help="The same as SARIF 2.1.0.")
def triage(
    crashes: Path,
    signal: str,
    diagnostic: str | None,
    owner: str | None,
    phase: str,
    status: str | None,
    flaky: bool,
    json_file: Path | None,
    sarif_file: Path | None,
) -> None:
    """List findings, those that are known or merged too, and what may be one defect.

    Exits with 0, or with 2 if a finding can't be read; the others are listed all the same.
    """
    wanted = Filter(signal, diagnostic or "", owner or "", phase, status or "", flaky)
    console = Console(highlight=False)
    for line in rekey(crashes):
        console.print(line, markup=False)
    every = list(entries(crashes))
    found = [entry for entry in every if wanted.takes(entry)]
    if json_file is not None:
        write_whole(json_file, to_json(found))
    if sarif_file is not None:
        write_whole(sarif_file, json.dumps(to_sarif(found, version("finfuzz")), indent=2) + "\n")
    console.print(terminal.render_list(found) if found else "no findings", markup=False)
    readable = [entry.finding for entry in found if entry.finding]
    for suggestion in terminal.render_suggestions(list(suggestions(readable))):
        console.print(suggestion)
    damaged = sum(entry.finding is None for entry in every)
    if damaged:
        raise UserError(f"{damaged} of {len(every)} findings can't be read: see `--status damaged`")


@cli.command()
@click.argument("finding")
@crashes_option
def show(finding: str, crashes: Path) -> None:
    """Show one finding: what happens, the graph, the stack, whose it is. FINDING is a folder or a
    bucket, of which the first digits will do."""
    entry = _entry(find_finding(finding, crashes), crashes)
    if entry.finding is None:
        raise UserError(entry.problem)
    Console(highlight=False).print(terminal.render_finding(entry))


@cli.command(name="merge")
@click.argument("finding")
@click.argument("into", required=False)
@click.option("--undo", is_flag=True, help="Take the merge of FINDING back.")
@crashes_option
def merge_(finding: str, into: str | None, undo: bool, crashes: Path) -> None:
    """Say that FINDING is the same defect as INTO: its deaths are counted there from then on.

    It stays where it is, and says so.
    """
    folder = find_finding(finding, crashes)
    if undo == bool(into):
        raise click.UsageError("name two findings, or one and --undo")
    if into:
        merged = merge(folder, find_finding(into, crashes))
        click.echo(f"{merged.bucket} is merged into {merged.merged_into}")
    else:
        click.echo(f"{unmerge(folder).bucket} stands for itself again")


def _entry(folder: Path, crashes: Path) -> ListedFinding:
    same = (one for one in entries(crashes) if one.folder.resolve() == folder.resolve())
    found = next(same, None)
    # A folder outside of the crashes folder has no list of known defects beside it.
    return found or next(entries(folder.resolve().parents[2]))
