"""`finfuzz report` writes a campaign's page as a file; `finfuzz serve` serves it live."""

from __future__ import annotations

import contextlib
import signal
import time
from importlib.metadata import version
from pathlib import Path

import click

from finfuzz.campaign.folder import StatePaths
from finfuzz.cli.group import cli
from finfuzz.cli.options import Count
from finfuzz.cli.outdated import warn_outdated
from finfuzz.cli.progress import show_progress
from finfuzz.report.page import text
from finfuzz.support.counting import count
from finfuzz.support.errors import UserError
from finfuzz.support.files import require_possible, write_whole
from finfuzz.support.hints import DEFAULT_CRASHES, DEFAULT_STATE
from finfuzz.support.system import describe_system
from finfuzz.support.terminal import say
from finfuzz.targets.compiler import find_compiler, read_version
from finfuzz.triage.findings.finding import find_finding, load

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
    default=None,
    show_default="report.html; with --issue, standard output",
    help="The file to write.",
)
@click.option(
    "--issue",
    metavar="FINDING",
    help="Write this finding for an issue tracker instead, as Markdown: a folder, or the first "
    "digits of a bucket.",
)
@_crashes
def report(state: Path, output: Path | None, issue: str | None, crashes: Path | None) -> None:
    """Write a campaign and its findings as one HTML file, or a finding for an issue tracker.

    DIR is the campaign's state folder, by default .finfuzz. The HTML file is self-contained: it
    loads nothing from elsewhere and can be mailed. The Markdown of --issue has the title, the
    versions, the script, the stack and the controls, and no path of this machine.
    """
    if issue is not None:
        _write_issue(issue, state, output, crashes)
        return
    _write_page(state, output or Path("report.html"), crashes)


def _write_page(state: Path, output: Path, crashes: Path | None) -> None:
    from finfuzz.report.page.render import Renderer, render_page  # noqa: PLC0415 (igraph takes 0.1 s)

    _require_folder(crashes)
    _require_place(output)
    with show_progress("reading findings") as (_, advance):
        parts = Renderer(state, crashes).render_parts(advance)
    made = f"written {text.format_moment(time.time())}"
    content = render_page(parts, made=made).encode("utf-8", "backslashreplace")
    write_whole(output, content)
    findings = count(len(parts.findings), "finding")
    say(f"wrote {output}: {findings}, {len(content) / 1024:,.0f} KiB")
    warn_outdated(crashes or _find_crashes(state))


def _write_issue(finding: str, state: Path, output: Path | None, crashes: Path | None) -> None:
    """Find the finding in --crashes, in the campaign's folder of findings, or in `crashes`."""
    from finfuzz.report.issue import Here, write_issue  # noqa: PLC0415 (the page's commands do without)

    _require_folder(crashes)
    if output is not None:
        _require_place(output)
    if crashes is None:
        crashes = _find_crashes(state) if StatePaths(state).plan.is_file() else DEFAULT_CRASHES
    folder = find_finding(finding, crashes)
    here = Here(_describe_compiler(), describe_system())
    text = write_issue(load(folder), folder, version("finfuzz"), here)
    if output is None:
        say(text, nl=False)
        return
    write_whole(output, text)
    say(f"wrote {output}")


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
        with contextlib.suppress(KeyboardInterrupt):  # its only end
            server.serve_forever()


def _describe_compiler() -> str:
    """Name this machine's compiler; nothing where there is none, as a text needs none."""
    try:
        return read_version(find_compiler())
    except UserError:
        return ""


def _require_place(output: Path) -> None:
    require_possible(output.absolute().parent, "the report")
    if not output.absolute().parent.is_dir():
        raise UserError(f"can't write {output}: there is no folder {output.parent}")


def _require_folder(crashes: Path | None) -> None:
    if crashes is not None and not crashes.is_dir():
        raise UserError(f"there is no folder {crashes}: give a folder of findings with --crashes")


def _find_crashes(state: Path) -> Path:
    """Find where the campaign files. Raises UserError without a campaign."""
    paths = StatePaths(state)
    return paths.find_crashes(paths.load_plan())
