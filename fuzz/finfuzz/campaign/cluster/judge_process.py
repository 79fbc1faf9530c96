"""The process on a node that judges a finding: the task on standard input, the answer on output.

python -m finfuzz.campaign.cluster.judge_process
"""

from __future__ import annotations

import contextlib
import sys

import msgspec

from finfuzz.campaign.cluster.node import find_python, read_processor
from finfuzz.support.errors import UserError
from finfuzz.triage.attribution.judging import run_task
from finfuzz.triage.attribution.nodes import JudgeTask


def main() -> None:
    """Judge, and end with a line on standard error if that can't be."""
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=JudgeTask)
    own = None
    with contextlib.suppress(UserError):
        own = find_python(task.finding.target.python, "")
    try:
        judged = run_task(task, find_python(task.python, ""), own, read_processor())
    except UserError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(msgspec.msgpack.encode(judged))


if __name__ == "__main__":
    main()
