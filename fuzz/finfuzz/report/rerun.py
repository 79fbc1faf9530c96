"""The commands that show a finding again."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from finfuzz.triage.findings.finding import Finding

# A finding may come from somebody else, and a person copies these commands.
_PYTHON = re.compile(r"python[\d.]*[td]*")
_PIN = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.+!-]+")


def list_commands(finding: Finding, folder: Path) -> list[str]:
    """List the commands that a person can copy: install the package, if there is one; run it.

    ``folder``: the finding's. A finding that only finfuzz sees is run by finfuzz.
    """
    target = finding.target
    if not finding.script.n:
        program = shlex.quote(str(folder / "program.fin"))
        own = f" --recipe {shlex.quote(str(folder / target.recipe))}" if target.recipe else ""
        spec = f"--target {shlex.quote(target.spec)} --python {shlex.quote(_find_python(finding))}"
        return [f"finfuzz exec {program} {spec}{own}"]
    python = shlex.quote(_find_python(finding))
    pins = [pin for pin in target.pins if _PIN.fullmatch(pin)]
    install = f"{python} -m pip install {shlex.join(pins)}"
    run = f"{python} {shlex.quote(str(folder / 'repro.py'))}"
    return [install, run] if pins else [run]


def _find_python(finding: Finding) -> str:
    """Find the finding's own CPython, or else name a command that should be it."""
    path = _expand(Path(finding.target.executable))
    found = _PYTHON.fullmatch(path.name) and os.access(path, os.X_OK)
    return str(path) if found else finding.target.python_command


def _expand(path: Path) -> Path:
    """Expand `~/`; another user's home is no path of ours."""
    return Path.home().joinpath(*path.parts[1:]) if path.parts[:1] == ("~",) else path
