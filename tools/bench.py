"""Benchmarks of finfuzz: ratios within one run, never absolute times alone.

python tools/bench.py executor --target pybind11==3.1.0 --python 3.13
"""

from __future__ import annotations

import sys

import click

from benchmarks.cluster import cluster
from benchmarks.executor import executor
from benchmarks.gate import gate
from benchmarks.generated import generated
from benchmarks.growth import growth
from benchmarks.imported import imported
from benchmarks.triage import triage
from benchmarks.workers import workers
from finfuzz.support.errors import UserError
from truth.command import truth

_COMMANDS = (executor, triage, workers, truth, generated, growth, gate, imported, cluster)


@click.group()
def main() -> None:
    """Measure finfuzz."""


for command in _COMMANDS:
    main.add_command(command)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"bench: error: {error}")
