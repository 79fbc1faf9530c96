"""`finfuzz bisect`: find the release or commit that introduced or fixed a defect."""

from __future__ import annotations

from pathlib import Path

import click

from finfuzz.cli.group import cli
from finfuzz.cli.options import crashes_option, deadline_option, memory_option, trust_option
from finfuzz.cli.progress import show_progress
from finfuzz.executor.limits import Limits
from finfuzz.support.cpythons import link_issue, split_abiflags
from finfuzz.support.errors import UserError
from finfuzz.support.terminal import say_line
from finfuzz.targets.build import require_linux
from finfuzz.targets.pick import pick_own
from finfuzz.triage.attribution.bisect import (
    Bisection,
    Subject,
    bisect_commits,
    bisect_cpython,
    bisect_releases,
)
from finfuzz.triage.attribution.rules import read_wanted
from finfuzz.triage.attribution.search import SHOWN
from finfuzz.triage.findings.finding import find_finding, load
from finfuzz.triage.findings.trust import require_trust

_folder = click.Path(path_type=Path)


@cli.command()
@click.argument("finding")
@click.option(
    "--good",
    default=None,
    help="A release (with --repo or --python-repo: a revision) without the defect.",
)
@click.option(
    "--bad",
    default=None,
    help="A release or revision with the defect; older or newer than the good one.",
)
@click.option(
    "--repo",
    type=_folder,
    default=None,
    help="A checkout of the framework whose commits to try; its files are not touched.",
)
@click.option(
    "--python-repo",
    type=_folder,
    default=None,
    help="A git repository of CPython whose commits to build and try; its files are not touched.",
)
@crashes_option
@deadline_option
@memory_option
@trust_option
def bisect(
    finding: str,
    good: str | None,
    bad: str | None,
    repo: Path | None,
    python_repo: Path | None,
    crashes: Path,
    deadline: float,
    memory: int,
    trust: bool,
) -> None:
    """Find the release or commit that introduced or fixed FINDING.

    Without --good and --bad, all releases are tried and every change is printed. With
    --python-repo, each commit that is tried takes a build of CPython, which the cache keeps.

    Exits with 0, or with 2 if releases or commits in between could not be judged and leave the
    answer open.
    """
    require_linux()
    if repo is not None and python_repo is not None:
        raise click.UsageError("--repo and --python-repo exclude each other")
    if (good is None) != (bad is None) or ((repo or python_repo) is not None and good is None):
        raise click.UsageError(
            "--good and --bad go together, and --repo and --python-repo take both"
        )
    folder = find_finding(finding, crashes)
    record = load(folder)
    if not trust:
        require_trust(folder, "bisect")
    with show_progress(f"{record.bucket}: bisecting") as (announce, advance):
        spec = record.target.find_spec(folder)
        subject = Subject(
            read_wanted(record, spec, announce),
            spec,
            Limits(deadline, memory),
            announce,
            advance,
        )
        if python_repo is not None and good is not None and bad is not None:
            _, abiflags = split_abiflags(record.target.python)
            found = bisect_cpython(subject, python_repo, abiflags, good, bad)
        else:
            interpreter = pick_own(record.target.python, record.target.executable)
            if repo is not None and good is not None and bad is not None:
                found = bisect_commits(subject, interpreter, repo, good, bad)
            else:
                found = bisect_releases(subject, interpreter, good, bad)
    _print_changes(found, of_cpython=python_repo is not None)


def _print_changes(found: Bisection, *, of_cpython: bool) -> None:
    for change in found.changes:
        subject = f" ({change.subject})" if change.subject else ""
        say_line(f"{change.what}: {change.name}{subject}")
        if of_cpython and (issue := link_issue(change.subject)):
            say_line(issue)
    for change in found.changes:
        if change.skipped:
            why = next(one.verdict for one in found.trials if one.name == change.skipped[0])
            others = ", ".join(name[:SHOWN] for name in change.skipped)
            raise UserError(
                f"the {change.what} may be earlier: could not be judged: {others} ({why})"
            )
    if not found.changes:
        for line in _describe_no_change(found):
            say_line(line)


def _describe_no_change(found: Bisection) -> list[str]:
    """Describe a defect in all releases tried. Raise UserError if no release shows the defect."""
    bad = [trial.name for trial in found.trials if trial.bad]
    if not bad:
        last = found.trials[-1]
        raise UserError(f"no release shows the finding's defect: {last.name}: {last.verdict}")
    tried = f"no change: bad from {bad[0]} to {bad[-1]}"
    unclear = [f"{one.name}: {one.verdict}" for one in found.trials if one.bad is None]
    return [tried, *(f"decides nothing: {line}" for line in unclear)]
