"""Render the page: in parts, which are pieces of HTML with an id, and as a whole."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import msgspec
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from finfuzz.campaign.folder import StatePaths
from finfuzz.report.page import text
from finfuzz.report.page.data import Campaign, read_campaign
from finfuzz.report.page.plots import COLOURS, draw_plots
from finfuzz.report.page.timeline import COLUMN, END, ENDS
from finfuzz.report.page.view import (
    MOST_CELLS,
    MOST_FRAMES,
    MOST_LINES,
    MOST_ROUTES,
    FindingRow,
    collect_rows,
    load_detail,
)
from finfuzz.support.durations import format_age, format_duration
from finfuzz.triage.diagnosis import DIAGNOSTICS
from finfuzz.triage.diagnosis.telling import normalize_function
from finfuzz.triage.findings.attribution import OWNERS
from finfuzz.triage.findings.listing import list_findings
from finfuzz.triage.findings.story import describe, describe_phase

Advance = Callable[[int, int], None]


class Parts(msgspec.Struct, frozen=True):
    """The page's title, and the HTML of its ``sections`` and ``findings`` by id, in order."""

    title: str
    sections: dict[str, str]
    findings: dict[str, str]


class Renderer:
    """Renders the page of one state folder repeatedly; an unchanged finding is rendered once.

    ``crashes`` is the folder of findings, by default the plan's.
    """

    def __init__(self, state: Path, crashes: Path | None = None) -> None:
        self._state, self._crashes = state, crashes
        self._rendered: dict[str, tuple[str, str]] = {}

    def render_parts(self, advance: Advance | None = None) -> Parts:
        """Read and render everything; call ``advance`` with findings done and their total.

        Raise UserError if the campaign, its journal or known.toml can't be read.
        """
        campaign = read_campaign(self._state)
        crashes = self._crashes or StatePaths(self._state).find_crashes(campaign.plan)
        rows = collect_rows(list_findings(crashes), campaign)
        rendered = {}
        for number, row in enumerate(rows):
            if advance:
                advance(number, len(rows))
            rendered[row.key] = self._render_finding(row)
        self._rendered = rendered
        facts = {
            "campaign": campaign,
            "crashes": str(crashes),
            "rows": rows,
            "title": _make_title(campaign),
        }
        sections = {
            "head": _render("head.html", **facts),
            "matrix": _render("matrix.html", **facts, matrix=_count_findings(rows)),
            "unfiled": _render("unfiled.html", **facts),
            "lanes": _render("lanes.html", **facts),
            "plots": _render("plots.html", **facts, plots=draw_plots(campaign), colours=COLOURS),
            "yields": _render("yields.html", **facts, most=_find_maxima(campaign)),
            "machine": _render("machine.html", **facts),
            "notes": _render("notes.html", **facts),
        }
        findings = {key: html for key, (_, html) in rendered.items()}
        return Parts(_make_title(campaign), sections, findings)

    def _render_finding(self, row: FindingRow) -> tuple[str, str]:
        stamp = row.stamp
        before = self._rendered.get(row.key)
        if before and before[0] == stamp:
            return before
        facts = {"row": row, "finding": row.finding, "detail": load_detail(row), "ends": ENDS}
        limits = {
            "frames": MOST_FRAMES,
            "routes": MOST_ROUTES,
            "cells": MOST_CELLS,
            "lines": MOST_LINES,
        }
        sizes = {"column": COLUMN, "end": END}
        return stamp, _render("finding.html", **facts, most=limits, sizes=sizes)


def render_page(parts: Parts, *, generation: str = "", made: str) -> str:
    """Render the whole page. A live page has a ``generation``. ``made`` is its time, in words."""
    style, script = (
        (files(__package__) / "templates" / name).read_text() for name in ("page.css", "page.js")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return _render(
        "page.html",
        parts=parts,
        style=Markup(style),
        script=Markup(script),
        digest=digest,
        generation=generation,
        made=made,
        version=version("finfuzz"),
    )


def _render(name: str, **values: object) -> str:
    return _make_environment().get_template(name).render(**values)


@cache
def _make_environment() -> Environment:
    folder = files(__package__) / "templates"
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=text.prepare,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": text.format_count,
        "short": text.format_short,
        "age": format_age,
        "duration": format_duration,
        "moment": text.format_moment,
        "mib": text.format_mebibytes,
        "normalized": normalize_function,
        "sentence": describe,
        "phase": describe_phase,
        "unless_unknown": lambda owner: "not known yet" if owner == "?" else owner,
        "meaning": lambda name: DIAGNOSTICS.get(name, ""),
    }
    return environment


def _make_title(campaign: Campaign) -> str:
    targets = list(dict.fromkeys(lane.target for lane in campaign.plan.lanes))
    pythons = list(dict.fromkeys(lane.version for lane in campaign.plan.lanes))
    some = ", ".join(targets) if len(targets) < 3 else f"{len(targets)} targets"
    return f"{some} on CPython {', '.join(pythons)}"


class FindingCounts(msgspec.Struct, frozen=True):
    """Findings and sightings counted by (signal, diagnostic) and owner."""

    owners: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    counts: dict[tuple[str, str, str], int]
    seen: dict[tuple[str, str], int]


def _count_findings(rows: list[FindingRow]) -> FindingCounts:
    counts = Counter((row.signal, row.diagnostic, row.owner) for row in rows)
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        seen[row.signal, row.diagnostic] += row.seen
    order = (*OWNERS, "?")
    owners = {owner for *_, owner in counts}
    lines = sorted(seen, key=lambda line: (line[0] == "NONE", line))
    return FindingCounts(
        tuple(one for one in order if one in owners), tuple(lines), dict(counts), dict(seen)
    )


def _find_maxima(campaign: Campaign) -> dict[str, dict[str, float]]:
    """Return the largest value of each yield column by sort, as the length of a full bar."""
    found: dict[str, dict[str, float]] = {}
    for one in campaign.tallies:
        most = found.setdefault(one.sort, {})
        for name in ("tried", "features", "signatures", "weight", "per_thousand"):
            most[name] = max(most.get(name, 0.0), getattr(one, name))
    return found
