"""What machines exchange through a folder, and what a stranger's folder can't do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from finfuzz.campaign.folder import hash_program
from finfuzz.campaign.sync import findings, programs
from finfuzz.campaign.sync.exchange import join
from finfuzz.campaign.sync.shared_folder import name_machine
from finfuzz.campaign.sync.status import read_status
from finfuzz.campaign.sync.sweep import make_key
from finfuzz.generation.sweep.ledger import CellState, Ledger, read_sweep
from finfuzz.generation.sweep.share import Share, read_share
from finfuzz.support.errors import UserError
from finfuzz.triage.findings.copies import take_attribution
from finfuzz.triage.findings.finding import encode, list_folders, load
from finfuzz.triage.findings.trust import is_own
from helpers.finding_example import crashes_with, finding
from helpers.machines import LANE, FakeMachine

FIRST = "finfuzz 1\nnode a container\n"
SECOND = "finfuzz 1\nnode a dict\nroot a sys\n"


@pytest.fixture
def a(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    return FakeMachine(tmp_path, "a", monkeypatch)


@pytest.fixture
def b(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    return FakeMachine(tmp_path, "b", monkeypatch)


def test_a_program_goes_to_the_corpus_and_to_libfuzzer_of_the_other(
    a: FakeMachine, b: FakeMachine
) -> None:
    name = a.find_program(FIRST)
    assert a.turn() == "a is the only machine so far"
    assert b.turn() == "1 program, 0 findings from a (0 executions)"
    assert b.programs() == {name}
    assert (b.paths.live / name.removesuffix(".fin")).read_text() == FIRST
    b.find_program(SECOND)
    b.turn()
    assert a.turn() == "1 program, 0 findings from b (0 executions)"
    assert a.programs() == b.programs()
    # each machine publishes what it has found, and nothing twice
    assert [path.name for path in (a.own / "corpus").iterdir()] == [name]
    assert len(list((b.own / "corpus").iterdir())) == 1
    status = read_status(a.paths)
    assert status is not None
    assert status.peers[0].programs == 1


def test_the_counts_survive_a_restart(a: FakeMachine, b: FakeMachine) -> None:
    a.find_program(FIRST)
    a.turn()
    b.turn()
    b.restart()
    assert b.turn() == "1 program, 0 findings from a (0 executions)"


def test_what_a_killed_campaign_has_half_written_goes_when_it_comes_back(a: FakeMachine) -> None:
    a.turn()
    half = a.own / "corpus" / f".0.fin.{os.getpid()}-x.part"  # the id is another process's by now
    half.touch()
    a.restart()
    a.turn()
    assert not half.exists()


def test_a_finding_is_taken_over_as_data(a: FakeMachine, b: FakeMachine) -> None:
    filed = a.file_finding(finding(attribution=None, escalation=()))
    (filed / "random.py").write_text("import os  # no file of a finding\n")
    a.turn()
    assert not list_folders(a.own / "crashes")  # changed since it was filed: not ours any more
    (filed / "random.py").unlink()
    os.utime(filed / "finding.json")
    a.turn()
    assert b.turn() == "0 programs, 1 finding from a (0 executions)"
    (taken,) = list_folders(b.crashes)
    assert load(taken) == load(filed)
    assert (taken / "repro.py").read_text() == "print()\n"
    assert not is_own(taken), "no command may run its script without a question"
    assert b.lines == [f"a has filed 0123456789ab: {load(filed).title}"]
    b.turn()
    assert not list_folders(b.own / "crashes"), "nobody publishes what another has filed"


def test_what_its_controls_say_later_is_taken_over_too(a: FakeMachine, b: FakeMachine) -> None:
    filed = a.file_finding(finding(attribution=None, escalation=()))
    a.turn()
    b.turn()
    (filed / "finding.json").write_bytes(encode(finding()))
    a.turn()
    b.turn()
    (request,) = b.requests
    take_attribution(Path(request.path), request.attribution, request.escalation)
    (taken,) = list_folders(b.crashes)
    assert load(taken).attribution == finding().attribution
    b.turn()
    b.turn()
    assert len(b.requests) == 1


def test_what_triage_writes_while_a_finding_is_copied_is_published_too(
    a: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed = a.file_finding(finding(attribution=None, escalation=()))
    copy = findings.copy_finding

    def copy_slowly(source: Path, target: Path) -> None:
        copy(source, target)
        (filed / "finding.json").write_bytes(encode(finding()))

    monkeypatch.setattr(findings, "copy_finding", copy_slowly)
    a.turn()
    monkeypatch.undo()
    a.turn()
    (published,) = list_folders(a.own / "crashes")
    assert load(published).attribution == finding().attribution


def test_a_finding_of_both_stays_as_each_has_filed_it(a: FakeMachine, b: FakeMachine) -> None:
    for machine, sightings in ((a, 1), (b, 2)):
        machine.file_finding(finding(sightings=sightings))
        machine.turn()
    assert a.turn() == "0 programs, 0 findings from b (0 executions)"
    assert [load(folder).sightings for folder in list_folders(a.crashes)] == [1]


def hold(machine: FakeMachine, name: str, data: bytes) -> None:
    """Write a file as a hostile machine would."""
    path = machine.own / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def link(machine: FakeMachine, name: str, to: Path) -> None:
    path = machine.own / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to)


NAME = f"corpus/{hash_program(FIRST)}.fin"
FINDING = f"crashes/{finding().folder}/finding.json"
HOSTILE: dict[str, Callable[[FakeMachine, Path], None]] = {
    "another program than its name says": lambda one, _: hold(one, NAME, SECOND.encode()),
    "no program": lambda one, _: hold(one, NAME, b"\xff\x00"),
    "a huge program": lambda one, _: hold(one, NAME, b"#" * (1 << 20)),
    "a link to a program": lambda one, there: link(one, NAME, there / "program"),
    "a pipe": lambda one, _: os.mkfifo(one.own / NAME),
    "a name that is no digest": lambda one, _: hold(one, "corpus/a.fin", FIRST.encode()),
    "no finding": lambda one, _: hold(one, FINDING, b"{"),
    "a finding elsewhere": lambda one, _: hold(
        one, FINDING.replace("SIGABRT", "SIGSEGV"), encode(finding())
    ),
    "a linked finding": lambda one, there: link(
        one, str(Path(FINDING).parent), there / finding().folder
    ),
    "a linked folder of findings": lambda one, there: link(one, "crashes/SIGABRT", there),
    "a ledger": lambda one, _: hold(one, f"sweep/{make_key(LANE, one.plan)}", b"\xff" * 99),
    "a record that is none": lambda one, _: hold(one, "machine.json", b"[]"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_folder_adds_nothing(
    name: str, a: FakeMachine, b: FakeMachine, tmp_path: Path
) -> None:
    there = crashes_with(tmp_path / "there", finding())
    (there / "program").write_text(FIRST)
    a.turn()
    HOSTILE[name](a, there)
    b.find_program(SECOND)
    b.turn()
    assert len(b.programs()) == 1
    assert not b.crashes.exists()
    assert list((b.own / "corpus").iterdir()), "and the machine goes on publishing"


def test_a_linked_machine_and_other_folders_are_none(b: FakeMachine, tmp_path: Path) -> None:
    b.shared.mkdir()
    (b.shared / "lost+found").mkdir()
    (b.shared / "notes").mkdir()
    (b.shared / "linked").symlink_to(tmp_path)
    assert b.turn() == "b is the only machine so far"


def test_two_campaigns_of_one_name(a: FakeMachine, tmp_path: Path) -> None:
    a.turn()
    other = FakeMachine(tmp_path / "elsewhere", "a", pytest.MonkeyPatch())
    taken = msgspec.structs.replace(other.plan, sync=str(a.shared))
    with pytest.raises(UserError, match="belongs to another campaign: give this one a name with"):
        join(taken, other.paths)


def test_two_copies_of_one_campaign(a: FakeMachine) -> None:
    a.turn()
    copy = a._exchange
    a.restart()  # as on a second machine with a copy of the state folder
    a.turn()
    status = copy.turn()
    assert "a copy of this campaign writes to" in status.problem
    assert status.problem.endswith("give each a name with --machine")


@pytest.mark.parametrize(
    ("given", "name"), [(None, "host-1"), ("b.2", "b.2"), ("../b", ""), (".b", ""), ("b\n", "")]
)
def test_a_machine_has_the_hosts_name_or_one_that_is_given(
    given: str | None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.node", lambda: "host 1")
    if name:
        assert name_machine(given) == name
    else:
        with pytest.raises(UserError, match="can't be a machine's name"):
            name_machine(given)


def test_a_machine_that_writes_no_more_is_away_until_it_does(
    a: FakeMachine, b: FakeMachine
) -> None:
    a.turn()
    b.turn()
    b.now += 1000
    assert b.turn() == "0 programs, 0 findings from a (0 executions, away)"
    a.find_program(FIRST)
    a.turn()
    assert b.turn() == "1 program, 0 findings from a (0 executions)"
    assert b.lines == ["a is back"]
    a.turn(last=True)  # a campaign that has ended needs no waiting
    assert b.turn() == "1 program, 0 findings from a (0 executions, away)"


def test_too_many_programs_stop_nothing_else(
    a: FakeMachine, b: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All machines were away then, and came back each turn; no block of a sweep was taken."""
    monkeypatch.setattr(programs, "_MOST_BYTES", 10)
    a.find_program(FIRST)
    a.turn()
    b.turn()
    a.find_program(SECOND)
    a.file_finding(finding())
    a.turn()
    for _ in range(3):
        assert "more than 0 MiB of programs: no more are taken" in b.turn()
    (peer,) = b.status.peers
    assert (peer.programs, peer.findings, peer.away) == (1, 1, False)
    assert not [line for line in b.lines if line.endswith("is back")]


