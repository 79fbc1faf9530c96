"""Real campaigns, observed from outside."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import psutil

from finfuzz.campaign.plan import Bounds, Lane, Plan
from finfuzz.executor.process import tie_to_us
from finfuzz.targets.build import Build
from finfuzz.triage.diagnosis import DIAGNOSTICS
from helpers.patience import PATIENCE, wait_until

#: A campaign on it files SIGABRT/internals-recreated within the first fifty programs.
DESTROY = "pybind11==3.1.0+destroy"
#: What is known of each framework's targets, so that a campaign files one defect: the busier the
#: machine is, the more crashes wait for triage at the end, each with a script to run.
ONE_DEFECT = {
    # None: the longer a campaign on a busy machine takes, the more of CPython's own it meets, and
    # at its end triage has ten minutes.
    "plain-c": f"""
[[known]]
title = "a defect of CPython, or a hang of a busy machine"
link = "https://example.org/3"
owner = "CPython"
diagnostics = {sorted(DIAGNOSTICS)}
""",
    "pybind11": f"""
[[known]]
title = "another defect"
link = "https://example.org/1"
owner = "pybind11"
diagnostics = {sorted({*DIAGNOSTICS} - {"internals-recreated"})}
""",
    "module": """
[[known]]
title = "the defect elsewhere, or later"
link = "https://example.org/2"
owner = "finfuzz"
diagnostics = ["none"]
stack = "execute_elsewhere|Py_EndInterpreter|Py_FinalizeEx"
""",
}
#: So that a campaign files two.
TWO_DEFECTS = {"module": ONE_DEFECT["module"].replace("execute_elsewhere|", "")}


Start = Callable[..., "Campaign"]


class Campaign:
    """`finfuzz run` in a folder of its own, the working directory of all that it starts.

    So no process can stay behind unseen.
    """

    def __init__(
        self,
        folder: Path,
        made: Build | None,
        *arguments: str,
        known: Mapping[str, str] = ONE_DEFECT,
        **variables: str,
    ) -> None:
        """Start it. Without a build, only the ``arguments`` are given."""
        self.folder = folder
        self.lines: list[str] = []
        if made is not None and made.spec.framework in known:
            (folder / "crashes").mkdir(exist_ok=True)
            (folder / "crashes" / "known.toml").write_text(known[made.spec.framework])
        options = options_for(made) if made else ()
        command = [sys.executable, "-m", "finfuzz", "run", *options, *arguments]
        self.process = subprocess.Popen(
            tie_to_us(sys.executable, command),  # a killed pytest has no teardown (issue 21)
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=(folder / "stdout").open("wb"),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def stderr(self) -> IO[str]:
        assert self.process.stderr is not None
        return self.process.stderr

    def read_until(self, word: str) -> None:
        """Read its standard error up to the line with this word."""
        for line in self.stderr:
            self.lines.append(line.rstrip("\n"))
            if word in line:
                return
        raise AssertionError(f"it ended without a line with {word!r}: {self.lines}")

    def end(self) -> int:
        """Wait for its end; the lines of its standard error are then in ``lines``."""
        self.lines += self.stderr.read().splitlines()
        return self.process.wait(PATIENCE)

    def output(self) -> str:
        """Read its standard output."""
        return (self.folder / "stdout").read_text()

    def processes(self) -> list[psutil.Process]:
        """List the processes whose working directory is the folder, or below it."""
        found = []
        for process in psutil.process_iter():
            try:
                if Path(process.cwd()).is_relative_to(self.folder) and _lives(process):
                    found.append(process)
            except psutil.Error:  # ended meanwhile, or a zombie
                continue
        return found

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()  # first: it would replace workers
        _end_all(self.processes)
        self.process.wait()
        self.stderr.close()


def _end_all(find: Callable[[], list[psutil.Process]]) -> None:
    """Kill processes by their ids, and those that they started meanwhile, until none is left."""
    while left := find():
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended by itself
                process.kill()
        psutil.wait_procs(left, PATIENCE)


@contextlib.contextmanager
def campaigns_in(folder: Path) -> Iterator[Start]:
    """Give a function that starts campaigns, each in a folder of its own; end them in any case."""
    numbers = itertools.count()
    with contextlib.ExitStack() as started:  # which ends the others when one can't be ended

        def start_one(made: Build | None, *arguments: str, **options: Any) -> Campaign:
            own = folder.resolve() / f"campaign{next(numbers)}"
            own.mkdir()
            campaign = Campaign(own, made, *arguments, **options)
            started.callback(campaign.close)
            return campaign

        yield start_one


def options_for(made: Build) -> tuple[str, ...]:
    """List the options of a campaign of one worker on a build."""
    return (
        *("--target", str(made.spec), "--python", str(made.interpreter.executable)),
        *("--state", "state", "--crashes", "crashes", "--json", "summary.json"),
        *("--workers", "1"),
        "--no-attribute",  # whose controls are a dozen builds
    )


def _lives(process: psutil.Process) -> bool:
    return process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


def nothing_is_left_of(campaign: Campaign) -> None:
    wait_until(lambda: not campaign.processes(), "the last process to go")
    assert not [path.name for path in campaign.folder.rglob(".*")]  # nothing half-written


def is_working(campaign: Campaign) -> bool:
    """Whether its worker has a zygote that runs programs."""
    return any(runs_programs(one) for one in campaign.processes())


def part(campaign: Campaign, module: str) -> psutil.Process:
    """Find the supervisor's child that runs `finfuzz.campaign.MODULE`: a worker or triage."""
    found = parts(campaign, module)
    assert found, f"no {module}"
    return found[0]


def parts(campaign: Campaign, module: str) -> list[psutil.Process]:
    children = psutil.Process(campaign.process.pid).children()
    return [one for one in children if f"finfuzz.campaign.{module}" in _cmdline(one)]


def runs_programs(process: psutil.Process) -> bool:
    return "zygote.py" in " ".join(_cmdline(process))


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:  # gone meanwhile
        return []


PLAN = Plan(
    lanes=(Lane("pybind11==3.1.0+destroy", "/usr/bin/python3.13", "3.13.0"),),
    workers=2,
    seconds=3600.0,
    engine="atheris",
    seed=7,
    seeds=None,
    crashes="crashes",
    abuse=False,
    attribute=True,
    bounds=Bounds(total_memory_mib=16000, processes=96, disk_mib=4096),
)
