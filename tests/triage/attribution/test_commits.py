"""Commits of a real repository: which of them count, and that nothing in it changes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.releases import list_releases
from finfuzz.triage.attribution.commits import Repository


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four commits that change headers, tagged one to four; one between that does not; a branch
    merged as `three`; and work of somebody's in it that is not committed."""
    for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("FINFUZZ_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "checkout"
    (folder / "include" / "pybind11").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "one")
    git(folder, "commit", "-q", "--allow-empty", "-m", "not the headers")
    commit(folder, "two")
    git(folder, "checkout", "-q", "-b", "branch")
    commit(folder, "branched")
    commit(folder, "branched again")
    git(folder, "checkout", "-q", "main")
    git(folder, "merge", "-q", "--no-ff", "-m", "three", "branch")
    git(folder, "tag", "three")
    commit(folder, "four")
    git(folder, "commit", "-q", "--allow-empty", "-m", "not the headers either")
    (folder / "include" / "pybind11" / "pybind11.h").write_text("somebody's work")
    (folder / "new").touch()
    return folder


def git(folder: Path, *arguments: str) -> str:
    user = ("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", "-C", folder, *user, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(folder: Path, content: str) -> None:
    (folder / "include" / "pybind11" / "pybind11.h").write_text(content)
    git(folder, "add", "include")
    git(folder, "commit", "-q", "-m", content)
    git(folder, "tag", content.replace(" ", "-"))


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ("one", "four", ["one", "two", "three", "four"]),
        ("four", "one", ["one", "two", "three", "four"]),
        ("one", "HEAD", ["one", "two", "three", "four"]),
        ("two", "main~1", ["two", "three", "four"]),
    ],
)
def test_commits_between_are_those_that_change_the_headers(
    checkout: Path, good: str, bad: str, expected: list[str]
) -> None:
    repository = Repository(checkout, "include")
    found = repository.list_between(good, bad)
    assert [repository.read_subject(each) for each in found] == expected
    assert found[0] == git(checkout, "rev-parse", expected[0])


@pytest.mark.parametrize(
    ("good", "bad", "problem"),
    [
        ("four", "HEAD", "nothing between four and HEAD changes what is built"),
        ("one", "one", "nothing between one and one changes what is built"),
        ("one", "nowhere", r"git rev-parse in \S+checkout fails: fatal: Needed a single revision"),
        ("--all", "one", "git rev-parse in .* fails: "),
        ("four", "side", "four and side are not in one line: give a commit and a later one"),
    ],
)
def test_revisions_with_nothing_between_them(
    checkout: Path, good: str, bad: str, problem: str
) -> None:
    git(
        checkout,
        "branch",
        "side",
        git(checkout, "commit-tree", "-m", "side", "-p", "two", "two^{tree}"),
    )
    with pytest.raises(UserError, match=problem):
        Repository(checkout, "include").list_between(good, bad)


def test_a_merge_lists_what_it_brought_in(checkout: Path) -> None:
    """After the commit where the branch began; any other commit lists nothing."""
    repository = Repository(checkout, "include")
    found = repository.list_merged(repository.find_commit("three"))
    assert [repository.read_subject(each) for each in found] == [
        "two",
        "branched",
        "branched again",
    ]
    assert repository.list_merged(repository.find_commit("four")) == []
    assert repository.list_merged(repository.find_commit("one")) == []


def test_paths_that_do_not_count_are_left_out(checkout: Path) -> None:
    (checkout / "Doc").mkdir()
    (checkout / "Doc" / "index").touch()
    git(checkout, "add", "Doc")
    git(checkout, "commit", "-q", "-m", "documentation")
    with pytest.raises(UserError, match="nothing between four and HEAD changes what is built"):
        Repository(checkout, ":!Doc").list_between("four", "HEAD")


def test_files_that_the_repository_lacks(checkout: Path, tmp_path: Path) -> None:
    """A partial clone, say: whatever git prints is the problem."""
    blob = git(checkout, "rev-parse", "four:include/pybind11/pybind11.h")
    (checkout / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(UserError, match=r"git archive in \S+ fails: .*"):
        Repository(checkout).extract("four", tmp_path / "extracted")


def test_headers_are_those_of_the_commit_and_the_checkout_stays_as_it_is(checkout: Path) -> None:
    before = git(checkout, "status", "--porcelain"), git(checkout, "rev-parse", "HEAD")
    folder = Repository(checkout, "include").extract_files(
        git(checkout, "rev-parse", "two"), "include"
    )
    assert (folder / "include" / "pybind11" / "pybind11.h").read_text() == "two"
    assert (git(checkout, "status", "--porcelain"), git(checkout, "rev-parse", "HEAD")) == before
    assert before[0]


def test_commits_with_the_same_headers_share_a_folder(checkout: Path) -> None:
    repository = Repository(checkout, "include")
    one, same = (git(checkout, "rev-parse", each) for each in ("one", "one~0"))
    later = git(checkout, "rev-list", "--max-count=1", "--grep=not the headers$", "main")
    assert (
        repository.extract_files(one, "include")
        == repository.extract_files(same, "include")
        == repository.extract_files(later, "include")
    )


@pytest.mark.usefixtures("checkout")
def test_they_are_no_releases(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the cache is all there is to list releases from."""
    Repository(checkout, "include").extract_files(git(checkout, "rev-parse", "one"), "include")
    monkeypatch.setattr("finfuzz.targets.package_index.list_versions", lambda _: ())
    with pytest.raises(UserError, match="none is cached"):
        list_releases()


def test_a_commit_without_headers(checkout: Path) -> None:
    git(checkout, "rm", "-rqf", "include")
    git(checkout, "commit", "-q", "-m", "all gone")
    repository = Repository(checkout, "include")
    with pytest.raises(UserError, match=r"[0-9a-f]{40} in .*checkout has no include"):
        repository.extract_files(repository.find_commit("HEAD"), "include")


@pytest.mark.parametrize("name", ["nothing", "file"])
def test_no_repository(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=f"git rev-parse in {tmp_path}/{name} fails: fatal: "):
        Repository(tmp_path / name, "include")


def test_without_git(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match="git is not on PATH"):
        Repository(checkout, "include")
