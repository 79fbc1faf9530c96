"""Files whole or not at all, and folders that can be written in."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.support.files import ensure_directory, expand_home, write_whole


@pytest.mark.parametrize(
    ("content", "written"),
    [("text, é\n", "text, é\n".encode()), (b"\x00\xff", b"\x00\xff"), ("", b""), (b"", b"")],
)
def test_written_is_what_was_given(tmp_path: Path, content: str | bytes, written: bytes) -> None:
    path = tmp_path / "file"
    write_whole(path, content)
    assert path.read_bytes() == written
    assert os.listdir(tmp_path) == ["file"]


def test_anyone_may_read_what_is_written(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", "x")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


def test_who_has_the_old_file_open_keeps_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with path.open() as before:
        write_whole(path, "new, and longer")
        assert before.read() == "old"
    assert path.read_text() == "new, and longer"


def test_no_reader_ever_sees_a_part(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([letter]) * 100_000 for letter in b"abcd"]
    write_whole(path, contents[0])
    done = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for content in contents * 5:
            write_whole(path, content)
    finally:
        done.set()
        reader.join()
    assert seen
    assert seen <= set(contents)


def test_a_link_is_replaced_and_what_it_led_to_stays(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").read_text() == "new"
    assert (tmp_path / "target").read_text() == "old"


@pytest.mark.parametrize("content", ["new", "\ud800"])
def test_on_an_error_nothing_changes_and_nothing_is_left(tmp_path: Path, content: str) -> None:
    folder = tmp_path / "in-the-way"
    (folder / "full").mkdir(parents=True)
    with pytest.raises((OSError, UnicodeEncodeError)):
        write_whole(folder, content)
    assert os.listdir(tmp_path) == ["in-the-way"]
    assert os.listdir(folder) == ["full"]


def test_an_error_that_is_the_callers_leaves_the_old_content(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "file", "lone surrogate: \ud800")
    assert (tmp_path / "file").read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("path", ["new", "new/and/deep", ".", "there", "there/../there", "a b é"])
def test_a_folder_is_made_if_need_be(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    made = ensure_directory(Path(path), "findings")
    assert made == (tmp_path / path).resolve()
    assert made.is_dir()
    assert set(os.listdir(made)) <= {"there"}  # the trial left nothing


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("file", "File exists"),
        ("file/below", "Not a directory"),
        ("dangling", "File exists"),
        ("/proc/self", "No such file or directory"),
        ("/sys", "Operation not permitted"),
        ("/proc/finfuzz", "No such file or directory"),
        ("n" * 300, "File name too long"),
    ],
)
def test_where_nothing_can_be_written_is_one_line(
    tmp_path: Path, path: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "dangling").symlink_to("nowhere")
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(UserError) as caught:
        ensure_directory(Path(path), "findings")
    assert str(caught.value).startswith(f"can't write findings to {path}: ")
    assert str(caught.value).endswith(": give another folder")
    assert len(str(caught.value).splitlines()) == 1
    if not path.startswith("/"):
        assert reason in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == before


def test_a_path_in_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert expand_home("~/x") == Path("/home/me/x")
    assert expand_home("x/~") == Path("x/~")
    with pytest.raises(UserError, match=r"^~nosuchuser/x: there is no user nosuchuser here$"):
        expand_home("~nosuchuser/x")
