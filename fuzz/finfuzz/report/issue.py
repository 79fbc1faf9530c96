"""Write a finding as Markdown for a tracker: title, versions, script, stack, controls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from finfuzz.report.markdown import Markdown, fence, make_row, quote_code, quote_text
from finfuzz.report.stack import fold_stack
from finfuzz.targets.spec import parse_target
from finfuzz.triage.findings.attribution import Attribution
from finfuzz.triage.findings.files import list_script, read_file
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.story import describe_end, describe_owner, describe_phase
from finfuzz.triage.repro.story import describe_target

#: The largest file of a script, in bytes: those of the largest shipped one have 10 KiB.
_LARGEST = 1 << 18
#: GitHub takes 65,536 characters: longer sources are to be attached.
_FITS = 45_000
_OF_HERE = " (where this was written; the finding does not name its own)"
_LANGUAGES = {".py": "python", ".cpp": "cpp", ".pyx": "pyx"}
#: The folders of a machine in front of a file's name; those of a system are everywhere.
_PLACE = re.compile(
    r"(?<![\w/.:~+-])(?:~|/(?!usr/|lib|proc/|dev/)[\w.+-]+)(?:/[\w.+-]+)*/(?=[\w.+-])"
)
#: Stands for such a folder where a script needs one.
_MARKED = "/path/to/"


class Here(NamedTuple):
    """This machine's compiler and system."""

    compiler: str
    system: str


def write_issue(finding: Finding, folder: Path, version: str, here: Here) -> str:
    """Write a text to paste into a tracker.

    No path of a machine is in it: `/path/to/…` in a script is to be filled in. No text of a process
    or a stranger is more than text there.

    ``folder``: the finding's, with its script. ``version``: finfuzz's own. ``here``: for findings
    that do not name their own. Raise UserError if a file of the script can't be read.
    """
    parts = [f"# {quote_text(finding.title)}", _describe(finding), _write_versions(finding, here)]
    after = []
    if finding.escalation:
        after += ["## Instruments", _write_reports(finding)]
    if finding.stack:
        lines = [" ".join(filter(None, line)) for line in fold_stack(finding.stack)]
        after += ["## Stack", fence("\n".join(lines))]
    if finding.attribution:
        after += ["## Controls", _write_controls(finding.attribution)]
    after.append(f"Found by finfuzz {version}, finding `{finding.bucket}`.")
    script = _write_script(finding, folder)
    places = (
        (_PLACE.sub("", part) for part in parts),
        script,
        (_PLACE.sub("", one) for one in after),
    )
    return "\n\n".join(chain(*places)) + "\n"


def _describe(finding: Finding) -> str:
    what = f"{describe_target(finding)} {describe_end(finding)} {describe_phase(finding.phase)}"
    by = "the script" if finding.script.n else "finfuzz's driver"
    said = "" if finding.detail in finding.title else f"\n\n{fence(finding.detail)}"
    rate = f"{finding.rate} runs of {by} ({finding.rate.interval_text})"
    return f"{quote_text(what)}: {rate}.{said}"


def _write_versions(finding: Finding, here: Here) -> str:
    target, spec = finding.target, parse_target(finding.target.spec)
    kind = {"t": ", free-threaded", "d": ", debug build", "td": ", free-threaded debug build"}
    commit = f", commit {target.python_commit}" if target.python_commit else ""
    rows = {
        "CPython": f"{target.python.rstrip('td')}{kind.get(target.abiflags, '')}{commit}",
        spec.package or target.framework: str(spec),
        "installed": " ".join(target.pins),
        "compiler": "" if spec.package else target.compiler or here.compiler,
        "system": target.system or here.system,
        "script": str(finding.script) if finding.script.n else "none, only finfuzz sees it",
        "owner": describe_owner(finding.attribution) if finding.attribution else "not known yet",
    }
    own = {"compiler": target.compiler, "system": target.system}
    cells = [
        make_row(name, Markdown(quote_text(value) + ("" if own.get(name, value) else _OF_HERE)))
        for name, value in rows.items()
        if value
    ]
    return "\n".join([make_row("", ""), make_row("---", "---"), *cells])


def _write_script(finding: Finding, folder: Path) -> Iterator[str]:
    yield "## Script"
    if not finding.script.n:
        yield "No script shows it. The program, for `finfuzz exec`:"
        yield fence(finding.program)
        return
    size = 0
    for path in list_script(folder):
        text = read_file(path, _LARGEST, "a script's file").decode("utf-8", "replace")
        size += len(text)
        if size > _FITS:
            yield f"{quote_code(path.name)}: {len(text):,} characters, attached."
            continue
        yield f"{quote_code(path.name)}:"
        yield fence(_hide(text, finding), _LANGUAGES.get(path.suffix, ""))


def _write_reports(finding: Finding) -> str:
    """Write a row for each instrument that ran."""
    done = [one for one in finding.escalation if one.status == "done"]
    rows = [make_row(quote_text(one.name), quote_code(one.summary)) for one in done]
    return "\n".join([make_row("instrument", "report"), make_row("---", "---"), *rows])


def _write_controls(attribution: Attribution) -> str:
    rows = [
        make_row(
            cell.axis,
            quote_code(cell.target),
            quote_text(cell.python),
            quote_text(str(cell.verdict)),
        )
        for cell in attribution.cells
    ]
    head = [make_row("differs in", "target", "CPython", "verdict"), make_row(*["---"] * 4)]
    return "\n".join([*head, *rows])


def _hide(script: str, finding: Finding) -> str:
    """Replace the places of this machine by marked ones, which the script's reader fills in.

    Those of the finding's checkout, module and Python may have any characters in them.
    """
    path, executable = parse_target(finding.target.spec).path, finding.target.executable
    for place in filter(None, (path, Path(executable) if executable else None)):
        script = script.replace(str(place), f"{_MARKED}{place.name}")
    return _PLACE.sub(_MARKED, script)
