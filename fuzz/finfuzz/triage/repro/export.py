"""A finding as a test in one file: it needs pytest, the standard library and a compiler."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from finfuzz.program.scope import effective
from finfuzz.program.text import parse
from finfuzz.support.errors import UserError
from finfuzz.targets.spec import parse_target
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.rate import runs_to_see
from finfuzz.triage.repro.run import MARKS
from finfuzz.triage.repro.story import in_docstring, script_story

#: How a program that is not killed may end, by the way it ends of itself.
_CODES = {"exception": 1, "interrupt": -2}

_TEST = '''r"""{story}

This test fails as long as that is so. Written by `finfuzz export --pytest` ({bucket}).{which}
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = {python}
RUNS = {runs}
SECONDS = {seconds}  # and what takes longer hangs
ENDS = {ends}  # exit codes
NOT_SAID = {not_said}

FILES = {{{files}
}}


def environment():
    variables = {{key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}}
{checkout}    return variables


def run(folder, *arguments, seconds=None):
    return subprocess.run(
        [sys.executable, "repro.py", *arguments],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        errors="replace",
        timeout=seconds,
    )


@pytest.fixture
def script(tmp_path):
    """The folder of the script, with what it needs built."""
    if sys.version_info[:2] != PYTHON:
        pytest.skip("found on CPython {version}: another one may do otherwise")
    compiler = shlex.split(os.environ.get("CXX", "c++"))[0]
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no compiler {{compiler}}: install one, or name it in $CXX")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    built = run(tmp_path, "--compile")
    assert built.returncode == 0, built.stderr
    return tmp_path


def test_it_ends_as_it_should(script):
    for _ in range(RUNS):
        done = run(script, seconds=SECONDS)
        code = done.returncode
        how = f"died of {{signal.Signals(-code).name}}" if code < 0 else f"ended with {{code}}"
        assert code in ENDS, f"{{how}}, and said:\\n{{done.stderr}}"
        assert not [said for said in NOT_SAID if said in done.stderr], done.stderr
'''


_WHICH = """ In a
checkout of {name} (or wherever {variable} names one's headers) it tests that one."""

_CHECKOUT = """\
    for folder in Path(__file__).resolve().parents:
        if (folder / "{checkout_include}" / "{main_header}").is_file():
            variables.setdefault("{variable}", str(folder / "{checkout_include}"))
"""


def pytest_file(folder: Path, finding: Finding, seconds: float = 60.0) -> str:
    """The text of the test. Raises UserError where a file of the finding can't be read."""
    python = finding.target.python_version
    mark = MARKS.get(finding.diagnostic)
    package = parse_target(finding.target.spec).record.headers
    facts = dataclasses.asdict(package) if package else None
    return _TEST.format(
        which=_WHICH.format(**facts) if facts else "",
        checkout=_CHECKOUT.format(**facts) if facts else "",
        story=in_docstring(script_story(finding)),
        bucket=finding.bucket,
        python=python,
        version="{}.{}".format(*python),
        runs=runs_to_see(finding.script) if finding.script.flaky else 1,
        seconds=seconds,
        ends=_ends(finding, python),
        not_said=[mark] if mark else [],
        files="".join(
            f"\n    {name!r}: {_literal(text)}," for name, text in _sources(folder).items()
        ),
    )


def _ends(finding: Finding, python: tuple[int, int]) -> list[int]:
    """The exit codes that the program may end with by itself."""
    steps = effective(parse(finding.program), python, abuse=True).steps
    ways = [step.args[0] for step in steps if step.op == "exit"]
    return sorted({0, *(_CODES.get(way, 0) for way in ways)})


def _sources(folder: Path) -> dict[str, str]:
    names = ["repro.py", "finfuzz_target.py", "extension.cpp", "capi.cpp"]
    try:
        return {
            name: (folder / name).read_text(encoding="utf-8")
            for name in names
            if name == "repro.py" or (folder / name).exists()
        }
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"can't read the script in {folder}: {error}") from error


def _literal(text: str) -> str:
    """As it stands, where that can be."""
    if "'''" in text or text.endswith("\\"):
        return repr(text)
    return f"r'''{text}'''"
