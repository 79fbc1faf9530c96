"""Render one finding for a terminal: title, command, owner, reports, stack, controls, program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from finfuzz.program.text import parse
from finfuzz.report.rerun import list_commands
from finfuzz.report.terminal import render_graph, render_stack
from finfuzz.support.counting import count
from finfuzz.support.hints import spell_command
from finfuzz.support.terminal import reveal_line
from finfuzz.triage.findings.attribution import Attribution
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.listing import ListedFinding
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.story import describe, describe_owner, describe_rate, summarize

_VERDICTS = {"same": "red", "otherwise": "yellow", "survived": "green"}
#: Lines of a stack and routes shown at most; the finding's folder has the rest.
_LINES, _ROUTES = 20, 8


def print_finding(console: Console, entry: ListedFinding) -> None:
    """Print one finding in full, the most useful first.

    Its commands are not wrapped, so that they can be copied.
    """
    finding = entry.finding
    assert finding is not None
    console.print(
        Text(reveal_line(finding.title), style="bold"), _render_status(entry, finding), sep="\n"
    )
    console.print(_make_heading("run it"))
    for line in _list_lines(entry, finding):
        console.print(Text(f"  {line}"), soft_wrap=True)
    for title, body in _list_parts(finding, entry.folder):
        console.print(_make_heading(title), Padding(body, (0, 0, 0, 2), expand=False), sep="\n")
    console.print(Text(f"\n{entry.folder}"), soft_wrap=True)


def _list_parts(finding: Finding, folder: Path) -> Iterator[tuple[str, RenderableType]]:
    attribution = finding.attribution
    yield "whose defect is it", Text(reveal_line(_describe_owner(finding, folder)))
    if finding.escalation:
        yield "instruments", _render_escalation(finding)
    if finding.stack:
        yield "stack", render_stack(finding.stack, _LINES, "in stack.txt")
    if attribution:
        yield "controls", _render_controls(attribution)
    yield "program", Text(finding.program.rstrip())
    yield "object graph", render_graph(finding.program)
    if finding.routes:
        title = f"routes: different paths into the same defect ({len(finding.routes)})"
        yield title, _render_routes(finding)
    yield "more", _render_facts(finding)


def _describe_owner(finding: Finding, folder: Path) -> str:
    """Describe the owner, and how to run the controls that are left."""
    command = spell_command("attribute", folder)
    by = finding.attribution
    if by is None:
        return f"not known yet: {command}"
    return describe_owner(by) + (f": {command}" if by.left else "")


def _render_status(entry: ListedFinding, finding: Finding) -> Text:
    explained = finding.regressed or (entry.known.title if entry.known else "")
    words = [entry.status + (f": {explained}" if explained else "")]
    words += ["flaky"] if finding.flaky else []
    told = f"{finding.bucket}, {', '.join(words)}: {describe(finding)}"
    return Text(reveal_line(told), style="dim")


def _make_heading(title: str) -> Text:
    return Text(f"\n{title}", style="bold cyan")


def _list_lines(entry: ListedFinding, finding: Finding) -> list[str]:
    rate = f"{describe_rate(finding.signal, finding.rate)} ({finding.rate.interval_text})"
    seen = "" if finding.script.n else "only finfuzz sees it, no script can: "
    return [*list_commands(finding, entry.folder), f"{seen}{rate}"]


def _render_escalation(finding: Finding) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for each in finding.escalation:
        done = each.status == "done"
        text = each.summary if done else f"{each.status}: {each.summary}"
        table.add_row(Text(each.name, style="cyan"), Text(reveal_line(text), "" if done else "dim"))
    return table


def _render_controls(attribution: Attribution) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("differs in", "target", "CPython", "verdict"):
        table.add_column(column, overflow="fold")
    for cell in attribution.cells:
        style = _VERDICTS.get(cell.verdict.what, "dim")
        cells = map(reveal_line, (cell.axis, cell.target, cell.python))
        table.add_row(*cells, Text(reveal_line(str(cell.verdict)), style=style))
    return table


def _render_routes(finding: Finding) -> Text:
    most = sorted(finding.routes, key=lambda route: -route.sightings)
    lines = [reveal_line(f"{route.sightings:>6,}  {route}") for route in most[:_ROUTES]]
    lines += [f"… {len(most) - _ROUTES} more"] if len(most) > _ROUTES else []
    return Text("\n".join(lines))


def _render_facts(finding: Finding) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    rows = {
        "former buckets": ", ".join(finding.former),
        "merged into": finding.merged_into,
        "CPython": finding.target.python_name,
        "installed": " ".join(finding.target.pins),
        "signal": finding.signal + (f", {finding.fault}" if finding.fault else ""),
        "other signals": _format_other_signals(finding),
        "telling frames": " < ".join(finding.frames),
        "by finfuzz's driver": _format_own_rates(finding),
        "seen": f"{count(finding.sightings, 'time')}, first on {finding.first_seen.date}",
        "program": summarize(parse(finding.program)),
    }
    for name, value in rows.items():
        if value:
            table.add_row(Text(name, style="dim"), Text(reveal_line(value)))
    return table


def _format_other_signals(finding: Finding) -> str:
    others = {key: times for key, times in finding.signals.items() if key != finding.signal}
    return ", ".join(f"{signal} ({count(times, 'time')})" for signal, times in others.items())


def _format_own_rates(finding: Finding) -> str:
    """Give the rates that are not the script's: they explain why a campaign sees more or less."""
    fresh = f"{finding.reproduced} in fresh processes"
    if finding.in_zygote == Rate(0, 0):
        return fresh
    differs = ", which differs" if finding.in_zygote.disagrees(finding.reproduced) else ""
    return f"{fresh}, {finding.in_zygote} in forked children{differs}"
