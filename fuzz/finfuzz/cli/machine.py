"""`finfuzz targets` and `finfuzz doctor`: what this machine has."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from finfuzz import doctor as checks
from finfuzz.cli.group import cli
from finfuzz.targets.frameworks.pybind11 import released_versions
from finfuzz.targets.interpreters import find_interpreters
from finfuzz.targets.spec import Policy


@cli.command()
def targets() -> None:
    """List the interpreters found and the targets that can be built here."""
    console = Console(highlight=False, soft_wrap=True)
    with console.status("searching for interpreters and releases"):
        interpreters = find_interpreters()
        versions = released_versions()
    console.print("interpreters (--python):")
    for interpreter in interpreters:
        headers = "" if interpreter.include else "  no headers: no target can be built for it"
        console.print(f"  {interpreter.text:8} {interpreter.executable}{headers}")
    console.print("targets (--target):")
    for version in versions:
        console.print(f"  pybind11=={version}")
    console.print(
        "  pybind11==FIRST,SECOND  two extensions in one process, built with a release each"
    )
    console.print("  pybind11@PATH           a checkout, or a folder with its headers")
    console.print("  plain-c                 the control in plain C, without a framework")
    console.print("  no-extension            the control in plain Python, without any extension")
    console.print("policies: " + ", ".join(f"+{policy}" for policy in Policy))


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
