"""A campaign's worker without a supervisor: its config, and programs of other weights."""

from __future__ import annotations

from pathlib import Path

from finfuzz.campaign.folder import State
from finfuzz.campaign.plan import Engine
from finfuzz.campaign.worker.job import Job, locate
from finfuzz.executor.limits import Limits
from finfuzz.targets.build import Build


def make_job(
    folder: Path,
    build: Build,
    engine: Engine,
    seed: int,
    seconds: float,
    programs: Path | None = None,
    limits: Limits | None = None,
) -> Job:
    """Make the folders of a worker and return its config.

    ``programs``: the folder of programs that the worker begins with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state, limits = State(folder), limits or Limits()
    for place in (state.corpus, state.signatures(0), state.scratch):
        place.mkdir(parents=True, exist_ok=True)
    state.fill_live(programs)
    state.close()
    return Job(
        target=str(build.spec),
        python=str(build.interpreter.executable),
        seconds=seconds,
        engine=engine,
        seed=seed,
        paths=locate(state, 0),
        shared=False,
        deadline=limits.deadline,
        memory_mib=limits.memory_mib,
        abuse=limits.abuse,
    )
