"""`finfuzz targets` and `finfuzz doctor`: what this machine has."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import click

from finfuzz import doctor as checks
from finfuzz.cli.group import cli
from finfuzz.support.terminal import DataConsole, say
from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.instrumentation import read_instrumentation
from finfuzz.targets.interpreters import find_interpreters
from finfuzz.targets.package_name import FORMS
from finfuzz.targets.releases import list_releases

python_folders = click.option(
    "--python",
    "folders",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    help="A folder to search for CPythons too; repeatable.",
)


@cli.command()
@python_folders
def targets(folders: tuple[Path, ...]) -> None:
    """List the interpreters found and the targets that can be built here."""
    console = DataConsole(soft_wrap=True)
    with console.status("searching for interpreters and releases"):
        interpreters = find_interpreters(folders)
        versions = {name: list_releases(name) for name in FRAMEWORKS}
    console.print("interpreters (--python):")
    for interpreter in interpreters:
        commit = f"  commit {interpreter.commit}" if interpreter.commit else ""
        headers = "" if interpreter.includes else "  no headers: no target can be built for it"
        found = read_instrumentation(interpreter.executable).text
        instrumented = f"  {found}" if found else ""
        notes = f"{commit}{instrumented}{headers}"
        console.print(f"  {interpreter.text:9} {interpreter.executable}{notes}")
    console.print("targets (--target):")
    for record in FRAMEWORKS.values():
        for line in _fill_releases(record.name, versions[record.name]):
            console.print(f"  {line}")
        for form, meaning in record.forms[1 if versions[record.name] else 0 :]:
            console.print(f"  {form:27} {meaning}")
    for form, meaning in FORMS.items():
        console.print(f"  {form:27} {meaning}")
    for record in FRAMEWORKS.values():
        if record.releases and len(record.policies) > 1:
            policies = ", ".join(f"+{name}" for name in record.policy_names)
            console.print(f"policies of {record.name}: {policies}")


def _fill_releases(framework: str, versions: list[str]) -> list[str]:
    """Write the newest release as a target, and all others behind it."""
    newest, *others = versions or [""]
    text = f"{framework}=={newest}" + (f" (or {', '.join(others)})" if others else "")
    return textwrap.wrap(text, 90, subsequent_indent="    ") if newest else []


@cli.command()
@python_folders
def doctor(folders: tuple[Path, ...]) -> None:
    """Check that this machine has all that finfuzz needs; say how to get what is missing.

    Exits with 1 if something is missing.
    """
    with DataConsole(err=True).status("checking this machine"):
        results = checks.examine(folders)
    for check in results:
        say(f"{'ok     ' if check.passed else 'MISSING'} {check.subject}: {check.text}")
    sys.exit(0 if all(check.passed for check in results) else 1)
