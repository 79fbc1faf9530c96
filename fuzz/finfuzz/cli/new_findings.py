"""The folder for new findings, of commands that file some."""

from __future__ import annotations

from pathlib import Path

import click

from finfuzz.support.hints import DEFAULT_CRASHES, DEFAULT_STATE

#: In a folder of findings: they are published, and what a user finds does not belong there.
PUBLISHED = "PUBLISHED.md"


def choose_crashes(given: Path | None, state: Path = DEFAULT_STATE) -> Path:
    """Choose the folder for new findings: the one given, else `crashes`.

    Where the findings in `crashes` are published, as in a checkout of finfuzz: `crashes` in the
    state folder, which no repository has.
    """
    if given is not None:
        return given
    return state / "crashes" if (DEFAULT_CRASHES / PUBLISHED).exists() else DEFAULT_CRASHES


new_crashes_option = click.option(
    "--crashes",
    type=click.Path(path_type=Path),
    default=None,
    callback=lambda _context, _option, given: choose_crashes(given),
    show_default=f"{DEFAULT_CRASHES}, or {DEFAULT_STATE}/crashes if the former has a {PUBLISHED}",
    help="The folder for findings.",
)
