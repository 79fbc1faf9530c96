"""The process of a campaign that exchanges programs and findings with other machines.

python -m finfuzz.campaign.sync.process PIPE STATE; it works until standard input ends, and then
once more. A network file system that hangs stops this process alone.
"""

from __future__ import annotations

import contextlib
import select
import signal
import sys
from pathlib import Path

from finfuzz.campaign.folder import StatePaths
from finfuzz.campaign.messages import Announcement, send
from finfuzz.campaign.sync.exchange import Exchange
from finfuzz.campaign.sync.status import SyncStatus
from finfuzz.campaign.worker.process import stop_with_supervisor

#: Time between two turns, in seconds, at the least. With n machines each waits n seconds, so that
#: their n² looks at each other are n a second for the file server.
_SHORTEST_SECONDS = 5.0


def main() -> None:
    """Exchange until standard input ends or the supervisor is gone."""
    stop_with_supervisor()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    pipe, paths = int(sys.argv[1]), StatePaths(Path(sys.argv[2]))
    exchange = Exchange(
        paths.load_plan(),
        paths,
        lambda line: send(pipe, Announcement(line)),
        lambda request: send(pipe, request),
    )
    with contextlib.suppress(BrokenPipeError):
        _work(exchange, pipe)


def _work(exchange: Exchange, pipe: int) -> None:
    last = False
    while not last:
        status = exchange.turn()
        send(pipe, status)
        last = _wait(status)
    send(pipe, exchange.turn(last=True))


def _wait(status: SyncStatus) -> bool:
    """Wait for the next turn; return whether it is the last one."""
    seconds = max(_SHORTEST_SECONDS, 1.0 + len(status.peers))
    return bool(select.select([sys.stdin.buffer], [], [], seconds)[0])


if __name__ == "__main__":
    main()
