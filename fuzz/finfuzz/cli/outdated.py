"""The line that commands print when findings have keys of an older version."""

from __future__ import annotations

from pathlib import Path

import click

from finfuzz.triage.findings.rekey import count_outdated


def warn_outdated(crashes: Path) -> None:
    """Say on standard error how many findings `finfuzz rekey` would rename."""
    count = count_outdated(crashes)
    if count:
        findings = "1 finding has a key" if count == 1 else f"{count} findings have keys"
        click.echo(
            f"{findings} of an older version: `finfuzz rekey {crashes}` renames "
            f"{'it' if count == 1 else 'them'}",
            err=True,
        )
