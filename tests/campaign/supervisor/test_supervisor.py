"""Whole campaigns, from the command line: what they leave, and what they don't leave behind."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from finfuzz.campaign.folder import StatePaths
from finfuzz.targets.build import Build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.triage.findings.finding import Finding, load
from helpers.campaigns import (
    DESTROY,
    PATIENCE,
    TWO_DEFECTS,
    Campaign,
    Start,
    is_working,
    nothing_is_left_of,
    part,
    parts,
    runs_programs,
    wait_until,
)
from helpers.journals import query

HOUR = ("--time", "3600")
ENGINES = pytest.mark.parametrize("engine", ["atheris", "random"])


def summary_of(campaign: Campaign) -> dict[str, Any]:
    """The campaign's figures and those of its one lane."""
    summary = json.loads((campaign.folder / "summary.json").read_text())
    (lane,) = summary.pop("lanes")
    return {**lane, **summary}


def load_first(summary: dict[str, Any]) -> Finding:
    """The finding that came first: with one seed it is the same, however long a campaign ran."""
    first = min(summary["findings"], key=lambda one: one["first_seen_execution"])
    return load(Path(first["path"]))


def zygotes_of(worker: psutil.Process) -> list[psutil.Process]:
    """List a worker's zygotes."""
    return [one for one in worker.children() if runs_programs(one)]


def confirms(campaign: Campaign) -> bool:
    """Whether triage has a fresh process under way, which is its own child."""
    return any(runs_programs(one) for one in part(campaign, "triage_process").children())


