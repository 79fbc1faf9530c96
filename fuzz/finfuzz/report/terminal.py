"""Render findings for a terminal: the list, and one finding in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from finfuzz.program.text import parse
from finfuzz.report.graph import InterpreterGraph, build_graphs
from finfuzz.triage.diagnosis.telling import normalize_function
from finfuzz.triage.findings.attribution import Attribution
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.listing import ListedFinding
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.similar import Suggestion
from finfuzz.triage.findings.story import describe, summarize

_STYLES = {
    "new": "bold",
    "regressed": "bold red",
    "known": "dim",
    "merged": "dim",
    "damaged": "red",
}
_VERDICTS = {"same": "red", "otherwise": "yellow", "survived": "green"}
#: Frames and routes shown at most; the finding's folder has the rest.
_FRAMES, _ROUTES = 20, 8


def render_list(entries: Sequence[ListedFinding]) -> Table:
    """Make a table with a row per finding."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("finding", "status", "owner", "rate", "seen", "phase"):
        table.add_column(column, no_wrap=column in ("status", "owner", "rate"), overflow="fold")
    for entry in entries:
        status = Text(entry.status, style=_STYLES[entry.status])
        finding = entry.finding
        if finding is None:
            table.add_row(entry.folder.name, status, entry.owner, "", "", Text(entry.problem))
            continue
        if finding.flaky:
            status.append(" flaky", style="yellow")
        name = Text.assemble(
            (f"{finding.bucket}\n", "cyan"), f"{finding.signal}/{finding.diagnostic}\n",
            (f"{finding.target.spec}, CPython {finding.target.python}", "dim"),
        )  # fmt: skip
        rate = str(finding.script if finding.script.n else finding.reproduced)
        table.add_row(name, status, entry.owner, rate, f"{finding.sightings:,}", finding.phase)
    return table


def render_suggestions(suggestions: Sequence[Suggestion]) -> Iterator[Text]:
    """Yield a line for each pair of findings that may be one defect."""
    for one, other, why in suggestions:
        yield Text(f"{one} and {other} may be the same defect: {why} (finfuzz merge {other} {one})")


def render_finding(entry: ListedFinding) -> Group:
    """Render one finding in full."""
    finding = entry.finding
    assert finding is not None
    parts: list[RenderableType] = [Text(describe(finding), style="bold"), Text("")]
    parts.append(_render_facts(entry, finding))
    parts.append(_add_title("program", Text(finding.program.rstrip())))
    parts.append(_add_title("object graph", render_graph(finding.program)))
    if finding.stack:
        parts.append(_add_title("stack", _render_stack(finding)))
    if finding.routes:
        title = f"routes: different paths into the same defect ({len(finding.routes)})"
        parts.append(_add_title(title, _render_routes(finding)))
    owner = (
        _render_attribution(finding.attribution)
        if finding.attribution
        else Text(f"not known yet: finfuzz attribute {finding.bucket}")
    )
    parts.append(_add_title("whose defect is it", owner))
    if finding.escalation:
        parts.append(_add_title("instruments", _render_escalation(finding)))
    parts.append(Text(f"\n{entry.folder}"))
    return Group(*parts)


def render_graph(program: str) -> RenderableType:
    """Render a program's object graphs: a tree per interpreter, objects below their roots."""
    return Group(*(_build_tree(interpreter) for interpreter in build_graphs(parse(program))))


def _build_tree(interpreter: InterpreterGraph) -> Tree:
    words = [interpreter.name, interpreter.flavour]
    words += [f"life {interpreter.life}"] if interpreter.life > 1 else []
    words += ["left running"] if interpreter.flavour and interpreter.left else []
    tree = Tree(Text(" ".join(filter(None, words)), style="bold"), guide_style="dim")
    for index, node in enumerate(interpreter.nodes):
        holders = list(node.roots) + ([] if node.dropped or "." in node.name else ["variable"])
        if holders:
            branch = tree.add(Text(" + ".join(holders), style="magenta"))
            _grow(branch, interpreter, index, "", ())
    return tree


