"""Draw plots over a campaign's time, as inline SVG in the page's colours."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree

import msgspec
import pygal
from markupsafe import Markup
from pygal.style import Style

from finfuzz.report.page.data import Campaign
from finfuzz.report.page.history import Line, Points
from finfuzz.report.page.text import format_short
from finfuzz.support.terminal import reveal

#: Number of distinct colours; further lines use the same colours, dashed.
COLOURS = 8
#: Counts up to this have a tick each.
_FEW = 6
_LONG_NUMBER = re.compile(r"(\d+\.\d)\d+")
_SVG = "{http://www.w3.org/2000/svg}"
_UNITS = ((172800.0, 86400.0, "d"), (7200.0, 3600.0, "h"), (180.0, 60.0, "min"), (0.0, 1.0, "s"))
_STYLE = Style(font_family="inherit", label_font_size=11, major_label_font_size=11)


class Plot(msgspec.Struct, frozen=True):
    """One plot. ``unit`` is the y axis's. ``legend`` names the lines unless they are lanes."""

    title: str
    unit: str
    svg: Markup
    legend: tuple[str, ...] = ()


def draw_plots(campaign: Campaign) -> tuple[Plot, ...]:
    """Draw the plots that have at least two points."""

    def collect(of: Callable[[Line], Points]) -> list[tuple[str, Points]]:
        return [(line.name, of(line)) for line in campaign.lines]

    machine = campaign.machine
    parts = [
        ("all processes", machine.memory),
        ("largest worker", machine.worker),
        ("triage", machine.triage),
        ("supervisor", machine.supervisor),
    ]
    wanted = [
        ("Executions per second", "", collect(lambda line: line.rate), False),
        ("Executions", "", collect(lambda line: line.executions), False),
        (
            "Features",
            "coverage as counted by libFuzzer",
            collect(lambda line: line.features),
            False,
        ),
        ("Corpus", "programs", collect(lambda line: line.corpus), False),
        ("Findings", "", collect(lambda line: line.findings), True),
        ("Crashes", "", collect(lambda line: line.deaths), False),
        ("Memory", "MiB, resident", parts, False),
        ("Load average", "", [("load", machine.load)], False),
        ("Disk", "MiB, the state folder", [("disk", machine.disk)], False),
    ]
    found = []
    for title, unit, series, stepped in wanted:
        if any(len(points) > 1 for _, points in series):
            names = tuple(name for name, _ in series) if series is parts else ()
            found.append(Plot(title, unit, _draw(title, series, stepped), names))
    return tuple(found)


def _draw(title: str, series: Sequence[tuple[str, Points]], stepped: bool) -> Markup:
    filled = [(name, points) for name, points in series if points]
    end = max(points[-1][0] for _, points in filled)
    scale, unit = next((scale, unit) for least, scale, unit in _UNITS if end >= least)
    ticks = _place_ticks(end / scale)
    most = max(value for _, points in filled for _, value in points)
    chart = pygal.XY(
        width=380, height=210, margin=4, css=[], js=[], style=_STYLE, no_prefix=True,
        show_dots=False, show_legend=False, x_labels=ticks, truncate_label=-1,
        range=(0, most or 1), xrange=(0, max(end / scale, 1e-6)), max_scale=6,
        value_formatter=format_short, x_value_formatter=lambda value: f"{value:g} {unit}",
        include_x_axis=True,
    )  # fmt: skip
    if most <= _FEW and all(value == int(value) for _, points in filled for _, value in points):
        chart.y_labels = range(int(most) + 1)  # nobody has 1.6 findings
    for name, points in series:  # empty ones too: a line's number determines its colour
        line = _add_corners(points) if stepped else points
        chart.add(reveal(name), [(at / scale, value) for at, value in line])
    root = chart.render_tree()
    ends = ", ".join(
        f"{reveal(name)} ends at {format_short(points[-1][1])}" for name, points in filled
    )
    return _to_markup(root, f"{title} over {end / scale:.3g} {unit}: {ends}")


def _add_corners(points: Points) -> Points:
    """Turn slopes into steps."""
    found = list(points[:1])
    for at, value in points[1:]:
        found += [(at, found[-1][1]), (at, value)]
    return tuple(found)


def _place_ticks(end: float) -> list[float]:
    """Return round numbers from 0 to the end, five steps at most."""
    if end <= 0:
        return [0.0]
    step = next(
        unit * 10**power
        for power in range(-3, 9)
        for unit in (1, 2, 5)
        if end / (unit * 10**power) <= 5
    )
    return [round(number * step, 6) for number in range(int(end / step) + 1)]


def _to_markup(root: ElementTree.Element, label: str) -> Markup:
    """Keep the visible parts only: pygal adds a script and a style for pages without their own."""
    for parent in root.iter():
        for child in list(parent):
            classes = child.get("class", "")
            if (
                not isinstance(child.tag, str)
                or child.tag.removeprefix(_SVG) in ("defs", "desc")
                or "overlay" in classes
                or classes == "titles"
            ):
                parent.remove(child)
    for title in root.findall("title") + root.findall(f"{_SVG}title"):
        root.remove(title)
    root.attrib.pop("id", None)
    root.set("role", "img")
    root.set("aria-label", label)
    text = ElementTree.tostring(root, encoding="unicode")
    text = re.sub(r"\sxmlns(:\w+)?=\"[^\"]*\"|(?<=[< /])ns\d+:", "", text)
    return Markup(_LONG_NUMBER.sub(r"\1", text))
