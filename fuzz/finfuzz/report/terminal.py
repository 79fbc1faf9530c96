"""Render findings and programs for a terminal: their list, stacks and object graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from finfuzz.program.text import parse
from finfuzz.report.graph import InterpreterGraph, build_graphs
from finfuzz.report.stack import fold_stack
from finfuzz.support.terminal import reveal_line
from finfuzz.triage.findings.finding import StackFrame
from finfuzz.triage.findings.listing import ListedFinding
from finfuzz.triage.findings.similar import Suggestion

_STYLES = {
    "new": "bold",
    "regressed": "bold red",
    "known": "dim",
    "merged": "dim",
    "damaged": "red",
}
#: Lines and levels of a drawn graph. The corpus has at most 30 lines, and a level is four columns
#: wide. What is left out stands in the program above it.
_MOST_LINES, _DEEPEST = 500, 16


def render_list(entries: Sequence[ListedFinding], *, one_line: bool) -> Table:
    """Make a table with a row per finding, of two lines or, for a pipe, of one.

    In a pipe, where nothing is wrapped, the longest column is the last.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    headers = ["finding", "owner", "rate", "seen"]
    headers.insert(len(headers) if one_line else 1, "what")
    for header in headers:
        if header == "what":
            table.add_column(header, overflow="fold", ratio=1)
        else:
            table.add_column(header, no_wrap=True)
    table.columns[headers.index("seen")].justify = "right"
    for entry in entries:
        cells = _make_cells(entry, "  " if one_line else "\n")
        table.add_row(*(cells[header] for header in headers))
    return table


def _make_cells(entry: ListedFinding, then: str) -> dict[str, Text]:
    """Make a finding's cells. ``then``: what stands between a cell's two parts."""
    status = Text(entry.status, style=_STYLES[entry.status])
    finding = entry.finding
    cells = {"owner": Text(entry.owner)}
    if finding is None:
        name = Text(entry.folder.name, style="cyan")
        cells["what"] = Text(reveal_line(entry.problem))
        return cells | {"finding": Text(then).join([name, status]), "rate": Text(), "seen": Text()}
    if finding.flaky:
        status.append(" flaky", style="yellow")
    target = f"{finding.target.spec}, CPython {finding.target.python}"
    return cells | {
        "finding": Text.assemble((f"{finding.bucket}{then}", "cyan"), status),
        "what": Text.assemble(f"{reveal_line(finding.title)}{then}", (reveal_line(target), "dim")),
        "rate": Text(str(finding.rate)),
        "seen": Text(f"{finding.sightings:,}"),
    }


def render_suggestions(suggestions: Sequence[Suggestion]) -> Iterator[Text]:
    """Yield a line for each pair of findings that may be one defect."""
    for one, other, why in suggestions:
        told = f"{one} and {other} may be the same defect: {why}"
        yield Text(reveal_line(f"{told} (finfuzz merge {other} {one})"))


def render_stack(stack: Sequence[StackFrame], most: int = 0, rest: str = "") -> Text:
    """Render a stack with its plumbing folded. ``most``: lines, 0 for all; ``rest``: where all are.

    The stack has at least one frame.
    """
    lines = fold_stack(stack)
    shown = lines[:most] if most else lines
    width = max(len(line.number) for line in shown)
    text = Text()
    for line in shown:
        told, place = reveal_line(line.text), reveal_line(line.place)
        text.append(f"{line.number:<{width}} {told}", style="" if place else "dim")
        text.append(f"  {place}\n" if place else "\n", style="dim")
    left = len(lines) - len(shown)
    text.append(f"… {left} more {rest}" if left else "", style="dim")
    text.rstrip()
    return text


def render_graph(program: str) -> RenderableType:
    """Render a program's object graphs: a tree per interpreter, objects below their roots."""
    return Group(*(_build_tree(interpreter) for interpreter in build_graphs(parse(program))))


def _build_tree(interpreter: InterpreterGraph) -> Tree:
    words = [interpreter.name, interpreter.flavour]
    words += [f"life {interpreter.life}"] if interpreter.life > 1 else []
    words += ["left running"] if interpreter.flavour and interpreter.left else []
    tree = Tree(Text(" ".join(filter(None, words)), style="bold"), guide_style="dim")
    grower = _Grower(interpreter)
    for index, node in enumerate(interpreter.nodes):
        holders = list(node.roots) + ([] if node.dropped or "." in node.name else ["variable"])
        if holders and not grower.full:
            grower.grow(tree.add(Text(" + ".join(holders), style="magenta")), index)
    if grower.full:
        tree.add(Text(f"… more than {_MOST_LINES} objects and references", style="dim"))
    return tree


class _Grower:
    """Grows one tree. Each object's references are written once, else a tree may double per level.

    A finding from somebody else may have any program: depth and lines are bounded, too.
    """

    def __init__(self, interpreter: InterpreterGraph) -> None:
        self._nodes = interpreter.nodes
        self._grown: set[int] = set()
        self._lines = 0

    @property
    def full(self) -> bool:
        return self._lines >= _MOST_LINES

    def grow(self, branch: Tree, index: int, edge: str = "", depth: int = 0) -> None:
        """Add an object and, below it, what it refers to."""
        self._lines += 1
        node = self._nodes[index]
        label = Text.assemble((f"{edge} → " if edge else ""), (node.name, "cyan"), f" {node.kind}")
        for hook, action in node.hooks:
            label.append(f"  {hook}: {action}", style="yellow")
        grown = branch.add(label)
        if index in self._grown:
            label.append("  ↑ again", style="dim")
        elif node.edges and depth == _DEEPEST:
            label.append("  …", style="dim")
        elif node.edges:
            self._grown.add(index)
            for word, target in node.edges:
                if not self.full:
                    self.grow(grown, target, word, depth + 1)
