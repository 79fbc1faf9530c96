"""`finfuzz report` writes a campaign's page as a file; `finfuzz serve` serves it live."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import click

from finfuzz.campaign.folder import DEFAULT_STATE, StatePaths
from finfuzz.cli.group import cli
from finfuzz.cli.options import Count, show_progress
from finfuzz.cli.outdated import warn_outdated
from finfuzz.report.page import text
from finfuzz.support.errors import UserError
from finfuzz.support.files import require_possible, write_whole
from finfuzz.support.terminal import say

_state = click.argument(
    "state", metavar="[DIR]", type=click.Path(path_type=Path), default=DEFAULT_STATE
)
_crashes = click.option(
    "--crashes",
    type=click.Path(path_type=Path),
    default=None,
    show_default="the campaign's",
    help="The folder of findings.",
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
    """Write a campaign and its findings as one HTML file.

    DIR is the campaign's state folder, by default .finfuzz. The file is self-contained: it loads
    nothing from elsewhere and can be mailed.
    """
    from finfuzz.report.page.render import Renderer, render_page  # noqa: PLC0415 (igraph takes 0.1 s)

    _require_folder(crashes)
    require_possible(output.absolute().parent, "the report")
    if not output.absolute().parent.is_dir():
        raise UserError(f"can't write {output}: there is no folder {output.parent}")
    with show_progress("reading findings") as (_, advance):
        parts = Renderer(state, crashes).render_parts(advance)
    made = f"written {text.format_moment(time.time())}"
    content = render_page(parts, made=made).encode("utf-8", "backslashreplace")
    write_whole(output, content)
    findings = "1 finding" if len(parts.findings) == 1 else f"{len(parts.findings)} findings"
    say(f"wrote {output}: {findings}, {len(content) / 1024:,.0f} KiB")
    warn_outdated(crashes or _find_crashes(state))


@cli.command()
@_state
@click.option(
    "--port",
    type=Count(0, 65535),
    default=8733,
    show_default=True,
    help="The port to listen on; 0 picks a free one.",
)
@_crashes
def serve(state: Path, port: int, crashes: Path | None) -> None:
    """Serve the campaign's page live until Ctrl-C, to this machine only.

    DIR is the campaign's state folder, by default .finfuzz.
    """
    from finfuzz.report.page.live import Live  # noqa: PLC0415 (igraph takes 0.1 s)
    from finfuzz.report.page.server import PageServer  # noqa: PLC0415

    _require_folder(crashes)
    with show_progress("reading findings") as (_, advance):
        live = Live(state, crashes, advance)
    warn_outdated(crashes or _find_crashes(state))
    # Shells start background jobs with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with PageServer(live, port) as server:
        say(f"{server.address} (stop with Ctrl-C)")
        server.serve_forever()


def _require_folder(crashes: Path | None) -> None:
    if crashes is not None and not crashes.is_dir():
        raise UserError(f"there is no folder {crashes}: give a folder of findings with --crashes")


def _find_crashes(state: Path) -> Path:
    """Find where the campaign files. Raises UserError without a campaign."""
    paths = StatePaths(state)
    return paths.find_crashes(paths.load_plan())