@pytest.mark.usefixtures("destroy_for_scripts")
def test_from_an_empty_corpus_to_a_death_that_reproduces(
    start: Start, destroy: Build, pythons: list[Interpreter]
) -> None:
    found: list[str] = []
    for seconds in ("5", "50"):  # five are enough on a quiet machine
        campaign = start(destroy, "--time", seconds, "--seed", "1")
        assert campaign.end() == 0, campaign.lines
        summary = summary_of(campaign)
        found = [f"{one['signal']}/{one['diagnostic']}" for one in summary["findings"]]
        if found:
            break
    assert "SIGABRT/internals-recreated" in found
    for each in summary["findings"]:
        assert Path(each["path"]).parts[-3:-1] == (each["signal"], each["diagnostic"])
    one = summary["findings"][found.index("SIGABRT/internals-recreated")]

    folder = Path(one["path"])
    assert folder.is_relative_to(campaign.folder / "crashes")
    assert folder.parts[-3:] == ("SIGABRT", "internals-recreated", one["bucket"])
    finding = load(folder)
    assert (finding.bucket, finding.sightings) == (one["bucket"], one["sightings"])
    assert (finding.first_seen.execution, finding.first_seen.seconds) == (
        one["first_seen_execution"],
        one["first_seen_seconds"],
    )
    died = subprocess.run(
        [pythons[0].executable, "repro.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert died.returncode == -signal.SIGABRT
    assert "reentrant call detected while fetching pybind11 internals" in died.stderr

    assert set(summary) >= {"target", "executions", "seconds", "executions_per_second", "findings"}
    assert (summary["workers"], summary["replaced"]) == (1, 0)
    assert summary["target"] == DESTROY
    assert summary["python"] == pythons[0].text
    assert (summary["engine"], summary["seed"], summary["interrupted"]) == ("atheris", 1, False)
    assert summary["executions"] >= one["first_seen_execution"]
    assert summary["executions_per_second"] == pytest.approx(
        summary["executions"] / summary["seconds"], abs=0.1
    )
    assert summary["steps_effective"] > summary["executions"]
    assert summary["corpus"]
    assert summary["features"]

    first, *_ = campaign.lines
    assert first.startswith(
        f"fuzzing {DESTROY} on CPython {pythons[0].text} for {seconds} s, 1 worker, engine atheris"
    )
    output = campaign.output()
    assert output.startswith(f"{DESTROY} on CPython {pythons[0].text}: ")
    times = "1 time" if one["sightings"] == 1 else f"{one['sightings']} times"
    assert f"\n{finding.title} (new, seen {times}, first after " in output
    script = folder.relative_to(campaign.folder) / "repro.py"
    assert f"\n    script crashed in 10 of 10 runs:\n    {pythons[0].executable} {script}" in output
    nothing_is_left_of(campaign)


def test_what_can_not_be_filed_is_an_error_until_it_is_filed(start: Start, dying: Build) -> None:
    """A file stands where the folder of these findings should be: root may write anywhere."""
    campaign = start(dying, *HOUR, "--seed", "1")
    campaign.read_until("fuzzing")
    in_the_way = campaign.folder / "crashes" / "SIGABRT"
    in_the_way.write_text("in the way")
    campaign.read_until(": not filed: can't write ")
    campaign.process.send_signal(signal.SIGINT)
    assert campaign.end() == 2, campaign.lines
    last = campaign.lines[-1]
    assert re.match(r"finfuzz: error: \d+ crash(es are| is) not filed: can't write .*SIGABRT", last)
    assert last.endswith("`finfuzz run --resume state` tries again")
    summary = summary_of(campaign)
    assert not [one for one in summary["findings"] if one["signal"] == "SIGABRT"]

    in_the_way.unlink()
    campaign.close()
    resumed = start(None, "--resume", str(campaign.folder / "state"), "--json", "summary.json")
    resumed.read_until("script crashed in")
    resumed.process.send_signal(signal.SIGINT)
    assert resumed.end() == 0, resumed.lines
    (finding, *_) = [
        load(Path(one["path"]))
        for one in summary_of(resumed)["findings"]
        if one["signal"] == "SIGABRT"
    ]
    assert finding.sightings > 0


def test_the_control_finds_nothing(start: Start, plain_c: Build) -> None:
    campaign = start(plain_c, "--time", "2", "--seed", "1", "--engine", "random", known={})
    assert campaign.end() == 0, campaign.lines
    summary = summary_of(campaign)
    assert summary["executions"] > 0
    assert (summary["findings"], summary["known"]) == ([], {})
    # On a busy machine a program may take longer than 2 s. Such a hang is not confirmed (issue 21).
    assert {one["signal"] for one in summary["unconfirmed"]} <= {"HANG"}
    assert (summary["corpus"], summary["features"]) == (None, None)
    assert "\nno findings\n" in campaign.output()
    assert {each.name for each in (campaign.folder / "crashes").iterdir()} <= {"unconfirmed"}
    nothing_is_left_of(campaign)


@pytest.mark.parametrize(
    ("whom", "engine"),
    [
        ("supervisor", "atheris"),
        ("terminal", "random"),
        pytest.param("supervisor", "random", marks=pytest.mark.slow),
        pytest.param("terminal", "atheris", marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_ends_it_with_its_summary(
    whom: str, engine: str, start: Start, plain_c: Build
) -> None:
    """As `kill -INT` sends it to one process, and as a terminal does to the whole group."""
    campaign = start(plain_c, *HOUR, "--engine", engine)
    campaign.read_until("fuzzing plain-c")
    wait_until(lambda: is_working(campaign), "a zygote")
    interrupt(campaign, whom)
    assert campaign.end() == 0, campaign.lines
    assert [line for line in campaign.lines if line.startswith("finishing triage")]
    summary = summary_of(campaign)
    assert summary["interrupted"] is True
    assert campaign.output().startswith(f"plain-c on CPython {plain_c.interpreter.text}: ")
    nothing_is_left_of(campaign)


def test_the_command_that_continues_is_printed_and_works(start: Start, plain_c: Build) -> None:
    campaign = start(plain_c, *HOUR, "--engine", "random", "--state", "my state")
    campaign.read_until("fuzzing plain-c")
    campaign.process.send_signal(signal.SIGINT)
    assert campaign.end() == 0, campaign.lines
    hint = re.search("`finfuzz run (.*)` continues", campaign.output())
    assert hint, campaign.output()
    again = Campaign(campaign.folder, None, *shlex.split(hint[1]))
    try:
        again.read_until("fuzzing plain-c")
        again.process.send_signal(signal.SIGINT)
        assert again.end() == 0, again.lines
    finally:
        again.close()


def interrupt(campaign: Campaign, whom: str) -> None:
    if whom == "terminal":
        os.killpg(campaign.process.pid, signal.SIGINT)
    else:
        campaign.process.send_signal(signal.SIGINT)


@pytest.mark.parametrize("whom", ["supervisor", "terminal"])
def test_ctrl_c_at_the_first_line(whom: str, start: Start, plain_c: Build) -> None:
    """The worker has hardly begun."""
    campaign = start(plain_c, *HOUR)
    campaign.read_until("fuzzing plain-c")
    interrupt(campaign, whom)
    assert campaign.end() == 0, campaign.lines
    assert not [line for line in campaign.lines if line.startswith("Traceback")]
    nothing_is_left_of(campaign)


def test_it_goes_on_when_nobody_reads_what_it_says(start: Start, plain_c: Build) -> None:
    """As when the reader of a pipe, `tee` or a log's, has ended."""
    campaign = start(plain_c, *HOUR, "--engine", "random", "--seed", "1")
    campaign.read_until("fuzzing plain-c")
    campaign.stderr.close()
    wait_until(lambda: is_working(campaign), "a zygote")
    worker = part(campaign, "worker.process")
    worker.kill()  # of which a line would be written
    wait_until(lambda: set(parts(campaign, "worker.process")) - {worker}, "another worker")
    wait_until(lambda: is_working(campaign), "another zygote")
    campaign.process.send_signal(signal.SIGINT)
    assert campaign.process.wait(PATIENCE) == 0
    assert summary_of(campaign)["replaced"] == 1
    nothing_is_left_of(campaign)


@pytest.mark.parametrize(
    "whom",
    [
        "supervisor",
        "terminal",
    ],
)
def test_ctrl_c_keeps_what_was_found(whom: str, start: Start, dying: Build) -> None:
    """While the first death is being confirmed: it is filed nevertheless, at its full rate."""
    campaign = start(dying, *HOUR, "--seed", "1", "--engine", "random")
    campaign.read_until("reproducing in fresh processes")
    wait_until(lambda: confirms(campaign), "a fresh process next to the worker")
    interrupt(campaign, whom)
    assert campaign.end() == 0, campaign.lines
    finding = load_first(summary_of(campaign))
    assert finding.reproduced.k == finding.reproduced.n, campaign.lines
    assert finding.script.k == finding.script.n > 0
    nothing_is_left_of(campaign)


def test_a_second_ctrl_c_skips_triage(start: Start, dying: Build) -> None:
    campaign = start(dying, *HOUR, "--seed", "1")
    campaign.read_until("reproducing in fresh processes")
    campaign.process.send_signal(signal.SIGINT)
    campaign.read_until("finishing triage")
    campaign.process.send_signal(signal.SIGINT)
    assert campaign.end() == 130, campaign.lines
    assert not [line for line in campaign.lines if line.startswith("Traceback")]
    nothing_is_left_of(campaign)


@pytest.mark.parametrize("whom", ["supervisor", "terminal"])
def test_ctrl_c_while_it_builds(whom: str, start: Start, plain_c: Build, tmp_path: Path) -> None:
    campaign = start(plain_c, *HOUR, FINFUZZ_CACHE=str(tmp_path / "cache"))
    campaign.read_until("building plain-c")
    interrupt(campaign, whom)
    assert campaign.end() == 130, campaign.lines
    assert campaign.lines[-1] == "finfuzz: error: interrupted"
    assert not [line for line in campaign.lines if line.startswith("Traceback")]
    assert not (campaign.folder / "summary.json").exists()
    assert not (campaign.folder / "state" / "campaign").exists()
    builds = tmp_path / "cache" / "builds"
    assert [path.name for path in builds.iterdir() if path.is_dir()] == []
    nothing_is_left_of(campaign)


@contextmanager
def hangups(do: signal.Handlers) -> Iterator[None]:
    """What is started inside inherits this; the tests themselves may run under nohup."""
    before = signal.signal(signal.SIGHUP, do)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_and_a_closed_terminal_are_as_good_as_ctrl_c(
    number: signal.Signals, start: Start, plain_c: Build
) -> None:
    with hangups(signal.SIG_DFL):
        campaign = start(plain_c, *HOUR)
    campaign.read_until("fuzzing plain-c")
    wait_until(lambda: is_working(campaign), "a zygote")
    os.killpg(campaign.process.pid, number)
    assert campaign.end() == 0, campaign.lines
    assert summary_of(campaign)["interrupted"] is True
    nothing_is_left_of(campaign)


def test_under_nohup_it_outlives_its_terminal(start: Start, plain_c: Build) -> None:
    with hangups(signal.SIG_IGN):
        campaign = start(plain_c, "--time", "3", "--engine", "random")
    campaign.read_until("fuzzing plain-c")
    wait_until(lambda: is_working(campaign), "a zygote")
    os.killpg(campaign.process.pid, signal.SIGHUP)
    assert campaign.end() == 0, campaign.lines
    assert summary_of(campaign)["interrupted"] is False
    nothing_is_left_of(campaign)


@pytest.mark.parametrize("engine", ["atheris", pytest.param("random", marks=pytest.mark.slow)])
def test_a_killed_supervisor_takes_everything_with_it(
    engine: str, start: Start, dying: Build
) -> None:
    """At a moment at which it has a worker, a zygote of its own and fresh processes."""
    campaign = start(dying, *HOUR, "--engine", engine, "--seed", "1")
    campaign.read_until("runs, minimizing")
    assert len(campaign.processes()) >= 3
    campaign.process.kill()
    assert campaign.end() == -signal.SIGKILL
    wait_until(lambda: not campaign.processes(), "the last process to go")


@ENGINES
def test_a_killed_worker_is_replaced_and_leaves_nothing(
    engine: str, start: Start, plain_c: Build
) -> None:
    campaign = start(plain_c, *HOUR, "--engine", engine)
    campaign.read_until("fuzzing plain-c")
    wait_until(lambda: is_working(campaign), "a zygote")
    worker = part(campaign, "worker.process")
    zygotes = zygotes_of(worker)
    worker.kill()
    campaign.read_until("a worker on plain-c")
    assert campaign.lines[-1].endswith("is gone (killed by SIGKILL); starting another")
    wait_until(lambda: is_working(campaign), "another zygote")
    assert not [one for one in zygotes if runs_programs(one)]
    campaign.process.send_signal(signal.SIGINT)
    assert campaign.end() == 0, campaign.lines
    assert summary_of(campaign)["replaced"] == 1
    nothing_is_left_of(campaign)


def test_what_a_killed_worker_had_half_written_goes_with_the_campaign(
    start: Start, plain_c: Build
) -> None:
    """A second Ctrl-C kills workers at any moment."""
    campaign = start(plain_c, *HOUR, "--engine", "random")
    campaign.read_until("fuzzing plain-c")
    (campaign.folder / "state" / "corpus" / ".x.fin.999999999-abc.part").write_text("half")
    campaign.process.terminate()
    assert campaign.end() == 0, campaign.lines
    nothing_is_left_of(campaign)


def test_a_lane_whose_workers_never_stay_is_given_up(start: Start, plain_c: Build) -> None:
    campaign = start(plain_c, *HOUR, "--engine", "random")
    campaign.read_until("fuzzing plain-c")
    for count in range(3):
        wait_until(lambda: parts(campaign, "worker.process"), "a worker")
        part(campaign, "worker.process").kill()
        if count < 2:
            campaign.read_until("starting another")
    assert campaign.end() == 2, campaign.lines
    last = campaign.lines[-1]
    assert last == "finfuzz: error: killed by SIGKILL"
    assert [line for line in campaign.lines if line.startswith("giving up on plain-c")]
    assert summary_of(campaign)["problem"] == "killed by SIGKILL"
    nothing_is_left_of(campaign)


def test_a_killed_triage_is_replaced_and_asked_again(start: Start, dying: Build) -> None:
    campaign = start(dying, *HOUR, "--seed", "1", "--engine", "random")
    campaign.read_until("runs, minimizing")
    part(campaign, "triage_process").kill()
    campaign.read_until("the triage process is gone; starting another")
    campaign.read_until("script crashed in")
    campaign.process.send_signal(signal.SIGINT)
    assert campaign.end() == 0, campaign.lines
    summary = summary_of(campaign)
    assert summary["replaced"] == 1
    for one in summary["findings"]:
        assert load(Path(one["path"])).sightings == one["sightings"] > 0
    first = load_first(summary)
    assert first.reproduced.k == first.reproduced.n
    nothing_is_left_of(campaign)


def test_a_killed_zygote_is_replaced_and_is_no_finding(start: Start, plain_c: Build) -> None:
    campaign = start(plain_c, *HOUR, "--engine", "random")
    campaign.read_until("fuzzing plain-c")
    wait_until(lambda: is_working(campaign), "a zygote")
    worker = part(campaign, "worker.process")
    zygote, *_ = zygotes_of(worker)  # there are two: in one the extension is imported already
    zygote.kill()
    wait_until(lambda: zygote not in worker.children(), "the worker to see it")
    wait_until(lambda: zygotes_of(worker), "another zygote")
    campaign.process.send_signal(signal.SIGINT)
    assert campaign.end() == 0, campaign.lines
    summary = summary_of(campaign)
    assert summary["zygotes_replaced"] == 1
    assert summary["findings"] == summary["unconfirmed"] == []


@pytest.mark.slow
def test_a_second_campaign_goes_on_where_the_first_one_stopped(start: Start, dying: Build) -> None:
    first = start(dying, *HOUR, "--seed", "1", "--findings", "1")
    assert first.end() == 0, first.lines
    same = ("--state", str(first.folder / "state"), "--crashes", str(first.folder / "crashes"))
    again = start(dying, *HOUR, "--seed", "2", *same)
    again.read_until("fuzzing")  # now the journal is its own
    journal = StatePaths(first.folder / "state").journal
    filed = "SELECT bucket FROM buckets WHERE state = 'filed' AND NOT new"
    wait_until(lambda: query(journal, filed), "the finding of the first one")
    again.process.send_signal(signal.SIGINT)
    assert again.end() == 0, again.lines
    before = {one["bucket"]: one for one in summary_of(first)["findings"]}
    assert len(list((first.folder / "state").glob("campaign-*/journal.sqlite"))) == 1
    for one in summary_of(again)["findings"]:
        assert one["new"] is (one["bucket"] not in before)
        sightings = before.get(one["bucket"], {"sightings": 0})["sightings"] + one["sightings"]
        assert load(Path(one["path"])).sightings == sightings
    assert any(not one["new"] for one in summary_of(again)["findings"])
    assert "filed earlier" in again.output()


def test_a_campaign_ends_with_its_first_finding_and_resume_goes_on(
    start: Start, dying: Build
) -> None:
    """What else has crashed by then is not lost."""
    one = (*HOUR, "--seed", "1", "--engine", "random", "--findings", "1")
    campaign = start(dying, *one, known=TWO_DEFECTS)
    assert campaign.end() == 0, campaign.lines
    summary = summary_of(campaign)
    assert len([one for one in summary["findings"] if one["new"]]) == 1
    assert summary["interrupted"] is False
    hints = [re.search("`finfuzz run (.*)` triages them", line) for line in campaign.lines]
    (hint,) = [found for found in hints if found]
    again = Campaign(campaign.folder, None, *shlex.split(hint[1]))
    try:
        assert again.end() == 0, again.lines
        new = [line for line in again.output().splitlines() if " (new, seen " in line]
        assert len(new) == 2
    finally:
        again.close()
