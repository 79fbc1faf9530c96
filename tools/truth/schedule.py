"""Runs trials side by side, each in a process of its own, and keeps each result as it comes."""

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
#: To start, to end what is under way, and to be slow on a loaded machine.
_GRACE_SECONDS = 120.0


def run_all(
    trials: Sequence[Trial], at_once: int, kept: Path | None, told: Callable[[Result], None]
) -> list[Result]:
    """The results of all trials, in no order. ``kept``: a file of JSON lines that results are
    appended to; what stands there already is not run again. Raises UserError."""
    done = list(read(kept)) if kept and kept.exists() else []
    ran = {result.trial for result in done}
    left = [trial for trial in trials if trial not in ran]
    with ThreadPoolExecutor(at_once) as pool:
        for future in as_completed([pool.submit(run_one, trial) for trial in left]):
            result = future.result()
            done.append(result)
            told(result)
            if kept:
                with kept.open("ab") as file:
                    file.write(msgspec.json.encode(result) + b"\n")
    wanted = set(trials)
    return [result for result in done if result.trial in wanted]


def run_one(trial: Trial) -> Result:
    """Raises UserError where the trial could not go on."""
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
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise UserError(f"a trial on {trial.bad} gave no result: {said}") from None


def read(path: Path) -> Iterator[Result]:
    """Results that were kept."""
    for line in path.read_bytes().splitlines():
        yield msgspec.json.decode(line, type=Result)
