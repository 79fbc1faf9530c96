"""`finfuzz triage`, `show`, `merge` and `rekey`: the findings of a folder."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import click

from finfuzz.cli.group import cli
from finfuzz.cli.options import crashes_option
from finfuzz.cli.outdated import find_crashes, require_folder, warn_outdated
from finfuzz.report import terminal
from finfuzz.report.finding import print_finding
from finfuzz.report.json_export import to_json
from finfuzz.report.sarif import to_sarif
from finfuzz.support.counting import count
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.support.terminal import DataConsole, say
from finfuzz.triage.diagnosis import DIAGNOSTICS
from finfuzz.triage.findings.attribution import OWNERS
from finfuzz.triage.findings.finding import find_finding, list_folders, load, load_readable
from finfuzz.triage.findings.listing import Filter, ListedFinding, list_findings
from finfuzz.triage.findings.merge import merge, unmerge
from finfuzz.triage.findings.rekey import plan_rekey
from finfuzz.triage.findings.similar import suggest_merges
from finfuzz.triage.rekeying import give_key

_file = click.Path(path_type=Path, dir_okay=False)


@cli.command()
@crashes_option
@click.option("--signal", default="", help="Only this signal: SIGABRT, HANG, NONE …")
@click.option("--diagnostic", type=click.Choice(list(DIAGNOSTICS)), default=None)
@click.option(
    "--owner",
    type=click.Choice([*OWNERS, "?"]),
    default=None,
    help="Only this owner; `?`: the controls have not run yet.",
)
@click.option("--phase", default="", help="Only this phase: finalizing, finalizing/dict-cleared …")
@click.option(
    "--status",
    type=click.Choice(["new", "known", "regressed", "merged", "damaged"]),
    default=None,
)
@click.option("--flaky", is_flag=True, help="Only findings that reproduce sometimes.")
@click.option("--json", "json_file", type=_file, default=None, help="Write the list as JSON.")
@click.option("--sarif", "sarif_file", type=_file, default=None, help="Write it as SARIF 2.1.0.")
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
    """List findings, and suggest which of them may be one defect.

    Exits with 0, or with 2 if a finding can't be read; the others are listed all the same.
    """
    require_folder(crashes)
    wanted = Filter(signal, diagnostic or "", owner or "", phase, status or "", flaky)
    console = DataConsole()
    every = list(list_findings(crashes))
    found = [entry for entry in every if wanted.accepts(entry)]
    if json_file is not None:
        write_whole(json_file, to_json(found))
    if sarif_file is not None:
        write_whole(sarif_file, json.dumps(to_sarif(found, version("finfuzz")), indent=2) + "\n")
    table = terminal.render_list(found, one_line=not console.is_terminal)
    console.print(table if found else "no findings")
    readable = [entry.finding for entry in found if entry.finding]
    for suggestion in terminal.render_suggestions(list(suggest_merges(readable))):
        console.print(suggestion)
    warn_outdated(crashes)
    _require_readable(sum(entry.finding is None for entry in every), len(every))


@cli.command()
@click.argument("finding")
@crashes_option
def show(finding: str, crashes: Path) -> None:
    """Show one finding: what happens, the graph, the stack, the owner.

    FINDING is a folder, or the first digits of a bucket in --crashes.
    """
    folder = find_finding(finding, crashes)
    crashes = find_crashes(folder, crashes)
    entry = _find_entry(folder, crashes)
    if entry.finding is None:
        raise UserError(entry.problem)
    print_finding(DataConsole(), entry)
    warn_outdated(crashes)


@cli.command(name="merge")
@click.argument("finding")
@click.argument("into", required=False)
@click.option("--undo", is_flag=True, help="Undo the merge of FINDING.")
@crashes_option
def merge_(finding: str, into: str | None, undo: bool, crashes: Path) -> None:
    """State that FINDING is the same defect as INTO: later crashes are counted for INTO.

    The folder of FINDING stays where it is, and its finding.json names INTO.
    """
    folder = find_finding(finding, crashes)
    if undo == bool(into):
        raise click.UsageError("name two findings, or one and --undo")
    if into:
        merged = merge(folder, find_finding(into, crashes))
        say(f"{merged.bucket} is merged into {merged.merged_into}")
    else:
        say(f"{unmerge(folder).bucket} is no longer merged")


@cli.command()
@click.argument(
    "folder",
    metavar="[FOLDER]",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("crashes"),
)
@click.option("--dry-run", is_flag=True, help="Print the changes and write nothing.")
def rekey(folder: Path, dry_run: bool) -> None:
    """Rename findings whose keys are of an older version.

    FOLDER holds findings, crashes where none is given. A new version of the list of telling frames
    makes other keys. Each outdated finding is renamed to its new bucket, and keeps the old one as
    `former`. Where two findings get one bucket, the later is merged into the other.

    Prints one line per finding. Exits with 0, or with 2 if a finding can't be renamed or read; the
    readable ones are renamed all the same.
    """
    if not folder.is_dir():
        raise UserError(f"no folder of findings {folder}")
    changes = plan_rekey(folder)
    for change in changes:
        if not dry_run:
            give_key(change)
        say(str(change))
    if not changes:
        say("all keys are current")
    elif dry_run:
        say("dry run: nothing was written")
    number = len(list_folders(folder))
    _require_readable(number - len(list(load_readable(folder))), number)


def _require_readable(damaged: int, number: int) -> None:
    if damaged:
        raise UserError(
            f"{damaged} of {count(number, 'finding')} can't be read: "
            "see `finfuzz triage --status damaged`"
        )


def _find_entry(folder: Path, crashes: Path) -> ListedFinding:
    """Find the list's entry of a folder; one that lies in no crashes folder is read alone."""
    same = (one for one in list_findings(crashes) if one.folder.resolve() == folder.resolve())
    return next(same, None) or ListedFinding(folder, load(folder))