def test_a_folder_that_is_gone_is_said_once_and_waited_for(
    a: FakeMachine, b: FakeMachine, tmp_path: Path
) -> None:
    a.turn()
    b.turn()
    a.shared.rename(tmp_path / "unmounted")
    a.find_program(FIRST)
    assert "can't read the record of a machine" in a.turn()
    a.turn()
    assert len(a.lines) == 1
    assert not a.shared.exists(), "nothing is written where the folder was"
    (tmp_path / "unmounted").rename(a.shared)
    a.turn()
    assert a.lines[1:] == ["--sync: works again"]
    assert b.turn() == "1 program, 0 findings from a (0 executions)"


def test_a_full_disk_stops_publishing_alone(
    a: FakeMachine, b: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    a.turn()
    b.find_program(FIRST)
    b.turn()
    with monkeypatch.context() as patched:
        patched.setattr(
            "finfuzz.campaign.sync.shared_folder.write_whole",
            lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")),
        )
        assert "No space left on device" in a.turn()
    assert len(a.programs()) == 1
    a.turn()
    assert a.lines[-1] == "--sync: works again"


CELLS = [("one", 3), ("two", 1)]


def sweep(machine: FakeMachine, blocks: int) -> None:
    """Run so many blocks of two programs each."""
    ledger = Ledger(machine.paths.sweep(0), "space", CELLS)
    for _ in range(blocks):
        claimed = ledger.claim()
        assert claimed is not None
        ledger.count(claimed[0], 2, done=True)
    ledger.close()


def test_machines_share_a_sweep_and_together_run_all_of_it(a: FakeMachine, b: FakeMachine) -> None:
    sweep(a, 1)
    sweep(b, 0)
    a.turn()
    b.turn()
    a.turn()
    assert read_share(a.paths.sweep(0)) == Share(0, 2)
    assert read_share(b.paths.sweep(0)) == Share(1, 2)
    sweep(b, 1)  # block 1: block 0 is the other's, and done
    sweep(a, 1)  # block 2
    b.turn()
    a.turn()
    b.turn()
    for machine in (a, b):
        assert read_sweep(machine.paths.sweep(0)) == [CellState("one", 6, complete=True)]
    b.turn(last=True)
    a.turn()
    assert read_share(a.paths.sweep(0)) == Share(0, 1), "what is left is for those that are there"
    sweep(a, 1)
    assert all(cell.complete for cell in read_sweep(a.paths.sweep(0)))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"python": "/elsewhere/python3.13"}, True),
        ({"version": "3.13.1"}, False),
        ({"target": "no-extension"}, False),
        ({"target": "wheel:thing==1.0"}, False),
        ({"target": "pybind11@/checkout"}, False),
    ],
    ids=str,
)
def test_whose_word_is_taken_for_a_sweep(
    change: dict[str, str], same: bool, a: FakeMachine
) -> None:
    """Of the same target on the same CPython, wherever that is; never of a checkout or a wheel."""
    key = make_key(msgspec.structs.replace(LANE, **change), a.plan)
    assert (key == make_key(LANE, a.plan)) is same
    assert (key == "") is change.get("target", "").startswith(("wheel:", "pybind11@"))
