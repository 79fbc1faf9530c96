"""The page in parts, pieces of HTML with an id: whole for a file, by parts for who watches."""

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

from finfuzz.report.page import text
from finfuzz.report.page.data import Campaign, crashes_of, read_campaign
from finfuzz.report.page.plots import COLOURS, plots
from finfuzz.report.page.timeline import COLUMN, END, ENDS
from finfuzz.report.page.view import MOST_CELLS, MOST_FRAMES, MOST_ROUTES, Row, detail, rows
from finfuzz.triage.diagnosis import DIAGNOSTICS
from finfuzz.triage.diagnosis.telling import normalized
from finfuzz.triage.findings.listing import list_findings
from finfuzz.triage.findings.story import describe, describe_phase

Advance = Callable[[int, int], None]


class Parts(msgspec.Struct, frozen=True):
    """``title`` of the page; ``sections``: HTML by id; ``findings``: the same, in order."""

    title: str
    sections: dict[str, str]
    findings: dict[str, str]


class Renderer:
    """Renders the page of one state folder, again and again: a finding that did not change is not
    rendered anew. ``crashes``: where its findings are, the plan's where None."""

    def __init__(self, state: Path, crashes: Path | None = None) -> None:
        self._state, self._crashes = state, crashes
        self._rendered: dict[str, tuple[str, str]] = {}

    def parts(self, advance: Advance | None = None) -> Parts:
        """Reads and renders everything. ``advance`` is told of findings done, and of how many.

        Raises UserError where the campaign, its journal or known.toml can't be read.
        """
        campaign = read_campaign(self._state)
        crashes = self._crashes or crashes_of(self._state, campaign.plan)
        found = rows(list_findings(crashes), campaign)
        known = {}
        for number, row in enumerate(found):
            if advance:
                advance(number, len(found))
            known[row.key] = self._finding(row)
        self._rendered = known
        facts = {
            "campaign": campaign,
            "crashes": str(crashes),
            "rows": found,
            "title": _title(campaign),
        }
        sections = {
            "head": _template("head.html", **facts),
            "matrix": _template("matrix.html", **facts, matrix=_matrix(found)),
            "met": _template("met.html", **facts),
            "plots": _template("plots.html", **facts, plots=plots(campaign), colours=COLOURS),
            "yields": _template("yields.html", **facts, most=_most(campaign)),
            "machine": _template("machine.html", **facts),
            "notes": _template("notes.html", **facts),
        }
        return Parts(_title(campaign), sections, {key: html for key, (_, html) in known.items()})

    def _finding(self, row: Row) -> tuple[str, str]:
        stamp = row.stamp
        before = self._rendered.get(row.key)
        if before and before[0] == stamp:
            return before
        facts = {"row": row, "finding": row.finding, "detail": detail(row), "ends": ENDS}
        limits = {"frames": MOST_FRAMES, "routes": MOST_ROUTES, "cells": MOST_CELLS}
        sizes = {"column": COLUMN, "end": END}
        return stamp, _template("finding.html", **facts, most=limits, sizes=sizes)


def page(parts: Parts, *, generation: str = "", made: str) -> str:
    """The whole page. ``generation``: of the parts, for who watches; empty in a file. ``made``:
    when, in words."""
    style, script = (
        (files(__package__) / "templates" / name).read_text() for name in ("page.css", "page.js")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return _template(
        "page.html",
        parts=parts,
        style=Markup(style),
        script=Markup(script),
        digest=digest,
        generation=generation,
        made=made,
        version=version("finfuzz"),
    )


def _template(name: str, **values: object) -> str:
    return _environment().get_template(name).render(**values)


@cache
def _environment() -> Environment:
    folder = files(__package__) / "templates"
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=text.shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": text.count,
        "short": text.short,
        "duration": text.duration,
        "moment": text.moment,
        "mib": text.mebibytes,
        "normalized": normalized,
        "sentence": describe,
        "phase": describe_phase,
        "meaning": lambda name: DIAGNOSTICS.get(name, ""),
    }
    return environment


def _title(campaign: Campaign) -> str:
    targets = list(dict.fromkeys(lane.target for lane in campaign.plan.lanes))
    pythons = list(dict.fromkeys(lane.version for lane in campaign.plan.lanes))
    some = ", ".join(targets) if len(targets) < 3 else f"{len(targets)} targets"
    return f"{some} on CPython {', '.join(pythons)}"


class ControlTable(msgspec.Struct, frozen=True):
    """Findings by (signal, diagnostic) and owner: how many, and how often they were seen."""

    owners: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    counts: dict[tuple[str, str, str], int]
    seen: dict[tuple[str, str], int]


def _matrix(found: list[Row]) -> ControlTable:
    counts = Counter((row.signal, row.diagnostic, row.owner) for row in found)
    seen: Counter[tuple[str, str]] = Counter()
    for row in found:
        seen[row.signal, row.diagnostic] += row.seen
    order = ("framework", "target", "CPython", "harness", "unknown", "?")
    owners = {owner for *_, owner in counts}
    lines = sorted(seen, key=lambda line: (line[0] == "NONE", line))
    return ControlTable(
        tuple(one for one in order if one in owners), tuple(lines), dict(counts), dict(seen)
    )


def _most(campaign: Campaign) -> dict[str, dict[str, float]]:
    """The largest of each column of yields, by sort, for the length of bars."""
    found: dict[str, dict[str, float]] = {}
    for one in campaign.tallies:
        most = found.setdefault(one.sort, {})
        for name in ("tried", "features", "signatures", "weight", "per_thousand"):
            most[name] = max(most.get(name, 0.0), getattr(one, name))
    return found
