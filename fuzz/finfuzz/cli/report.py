"""`finfuzz report` and `serve`: the campaign's page."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import click

from finfuzz.campaign.folder import load_plan
from finfuzz.cli.group import cli
from finfuzz.cli.options import progress
from finfuzz.cli.outdated import warn_outdated
from finfuzz.report.page import text
from finfuzz.report.page.data import crashes_of
from finfuzz.support.errors import UserError
from finfuzz.support.files import require_possible, write_whole

_state = click.argument(
    "state", metavar="[DIR]", type=click.Path(path_type=Path), default=Path(".finfuzz")
)
_crashes = click.option(
    "--crashes",
    type=click.Path(path_type=Path),
    default=None,
    show_default="where the campaign files",
    help="Where findings are.",
)


@cli.command()
@_state
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The file to write.",
)
@_crashes
def report(state: Path, output: Path, crashes: Path | None) -> None:
    """Write a campaign and its findings as one HTML file, to be mailed.

    DIR is the campaign's state folder, .finfuzz where none is given. The file needs nothing beside
    it and asks nothing of the network.
    """
    from finfuzz.report.page.render import Renderer, page  # noqa: PLC0415 (igraph takes 0.1 s)

    _require_folder(crashes)
    require_possible(output.absolute().parent, "the report")
    if not output.absolute().parent.is_dir():
        raise UserError(f"can't write {output}: no such folder")
    with progress("reading findings") as (_, advance):
        parts = Renderer(state, crashes).parts(advance)
    made = f"written {text.moment(time.time())}"
    content = page(parts, made=made).encode()
    write_whole(output, content)
    click.echo(f"{output}: {len(parts.findings)} findings, {len(content) / 1024:,.0f} KiB")
    warn_outdated(crashes or crashes_of(state, load_plan(state)))


@cli.command()
@_state
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8733,
    show_default=True,
    help="0 is any that is free.",
)
@_crashes
def serve(state: Path, port: int, crashes: Path | None) -> None:
    """Show the same page live, to this machine alone; Ctrl-C ends it.

    DIR is the campaign's state folder, .finfuzz where none is given.
    """
    from finfuzz.report.page.live import Live  # noqa: PLC0415 (igraph takes 0.1 s)
    from finfuzz.report.page.server import PageServer  # noqa: PLC0415

    _require_folder(crashes)
    with progress("reading findings") as (_, advance):
        live = Live(state, crashes, advance)
    warn_outdated(crashes or crashes_of(state, load_plan(state)))
    # A shell's background jobs are started with it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with PageServer(live, port) as server:
        click.echo(f"{server.address} (Ctrl-C ends it)")
        server.serve_forever()


def _require_folder(crashes: Path | None) -> None:
    if crashes is not None and not crashes.is_dir():
        raise UserError(f"no folder of findings {crashes}")