def _grow(
    branch: Tree, interpreter: InterpreterGraph, index: int, edge: str, above: tuple[int, ...]
) -> None:
    node = interpreter.nodes[index]
    label = Text.assemble((f"{edge} → " if edge else ""), (node.name, "cyan"), f" {node.kind}")
    for hook, action in node.hooks:
        label.append(f"  {hook}: {action}", style="yellow")
    if index in above:
        branch.add(label.append("  ↑ again", style="dim"))
        return
    grown = branch.add(label)
    for word, target in node.edges:
        _grow(grown, interpreter, target, word, (*above, index))


def _add_title(title: str, body: RenderableType) -> Group:
    return Group(Text(f"\n{title}", style="bold cyan"), Padding(body, (0, 0, 0, 2)))


def _render_facts(entry: ListedFinding, finding: Finding) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    bucket = f"{finding.bucket}" + (f" (was {', '.join(finding.former)})" if finding.former else "")
    status = entry.status + (", flaky" if finding.flaky else "")
    explained = finding.regressed or (entry.known.title if entry.known else "")
    rows = {
        "bucket": bucket,
        "status": status + (f": {explained}" if explained else ""),
        "merged into": finding.merged_into,
        "CPython": finding.target.python_name,
        "installed": " ".join(finding.target.pins),
        "signal": finding.signal + (f", {finding.fault}" if finding.fault else ""),
        "other signals": _format_other_signals(finding),
        "telling frames": " < ".join(finding.frames),
        "fresh process": finding.reproduced.with_interval,
        "zygote": _format_zygote_rate(finding),
        "script": finding.script.with_interval if finding.script.n else "not run",
        "seen": f"{finding.sightings:,} times, first on {finding.first_seen.date}",
        "program": summarize(parse(finding.program)),
    }
    for name, value in rows.items():
        if value:
            table.add_row(Text(name, style="dim"), Text(value))
    return table


def _format_other_signals(finding: Finding) -> str:
    others = {key: count for key, count in finding.signals.items() if key != finding.signal}
    return ", ".join(f"{signal} ({count:,} times)" for signal, count in others.items())


def _format_zygote_rate(finding: Finding) -> str:
    if finding.in_zygote == Rate(0, 0):
        return ""
    warning = (
        ": differs from fresh processes" if finding.in_zygote.disagrees(finding.reproduced) else ""
    )
    return finding.in_zygote.with_interval + warning


def _render_stack(finding: Finding) -> Text:
    text = Text()
    for number, frame in enumerate(finding.stack[:_FRAMES]):
        where = frame.place or f"{frame.module}+{frame.offset:#x}"
        inlined = " (inlined)" if frame.inlined else ""
        text.append(f"#{number:<2} {normalize_function(frame.function) or '?'}{inlined}")
        text.append(f"  {where}\n", style="dim")
    left = len(finding.stack) - _FRAMES
    text.append(f"… {left} more in stack.txt" if left > 0 else "", style="dim")
    text.rstrip()
    return text


def _render_routes(finding: Finding) -> Text:
    most = sorted(finding.routes, key=lambda route: -route.sightings)
    lines = [f"{route.sightings:>6,}  {route}" for route in most[:_ROUTES]]
    lines += [f"… {len(most) - _ROUTES} more"] if len(most) > _ROUTES else []
    return Text("\n".join(lines))


def _render_attribution(attribution: Attribution) -> Group:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("differs in", "target", "CPython", "verdict"):
        table.add_column(column, overflow="fold")
    for cell in attribution.cells:
        style = _VERDICTS.get(cell.verdict.what, "dim")
        verdict = Text(str(cell.verdict), style=style)
        table.add_row(cell.axis, cell.target, cell.python, verdict)
    return Group(Text(f"{attribution}{_format_range(attribution)}"), table)


def _format_range(attribution: Attribution) -> str:
    ranges = filter(None, (attribution.release_range, attribution.python_range))
    found = "".join(f"; {one}" for one in ranges)
    return f"{found}; crashes on CPython {', '.join(attribution.pythons)}"


def _render_escalation(finding: Finding) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for each in finding.escalation:
        style = "dim" if each.status != "done" else ""
        table.add_row(Text(each.name, style="cyan"), Text(f"{each.status}: {each.summary}", style))
    return table
