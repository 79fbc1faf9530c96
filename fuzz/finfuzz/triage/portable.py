"""Make the facts of a run portable: the same on each machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from finfuzz.executor.frames import RawFrame
from finfuzz.executor.outcome import Outcome


def make_portable(outcome: Outcome) -> Outcome:
    """Drop this machine's folders: a file's name and an offset identify a frame."""
    judged = tuple(
        msgspec.structs.replace(
            call, site=_drop_folders([call.site])[0], frames=_drop_folders(call.frames)
        )
        for call in outcome.judged
    )
    return msgspec.structs.replace(
        outcome,
        frames=_drop_folders(outcome.frames),
        recreated_frames=_drop_folders(outcome.recreated_frames),
        judged=judged,
    )


def _drop_folders(frames: Iterable[RawFrame]) -> tuple[RawFrame, ...]:
    return tuple(RawFrame(Path(frame.module).name, frame.offset) for frame in frames)
