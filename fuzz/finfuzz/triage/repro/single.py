"""Write the script of any program on a build, as one file that has its sources in it."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Mapping, Sequence

from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.program.model import Program
from finfuzz.support.files import shorten_home
from finfuzz.targets.build import Build
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.repro.write import write_script

_WIDTH = 96
_HERE = "HERE = os.path.dirname(os.path.abspath(__file__))\n"

#: In place of that: a folder for these very sources, so that two scripts can lie in one folder.
_UNPACKS = """\
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "modules-{key}")
SOURCES = {{{sources}
}}
if not os.path.isdir(HERE):
    os.mkdir(HERE)
    for name, text in SOURCES.items():
        with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
            file.write(text)
"""


def write_for_build(
    made: Build,
    program: Program,
    story: str,
    raising: frozenset[str],
    *,
    diagnostic: str = "",
    abuse: bool = False,
    plain: bool = True,
) -> dict[str, str]:
    """Write the script of a program for the target and the CPython of a build."""
    python = made.interpreter
    return write_script(
        program,
        made.spec,
        python.version,
        story,
        raising,
        package=made.package,
        diagnostic=diagnostic,
        abuse=abuse,
        plain=plain,
        abiflags=python.abiflags,
        in_tree=len(python.includes) > 1,
        executable=shorten_home(python.path),
    )


def write_single(
    made: Build,
    program: Program,
    outcome: Outcome,
    found: Sequence[Diagnosis],
    skipped: Sequence[str],
    limits: Limits,
) -> str:
    """Write the script of a program that ran once with that outcome, as one file.

    ``found``: what was wrong, if anything; ``skipped``: the steps that it lacks, with reasons.
    """
    files = write_for_build(
        made,
        program,
        _write_story(made, found, skipped),
        frozenset(one.step for one in outcome.raised),
        diagnostic=found[0].diagnostic if found else "",
        abuse=limits.abuse,
    )
    return join_files(files)


def join_files(files: Mapping[str, str]) -> str:
    """Put the other files of a script into repro.py, which writes them into a folder of its own."""
    others = {name: text for name, text in files.items() if name != "repro.py"}
    if not others:
        return files["repro.py"]
    key = hashlib.sha256(repr(sorted(others.items())).encode()).hexdigest()[:8]
    sources = "".join(f"\n    {name!r}: {quote_source(text)}," for name, text in others.items())
    unpacks = _UNPACKS.format(key=key, sources=sources)
    before, place, after = files["repro.py"].partition(_HERE)
    assert place
    return f"{before}{unpacks}{after}"


def quote_source(text: str) -> str:
    """Quote a text for Python, as a raw string where possible."""
    if "'''" in text or text.endswith("\\"):
        return repr(text)
    return f"r'''{text}'''"


def _write_story(made: Build, found: Sequence[Diagnosis], skipped: Sequence[str]) -> str:
    where = f"{made.spec} on CPython {made.interpreter.text}"
    ends = [f"{one} in {one.phase}" for one in found] or ["survived"]
    text = f"In one run: {', '.join(ends)}: {where}. Nobody has run this script yet."
    told = [textwrap.fill(text, _WIDTH)]
    if skipped:
        told += ["", "Left out are steps that have no effect there:", ""]
        told += [_indent(line) for line in skipped]
    return "\n".join(told)


def _indent(line: str) -> str:
    return textwrap.fill(line, _WIDTH, initial_indent="    ", subsequent_indent="        ")
