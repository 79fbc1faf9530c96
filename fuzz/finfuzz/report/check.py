"""Report a check: a table for the terminal; JUnit, JSON and Markdown for other tools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import junitparser
import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from finfuzz.check.results import Check, Row
from finfuzz.check.states import STATES, State
from finfuzz.report import junit
from finfuzz.report.markdown import Markdown, make_row, quote_code, quote_text
from finfuzz.support.terminal import reveal_line

_STYLES: dict[State, str] = {
    "survived": "dim",
    "refuses": "cyan",
    "leaks": "yellow",
    "raises": "yellow",
    "breaks a rule": "yellow",
    "wrong answer": "bold magenta",
    "ends early": "bold red",
    "hangs": "bold red",
    "crashes": "bold red",
    "known": "yellow",
    "does not apply": "dim",
    "not run": "yellow",
}


def render_table(check: Check) -> Table:
    """Make a table with a row for each scenario."""
    rendered = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    rendered.add_column("scenario", no_wrap=True)
    rendered.add_column("outcome", no_wrap=True)
    rendered.add_column("", overflow="fold")
    for row in check.rows:
        style = _STYLES[row.state]
        dim = style if row.state == "survived" else ""
        detail = Text(reveal_line(explain(row) if row.state != "survived" else row.title), dim)
        rendered.add_row(Text(row.scenario, dim), Text(row.state, style), detail)
    return rendered


def describe_target(check: Check) -> Iterable[str]:
    """Describe what was checked, in a few lines."""
    made = f", made with {', '.join(check.frameworks)}" if check.frameworks else ""
    yield f"{check.target} on CPython {check.python}{made}"
    yield from check.limits
    if len(check.pins) > 1:
        yield f"with {', '.join(check.pins[1:])}"
    if check.controls:
        yield f"controls: {', '.join(check.controls)}"


def explain(row: Row) -> str:
    """Explain a row's state in a line: what, how often, whose, and what is documented."""
    parts = [row.detail or row.title]
    if row.rate is not None:
        parts.append(f"{row.rate} runs")
    if row.known:
        parts.append(f"known defect of {row.owner}: {row.known}")
    elif row.owner:
        confidence = f", {row.confidence} confidence" if row.confidence else ""
        parts.append(f"owner: {row.owner}{confidence} ({row.reason})")
        parts += row.notes
    if row.unsupported:
        parts.append(f"documented as unsupported: {row.unsupported}")
    return "; ".join(parts)


def describe_total(check: Check) -> str:
    """Return the counts: `38 survived, 4 refuses, 1 crashes`."""
    counts = check.counts
    parts = [f"{counts[state]} {state}" for state in STATES if counts[state]]
    return ", ".join(parts) + ("" if check.complete else " (interrupted: the rest was not run)")


def to_json(checks: Sequence[Check]) -> bytes:
    """Write all rows of all targets as JSON."""
    document = {
        "complete": all(check.complete for check in checks),
        "checks": [msgspec.to_builtins(check) | {"counts": dict(check.counts)} for check in checks],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def to_junit(checks: Sequence[Check]) -> str:
    """Write JUnit XML: a suite for each target, a case for each scenario."""
    return junit.write(
        "finfuzz check",
        {
            f"{check.target} on CPython {check.python}": [
                _make_testcase(row, f"{check.target}.{check.python}") for row in check.rows
            ]
            for check in checks
        },
    )


def _make_testcase(row: Row, group: str) -> junitparser.TestCase:
    case = junit.make_case(row.scenario, group, row.seconds)
    if row.is_bad:
        junit.fail(case, explain(row), row.state)
    elif row.state in ("does not apply", "not run", "known"):
        junit.skip(case, explain(row))
    elif row.state != "survived":
        junit.note(case, f"{row.state}: {explain(row)}")
    return case


def to_markdown(checks: Sequence[Check]) -> str:
    """Write a comment for a pull request: a total and a table for each target."""
    lines = []
    for check in checks:
        head = (
            f"**{len(check.bad)} of {len(check.rows)} go wrong**" if check.bad else "**all well**"
        )
        name = f"{quote_code(check.target)} on CPython {check.python}"
        lines += [f"### finfuzz check: {name}: {head}", ""]
        lines += [describe_total(check), ""]
        lines += [line for limit in check.limits for line in (limit, "")]
        rows = [row for row in check.rows if row.state != "survived"]
        if rows:
            lines += ["| scenario | outcome | |", "| --- | --- | --- |"]
            lines += [make_row(_name_scenario(row), row.state, explain(row)) for row in rows]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _name_scenario(row: Row) -> Markdown:
    return Markdown(f"{quote_code(row.scenario)}: {quote_text(row.title)}")
