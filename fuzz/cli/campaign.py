"""`finfuzz run`."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from fuzz.campaign.config import Config
from fuzz.campaign.screen import Screen
from fuzz.campaign.summary import Summary
from fuzz.campaign.supervisor import run_campaign
from fuzz.cli.group import cli
from fuzz.cli.options import (
    Seconds,
    abuse_option,
    built,
    crashes_option,
    deadline_option,
    memory_option,
    python_option,
    resolved,
    target_option,
)
from fuzz.errors import UserError
from fuzz.files import require_possible, writable_directory, write_whole
from fuzz.target.build import require_linux
from fuzz.target.interpreters import Interpreter


@cli.command()
@target_option
@python_option
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
@crashes_option
@click.option(
    "--attribute/--no-attribute",
    default=True,
    show_default=True,
    help="Run what is new on its controls and under heavier instruments: some minutes when their "
    "builds are made for the first time. `finfuzz attribute` does it later.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path),
    default=None,
    help="Write the summary to this file.",
)
@deadline_option
@memory_option
@abuse_option
def run(
    target: str,
    python: str | None,
    seconds: float,
    engine: Any,
    seed: int | None,
    corpus: Path,
    crashes: Path,
    attribute: bool,
    json_file: Path | None,
    deadline: float,
    memory: int,
    abuse: bool,
) -> None:
    """Fuzz a target for a while and file what kills it."""
    require_linux()
    spec, interpreter = resolved(target, python)
    corpus, crashes = _folders(corpus, crashes, json_file)
    made = built(spec, interpreter)
    # What scripts are run with: built now, so that no compiler competes with the campaign.
    built(spec, interpreter, instrumented=False)
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
        attribute=attribute,
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
