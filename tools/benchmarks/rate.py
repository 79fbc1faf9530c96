"""The rate of a whole campaign, run from the command line, with triage next to its workers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from finfuzz.targets.build import Build


def measure_rate(made: Build, folder: Path, seconds: float, seed: int, workers: int = 1) -> float:
    """Run a campaign in ``folder`` and return its executions per second.

    When its time is up, controls of new findings are skipped.
    """
    folder.mkdir(exist_ok=True)
    command = [
        *(sys.executable, "-m", "finfuzz", "run", "--engine", "random", "--seed", str(seed)),
        *("--target", str(made.spec), "--python", str(made.interpreter.executable)),
        *("--time", str(seconds), "--crashes", "crashes", "--json", "summary.json"),
        *("--workers", str(workers)),
    ]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as campaign:
        assert campaign.stderr is not None
        for line in campaign.stderr:
            if "time is up" in line:
                campaign.send_signal(signal.SIGINT)
                break
        campaign.stderr.read()
    summary = json.loads((folder / "summary.json").read_text())
    return float(summary["executions_per_second"])
