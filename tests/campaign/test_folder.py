"""A campaign's folder: what a new one, a second one and a resumed one find in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from finfuzz.campaign.folder import State, StatePaths, hash_program
from finfuzz.campaign.plan import Plan
from finfuzz.support.errors import UserError
from finfuzz.support.files import folder_beside, remove_leftovers, write_whole
from helpers.campaigns import PLAN
from helpers.journals import query

PROGRAM = "finfuzz 1\nnode a list\n"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return msgspec.structs.replace(PLAN, crashes=str(tmp_path / "crashes"))


@pytest.fixture
def state(tmp_path: Path) -> State:
    folder = tmp_path / "state"
    folder.mkdir()
    return State(folder)


def test_a_second_supervisor_is_refused(state: State) -> None:
    with pytest.raises(UserError, match=r"a campaign is under way in .*: wait for it"):
        State(state.folder)
    state.close()
    State(state.folder).close()


def test_a_campaign_is_resumed_as_it_was_planned(state: State, plan: Plan) -> None:
    state.begin(plan).close()
    again, journal = state.resume()
    assert again == plan == StatePaths(state.folder).load_plan()
    ((target, python),) = query(journal.path, "SELECT target, python FROM lanes")
    assert (target, python) == ("pybind11==3.1.0+destroy", "/usr/bin/python3.13")


def test_a_recipe_that_was_changed_is_not_run_without_a_question(
    state: State, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("FINFUZZ_CACHE", str(tmp_path / "cache"))
    recipe = tmp_path / "json.toml"
    recipe.write_text('module = "json"\n')
    lane = msgspec.structs.replace(plan.lanes[0], target=f"stdlib:json+recipe={recipe}")
    state.begin(msgspec.structs.replace(plan, lanes=(lane,))).close()
    state.require_trust()
    recipe.write_text('module = "json"\ncheck.x = ["print()", 0]\n')
    with pytest.raises(UserError, match="or its plan or a recipe was changed since"):
        state.require_trust()


def test_a_new_campaign_moves_the_old_one_aside_and_keeps_its_corpus(
    state: State, plan: Plan
) -> None:
    for _ in range(3):
        state.begin(plan).close()
        (state.corpus / f"{hash_program(PROGRAM)}.fin").write_text(PROGRAM)
    aside = sorted(path.name for path in state.folder.glob("campaign-*"))
    assert len(aside) == 2
    assert all((state.folder / name / "journal.sqlite").exists() for name in aside)
    assert state.fill_live(None) == 1


def test_one_whose_beginning_was_killed_is_moved_aside_too(state: State, plan: Plan) -> None:
    state.campaign.mkdir()
    state.begin(plan).close()
    assert len(list(state.folder.glob("campaign-*"))) == 1


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "no campaign in .*: `finfuzz run --state"), (b"{", "plan.json is damaged")],
)
def test_what_can_not_be_resumed(
    content: bytes | None, complaint: str, state: State, plan: Plan
) -> None:
    if content is not None:
        state.begin(plan).close()
        state.plan.write_bytes(content)
    with pytest.raises(UserError, match=complaint):
        state.resume()


@pytest.mark.parametrize(
    "content", [b"rubbish" * 1000, b"", None], ids=["damaged", "empty", "gone"]
)
def test_a_damaged_journal_is_made_anew_with_the_next_resume(
    content: bytes | None, state: State, plan: Plan
) -> None:
    state.begin(plan).close()
    state.journal.unlink()
    (state.corpus / f"{hash_program(PROGRAM)}.fin").write_text(PROGRAM)
    (state.signatures(0) / ("a" * 16)).write_bytes(b"")
    if content is not None:
        state.journal.write_bytes(content)
    _, journal = state.resume()
    rows = query(journal.path, "SELECT signature, sightings, recorded FROM signatures")
    assert rows == [("a" * 16, 1, 1)]  # its finding counts it already
    assert len(query(journal.path, "SELECT * FROM programs")) == 1
    assert "its history is lost" in query(journal.path, "SELECT line FROM notes")[0][0]
    assert len(query(journal.path, "SELECT * FROM lanes")) == 1


def test_what_libfuzzer_reads_are_programs_without_comments_each_once(
    state: State, plan: Plan, tmp_path: Path
) -> None:
    seeds = tmp_path / "seeds"
    (seeds / "deeper").mkdir(parents=True)
    (seeds / "one.fin").write_text(
        f"# why\n{PROGRAM}".replace("# why\nfinfuzz 1", "finfuzz 1\n# why")
    )
    (seeds / "deeper" / "same.fin").write_text(PROGRAM)
    (seeds / "README.md").write_text("no program")
    (seeds / "picture").write_bytes(b"\xff\xfe")
    state.begin(plan).close()
    (state.corpus / "kept.fin").write_text("finfuzz 1\ncollect\n")
    state.live.mkdir()
    (state.live / "half").write_text("finfuzz 1\nno")
    state.resume()[1].close()
    assert state.fill_live(seeds) == 2
    texts = {path.name: path.read_text() for path in state.live.iterdir()}
    assert texts == {hash_program(text): text for text in (PROGRAM, "finfuzz 1\ncollect\n")}


def test_what_a_killed_process_left_half_written_is_taken_away(
    state: State, plan: Plan, tmp_path: Path
) -> None:
    """And what one that lives is writing is not."""
    crashes = tmp_path / "crashes" / "SIGABRT" / "none"
    crashes.mkdir(parents=True)
    code = (
        "import os, sys, finfuzz.support.files\n"
        "from pathlib import Path\n"
        "with finfuzz.support.files.folder_beside(Path(sys.argv[1]) / 'bucket') as folder:\n"
        "    (folder / 'half').write_text('ha')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(crashes)], check=False)
    state.begin(plan).close()
    (state.corpus / ".x.fin.999999999-abc.part").write_text("half")
    (state.corpus / f".y.fin.{os.getpid()}-abc.part").write_text("half")
    with folder_beside(crashes / "mine") as mine:
        state.resume()
        assert mine.is_dir()
        assert [path.name for path in crashes.iterdir()] == [mine.name]
    assert [path.name for path in state.corpus.iterdir()] == [f".y.fin.{os.getpid()}-abc.part"]


def test_folders_may_go_while_leftovers_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Campaigns may share a crashes folder: another one renames what it has put together."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".x.fin.999999999-abc.part").write_text("half")

    def whoever_is_left_goes(_: int) -> bool:
        for path in tmp_path.iterdir():
            shutil.rmtree(path)
        return False

    monkeypatch.setattr("finfuzz.support.files.psutil.pid_exists", whoever_is_left_goes)
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_leftovers_are_only_what_is_named_so(tmp_path: Path) -> None:
    for name in (".hidden", "a.part", ".b.part", ".c.12x-abc.part"):
        (tmp_path / name).write_text("")
    write_whole(tmp_path / "whole", "text")
    remove_leftovers(tmp_path)
    assert len(list(tmp_path.iterdir())) == 5
