"""The process on a node that runs a task of triage: that on standard input, the answer on output.

python -m finfuzz.campaign.cluster.judge_process
"""

from __future__ import annotations

import contextlib
import socket
import sys

import msgspec

from finfuzz.campaign.cluster.node import find_python, read_processor
from finfuzz.support.errors import UserError
from finfuzz.triage.attribution.judging import run_task
from finfuzz.triage.attribution.nodes import Judged, JudgeTask, Minimized, MinimizeTask
from finfuzz.triage.minimizing import run_minimize_task

Task = JudgeTask | MinimizeTask


def main() -> None:
    """Run the task, and end with a line on standard error if that can't be."""
    task: Task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    try:
        done = _run(task)
    except UserError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(msgspec.msgpack.encode(done))


def _run(task: Task) -> Judged | Minimized:
    python = find_python(task.python, "")
    if isinstance(task, MinimizeTask):
        return run_minimize_task(task, python, socket.gethostname())
    own = None
    with contextlib.suppress(UserError):
        own = find_python(task.finding.target.python, "")
    return run_task(task, python, own, read_processor())


if __name__ == "__main__":
    main()
