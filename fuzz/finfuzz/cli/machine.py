"""`finfuzz targets` and `finfuzz doctor`: what this machine has."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from finfuzz import doctor as checks
from finfuzz.cli.group import cli
from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.interpreters import find_interpreters
from finfuzz.targets.releases import released_versions


@cli.command()
def targets() -> None:
    """List the interpreters found and the targets that can be built here."""
    console = Console(highlight=False, soft_wrap=True)
    with console.status("searching for interpreters and releases"):
        interpreters = find_interpreters()
        versions = {name: released_versions(name) for name in FRAMEWORKS}
    console.print("interpreters (--python):")
    for interpreter in interpreters:
        headers = "" if interpreter.include else "  no headers: no target can be built for it"
        console.print(f"  {interpreter.text:8} {interpreter.executable}{headers}")
    console.print("targets (--target):")
    for record in FRAMEWORKS.values():
        for version in versions[record.name]:
            console.print(f"  {record.name}=={version}")
        for form, meaning in record.forms[1 if versions[record.name] else 0 :]:
            console.print(f"  {form:23} {meaning}")
    for record in FRAMEWORKS.values():
        if len(record.policies) > 1:
            policies = ", ".join(f"+{name}" for name in record.policy_names)
            console.print(f"policies of {record.name}: {policies}")


@cli.command()
def doctor() -> None:
    """Check that this machine has all that finfuzz needs; say how to get what is missing.

    Exits with 1 if something is missing.
    """
    with Console(stderr=True).status("checking this machine"):
        results = checks.examine()
    for check in results:
        click.echo(f"{'ok     ' if check.passed else 'MISSING'} {check.subject}: {check.text}")
    sys.exit(0 if all(check.passed for check in results) else 1)
