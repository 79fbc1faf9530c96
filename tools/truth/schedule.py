"""Run trials side by side, each in a process of its own, and save each result as it arrives."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import msgspec

from finfuzz.support.errors import UserError
from truth.trial import Result, Trial

_TOOLS = Path(__file__).parent.parent
#: Time to start, to finish the current execution, and to be slow on a loaded machine.
_GRACE_SECONDS = 120.0


def run_all(
    trials: Sequence[Trial],
    at_once: int,
    results_file: Path | None,
    report: Callable[[Result], None],
) -> list[Result]:
    """Run all trials and return their results, in no order. Raises UserError where a trial fails.

    Results are appended to ``results_file`` as JSON lines. A trial with a result in the file is not
    run again.
    """
    done = list(read_results(results_file)) if results_file and results_file.exists() else []
    ran = {result.trial for result in done}
    left = [trial for trial in trials if trial not in ran]
    with ThreadPoolExecutor(at_once) as pool:
        for future in as_completed([pool.submit(run_trial, trial) for trial in left]):
            result = future.result()
            done.append(result)
            report(result)
            if results_file:
                with results_file.open("ab") as file:
                    file.write(msgspec.json.encode(result) + b"\n")
    wanted = set(trials)
    return [result for result in done if result.trial in wanted]


def run_trial(trial: Trial) -> Result:
    """Run one trial in a process of its own. Raises UserError where it gives no result."""
    with tempfile.TemporaryDirectory(prefix="finfuzz-trial-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "truth.trial", folder],
            input=msgspec.json.encode(trial),
            env={**os.environ, "PYTHONPATH": str(_TOOLS)},
            capture_output=True,
            timeout=trial.seconds * 2 + _GRACE_SECONDS,
            check=False,
        )
    try:
        return msgspec.json.decode(done.stdout, type=Result)
    except msgspec.DecodeError:
        last_line = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise UserError(f"a trial on {trial.bad} gave no result: {last_line}") from None


def read_results(path: Path) -> Iterator[Result]:
    """Yield the results of an earlier run."""
    for line in path.read_bytes().splitlines():
        yield msgspec.json.decode(line, type=Result)
