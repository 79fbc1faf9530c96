"""A finding whose defect one release has and the next has not: nothing else crashes in either."""

from __future__ import annotations

from finfuzz.triage.findings.finding import Finding, TargetRecord
from helpers.finding_example import finding


def freed_enum(**changes: object) -> Finding:
    """pybind11's PR 6015: a `py::enum_` frees a string literal, up to 3.0.2."""
    return finding(
        signal="SIGABRT",
        diagnostic="heap-corruption",
        phase="finalizing/modules-cleared",
        detail="",
        frames=("pybind11::cpp_function::destruct",),
        target=TargetRecord(
            spec="pybind11==3.0.2",
            framework="pybind11",
            version="3.0.2",
            policy="released",
            python="3.13.0",
            build="0123456789abcdef",
        ),
        program="finfuzz 1\nnode a enum\n",
        **changes,
    )
