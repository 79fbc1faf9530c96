"""`finfuzz export`: write a finding as a test."""

from __future__ import annotations

from pathlib import Path

import click

from finfuzz.cli.group import cli
from finfuzz.cli.options import crashes_option
from finfuzz.cli.outdated import find_crashes, warn_outdated
from finfuzz.support.errors import UserError
from finfuzz.support.terminal import say
from finfuzz.triage.findings.finding import find_finding, load
from finfuzz.triage.repro.export import write_pytest_file


@cli.command()
@click.argument("finding")
@click.option("--pytest", "as_pytest", is_flag=True, help="Write one file for pytest.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    show_default="test_finfuzz_BUCKET.py",
    help="The file to write; it must not exist yet.",
)
@crashes_option
def export(finding: str, as_pytest: bool, output: Path | None, crashes: Path) -> None:
    """Write FINDING as a test that fails as long as the crash happens.

    FINDING is a finding's folder, or its bucket or the start of one. The test needs no finfuzz.
    """
    if not as_pytest:
        raise click.UsageError("give --pytest: a test is the only export there is")
    folder = find_finding(finding, crashes)
    found = load(folder)
    text = write_pytest_file(folder, found)
    file = output or Path(f"test_finfuzz_{found.bucket}.py")
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise UserError(f"{file} already exists: remove it, or name another with -o") from None
    except OSError as error:
        raise UserError(f"can't write {file}: {error.strerror}") from error
    say(f"wrote {file}: pytest {file}")
    warn_outdated(find_crashes(folder, crashes))
