"""A worker without a supervisor, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

from finfuzz.campaign.folder import State
from finfuzz.campaign.plan import Engine
from finfuzz.campaign.worker.job import Job
from finfuzz.executor.limits import Limits
from finfuzz.targets.build import Build


def config(
    folder: Path,
    build: Build,
    engine: Engine,
    seed: int,
    seconds: float,
    programs: Path | None = None,
) -> Job:
    """What it is told; its folders are made. ``programs``: a folder of those to begin with."""
    state, limits = State(folder), Limits()
    for place in (state.corpus, state.signatures(0)):
        place.mkdir(parents=True)
    state.fill_live(programs)
    return Job(
        target=str(build.spec),
        python=str(build.interpreter.executable),
        seconds=seconds,
        engine=engine,
        seed=seed,
        live=str(state.live),
        corpus=str(state.corpus),
        signatures=str(state.signatures(0)),
        shared=False,
        deadline=limits.deadline,
        memory_mib=limits.memory_mib,
        abuse=limits.abuse,
    )
