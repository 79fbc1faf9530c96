"""The cost of a campaign as its corpus, its executions and its findings grow.

    python tools/bench.py growth --executions 1000000

The children are recorded (see growth_worker.py), so the figures are the worker's without them. For
findings the figures are triage's: to open a crashes folder, and to look a crash up in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.growth_worker import Checkpoint
from benchmarks.timing import time_calls
from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.releases import resolve
from finfuzz.targets.spec import parse_target
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.filer import Origin
from finfuzz.triage.findings.finding import load_all
from finfuzz.triage.findings.save import save
from finfuzz.triage.sorter import Sorter

_TOOLS = Path(__file__).parent.parent
_CRASHES = _TOOLS.parent / "crashes"
_SIGHTINGS = 2000


@click.command()
@click.option("--programs", default=(100, 1000, 10_000), multiple=True, help="Sizes of corpora.")
@click.option("--findings", default=(100, 10_000), multiple=True, help="Sizes of crashes folders.")
@click.option("--executions", default=100_000, show_default=True, help="With the first corpus.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
def growth(
    programs: Sequence[int], findings: Sequence[int], executions: int, json_file: Path | None
) -> None:
    """Measure worker and triage as corpus, executions and findings grow."""
    figures: dict[str, object] = {}
    table = Table("initial corpus", "executions", "CPU ms each, without the child", "worker, MiB")
    for size in programs:
        most = executions if size == programs[0] else min(executions, 10_000)
        points = measure_worker(size, most)
        figures[f"{size} programs"] = msgspec.to_builtins(points)
        for point in points:
            ms = f"{point.seconds_each * 1e3:.2f}"
            table.add_row(str(size), f"{point.executions:,}", ms, f"{point.mib:.0f}")
    console = Console()
    console.print(table)
    made = build(resolve(parse_target("plain-c")), pick_interpreter(None), announce=click.echo)
    table = Table("findings", "to open, s", "to look a crash up, µs", "triage, MiB more")
    for size in findings:
        opened, counted, mib = measure_findings(made, size)
        figures[f"{size} findings"] = {
            "opened_s": opened,
            "looked_up_us": counted * 1e6,
            "mib": mib,
        }
        table.add_row(f"{size:,}", f"{opened:.2f}", f"{counted * 1e6:.1f}", f"{mib:.1f}")
    console.print(table)
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


def measure_worker(programs: int, executions: int) -> list[Checkpoint]:
    """Run a worker that begins with ``programs`` programs. Raises UserError where it ends early."""
    with tempfile.TemporaryDirectory(prefix="finfuzz-growth-") as folder:
        arguments = [folder, str(programs), str(executions)]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.growth_worker", *arguments],
            env={"PYTHONPATH": str(_TOOLS), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            check=False,
        )
    points = [msgspec.json.decode(line, type=Checkpoint) for line in done.stdout.splitlines()]
    if not points:
        last_line = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise UserError(f"a worker with {programs} programs gave no figures: {last_line}")
    return points


def measure_findings(made: Build, size: int) -> tuple[float, float, float]:
    """Measure a folder of ``size`` findings, which are the project's own under other buckets.

    Returns the seconds to open the folder, the seconds to look a crash up that is none of them, and
    the memory taken, in MiB.
    """
    with tempfile.TemporaryDirectory(prefix="finfuzz-growth-") as scratch:
        crashes = Path(scratch)
        models = [finding for _, finding in load_all(_CRASHES)]
        for number in range(size):
            model = models[number % len(models)]
            save(crashes, msgspec.structs.replace(model, bucket=f"{number:012x}"), {})
        before, begin = psutil.Process().memory_info().rss, time.perf_counter()
        sorter = Sorter(made, crashes, Limits(), Origin("random", 0), lambda _: None)
        opened = time.perf_counter() - begin
        unknown = Diagnosis("SIGSEGV", "none", "running", "", ("one", "two", "three"))
        counted = time_calls(lambda: sorter.count(unknown), _SIGHTINGS)
        mib = (psutil.Process().memory_info().rss - before) / 2**20
        sorter.close()
    return opened, counted, mib
