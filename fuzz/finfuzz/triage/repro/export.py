"""Write a finding as a test in one file, for pytest, the standard library and, where the script
compiles something, a compiler."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from finfuzz.program.scope import effective
from finfuzz.program.text import parse
from finfuzz.support.cpythons import Version
from finfuzz.support.errors import UserError
from finfuzz.targets.packages.recipe import read_recipe
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.findings.files import SCRIPT, list_script, read_file
from finfuzz.triage.findings.finding import Finding
from finfuzz.triage.findings.rate import runs_to_see
from finfuzz.triage.repro.run import list_symptoms
from finfuzz.triage.repro.single import quote_source
from finfuzz.triage.repro.story import escape_docstring, write_story

#: Exit codes other than 0 that a program without the defect ends with, by its exit.
_EXIT_CODES = {"exception": 1, "interrupt": -2}

#: The largest script of ours has some 100 KiB.
_LARGEST = 4 << 20

_TEST = '''r"""{story}

This test fails until the defect is fixed. Written by `finfuzz export --pytest` ({bucket}).{which}
"""

import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = {python}
ABIFLAGS = "{abiflags}"  # t: free-threaded, d: a debug build
RUNS = {runs}
SECONDS = {seconds}  # a run that takes longer hangs
EXIT_CODES = {exit_codes}  # of a run without the defect
SYMPTOMS = {symptoms}  # patterns in standard error
PACKAGE = {package}  # what has to be installed, if anything

FILES = {{{files}
}}


def is_installed(package):
    """By its distribution or, where it has none, its module."""
    try:
        importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return importlib.util.find_spec(package.partition(".")[0]) is not None
    return True


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
    """Write the script into a folder and build its modules."""
    if sys.version_info[:2] != PYTHON:
        pytest.skip("found on CPython {version}: another version may behave differently")
    if not set(ABIFLAGS) <= set(sys.abiflags):
        pytest.skip("found on CPython {version}{abiflags}: another build may behave differently")
    if PACKAGE and not is_installed(PACKAGE):
        pytest.skip(f"no package {{PACKAGE}}: see the first lines of repro.py")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    if any(name.endswith((".cpp", ".pyx")) for name in FILES):
        build(tmp_path)
    return tmp_path


def build(folder):
    compiler = shlex.split(os.environ.get("CXX", "c++"))[0]
    if shutil.which(compiler) is None:
        pytest.skip(f"no C++ compiler {{compiler}}: install one, or name it in $CXX")
    built = run(folder, "--compile")
    assert built.returncode == 0, built.stderr


def test_program_ends_cleanly(script):
    for _ in range(RUNS):
        done = run(script, seconds=SECONDS)
        code = done.returncode
        end = f"crashed ({{signal.Signals(-code).name}})" if code < 0 else f"exited with {{code}}"
        assert code in EXIT_CODES, f"{{end}}; standard error:\\n{{done.stderr}}"
        assert not [text for text in SYMPTOMS if re.search(text, done.stderr)], done.stderr
'''


_WHICH = """ In a
checkout of {name}, or with {variable} set to a folder of its files, it tests those."""

_CHECKOUT = """\
    for folder in Path(__file__).resolve().parents:
        if (folder / "{checkout_root}" / "{main_file}").is_file():
            variables.setdefault("{variable}", str(folder / "{checkout_root}"))
"""


def write_pytest_file(folder: Path, finding: Finding, seconds: float = 60.0) -> str:
    """Return the text of the test. Raise UserError if a file of the finding can't be read."""
    python = finding.target.python_version
    symptoms = list_symptoms(finding.diagnosis)
    if finding.signal == "NONE" and not symptoms:
        raise UserError(
            f"a script does not show {finding.diagnostic}, so no test can: "
            f"`finfuzz replay {folder}` does"
        )
    spec = finding.target.find_spec(folder)
    package = spec.record.releases
    facts = dataclasses.asdict(package) if package else None
    return _TEST.format(
        which=_WHICH.format(**facts) if facts else "",
        checkout=_CHECKOUT.format(**facts) if facts else "",
        story=escape_docstring(write_story(finding)),
        bucket=finding.bucket,
        python=python[:2],
        version="{}.{}".format(*python),
        abiflags=finding.target.abiflags,
        runs=runs_to_see(finding.script) if finding.script.flaky else 1,
        seconds=seconds,
        exit_codes=_list_exit_codes(finding, python),
        symptoms=symptoms,
        package=repr(_find_package(spec)),
        files="".join(
            f"\n    {name!r}: {quote_source(text)}," for name, text in _read_sources(folder).items()
        ),
    )


def _find_package(spec: TargetSpec) -> str:
    """Find what must be installed, a module or a distribution; empty where the script needs none
    or finds it."""
    if not spec.package or spec.framework == "stdlib" or spec.path is not None:
        return ""
    return read_recipe(spec.recipe).module if spec.recipe else spec.package


def _list_exit_codes(finding: Finding, python: Version) -> list[int]:
    """List the exit codes that the program may end with where nothing is wrong."""
    steps = effective(parse(finding.program), python, abuse=True).steps
    exits = [step.args[0] for step in steps if step.op == "exit"]
    return sorted({0, *(_EXIT_CODES.get(one, 0) for one in exits)})


def _read_sources(folder: Path) -> dict[str, str]:
    paths = dict.fromkeys((folder / SCRIPT[0], *list_script(folder)))
    return {path.name: _read_source(path) for path in paths}


def _read_source(path: Path) -> str:
    try:
        return read_file(path, _LARGEST, "the script").decode()
    except UnicodeDecodeError as error:
        raise UserError(f"can't read the script {path}: {error}") from error
