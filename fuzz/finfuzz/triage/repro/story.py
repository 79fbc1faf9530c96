"""Write the story of a finding: the first lines of its script."""

from __future__ import annotations

import textwrap
from pathlib import Path

from finfuzz.support.files import write_whole
from finfuzz.targets.frameworks.framework import RELEASED
from finfuzz.targets.spec import TargetSpec, parse_target
from finfuzz.triage.findings.attribution import Attribution
from finfuzz.triage.findings.files import read_file
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.story import describe_end, describe_phase, describe_rate
from finfuzz.triage.findings.trust import is_own, note_finding

#: The beginning of a script; the story comes next.
TOP = '#!/usr/bin/env python3\nr"""'

WIDTH = 96
#: The largest script, in bytes.
_LARGEST = 1 << 20


def write_story(finding: Finding) -> str:
    """Write what happens, where, how often and whose defect it is, in lines of 96 columns.

    The title comes first.
    """
    what = f"{describe_end(finding)} {describe_phase(finding.phase)}."
    parts = [textwrap.fill(one, WIDTH) for one in (finding.title, f"{what[0].upper()}{what[1:]}")]
    if finding.detail not in finding.title:
        parts.append(textwrap.indent(textwrap.fill(finding.detail, WIDTH - 4), "    "))
    parts.append(textwrap.fill(f"{describe_target(finding)}: {_describe_rate(finding)}.", WIDTH))
    if finding.attribution is not None:
        parts.append(textwrap.fill(_describe_owner(finding.attribution), WIDTH))
    return "\n\n".join(parts)


def describe_package(spec: TargetSpec) -> str:
    """Name a package as people do: `optree 0.20.0`, `the standard library's json`."""
    if spec.framework == "stdlib":
        return f"the standard library's {spec.package}"
    return f"{spec.package} {spec.version}" if spec.version else spec.package


def replace_story(script: str, story: str) -> str:
    """Replace the story of a script. Return a script that a person has rewritten unchanged."""
    head, mark, rest = script.partition("\n\nRun it with CPython ")
    if not mark or not head.startswith(TOP):
        return script
    return f"{TOP}{escape_docstring(story)}{mark}{rest}"


def rewrite_story(folder: Path, finding: Finding) -> None:
    """Write today's story into the script of a finding: its owner, and what instruments found.

    Raise UserError if the script can't be read.
    """
    script = folder / "repro.py"
    if script.is_file():
        text = read_file(script, _LARGEST, "the script").decode("utf-8", "replace")
        own = is_own(folder)
        write_whole(script, replace_story(text, write_story(finding)))
        if own:
            note_finding(folder)


def escape_docstring(text: str) -> str:
    """Escape a text so that a raw docstring can hold it."""
    told = "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in text)
    return told.replace('"""', "'''")


def describe_target(finding: Finding) -> str:
    """Name the target and the CPython: `pybind11 3.1.0, as released, on CPython 3.13.0`."""
    spec = parse_target(finding.target.spec)
    python = f"CPython {finding.target.python}"
    if spec.package:
        return f"{describe_package(spec)} on {python}"
    if spec.record.releases is None:
        plain = spec.policy == RELEASED and not spec.switches
        style = "" if plain else f", {spec.record.story(spec.policy, spec.switches)},"
        return f"{spec}{style} on {python}"
    release = spec.version or f"of {spec.path}"
    second = f" and {spec.second}" if spec.second else ""
    story = spec.record.story(spec.policy, spec.switches)
    return f"{spec.framework} {release}{second}, {story}, on {python}"


def _describe_owner(attribution: Attribution) -> str:
    owner = f"Owner: {attribution.owner} ({attribution.reason})."
    since = attribution.python_range if attribution.owner == "CPython" else ""
    return f"{owner} {since[0].upper()}{since[1:]}." if since else owner


def _describe_rate(finding: Finding) -> str:
    if not finding.script.n:
        return "only finfuzz sees it; nothing that this script does shows it"
    return f"{describe_rate(finding.signal, finding.script)} ({finding.script.interval_text})"
