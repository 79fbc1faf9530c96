"""A finding as text for a tracker: it can be pasted as it is, whatever a process wrote."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from finfuzz.report.issue import Here, write_issue
from finfuzz.support.errors import UserError
from finfuzz.triage.findings.attribution import Attribution
from finfuzz.triage.findings.escalation import Escalation
from finfuzz.triage.findings.finding import Finding, StackFrame, list_folders, load
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.findings.save import save
from helpers.finding_example import finding
from helpers.places import CRASHES

HERE = Here("c++ 12.2.0", "Debian GNU/Linux 12, x86_64")
GOLDEN = Path(__file__).with_name("issue.md")


def issue(folder: Path, made: Finding, script: str = "print()\n") -> str:
    return write_issue(made, save(folder, made, {"repro.py": script}), "1.2.3", HERE)


def test_all_parts(tmp_path: Path) -> None:
    target = replace(finding().target, compiler="g++ 14", executable="/home/me/bin/python3.13")
    made = finding(target=target, stack=(*finding().stack, StackFrame("libc.so.6", 1, "main")))
    assert issue(tmp_path, made) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", list_folders(CRASHES), ids=lambda one: one.name)
def test_shipped_findings_have_no_path_of_a_machine(folder: Path) -> None:
    made = load(folder)
    text = write_issue(made, folder, "1.2.3", HERE)
    assert made.title in text
    assert "/root/" not in text
    assert "/home/" not in text
    assert (folder / "repro.py").read_text() in text
    assert len(text) < 65536  # what GitHub takes


def test_no_file_beside_the_script_is_published(tmp_path: Path) -> None:
    made = finding()
    folder = save(tmp_path, made, {"repro.py": "print()\n"})
    (tmp_path / "key").write_text("of the user")
    (folder / "helper.py").symlink_to(tmp_path / "key")
    assert "of the user" not in write_issue(made, folder, "1.2.3", HERE)
    (folder / "extension.cpp").symlink_to(tmp_path / "key")
    with pytest.raises(UserError, match="is a link"):
        write_issue(made, folder, "1.2.3", HERE)


def test_no_script_shows_it(tmp_path: Path) -> None:
    text = issue(tmp_path, finding(script=Rate(0, 0)))
    assert "| script | none, only finfuzz sees it |" in text
    assert "No script shows it. The program, for `finfuzz exec`:" in text
    assert "10 of 10 runs of finfuzz's driver" in text


def test_places_of_a_checkout_are_to_be_filled_in(tmp_path: Path) -> None:
    target = replace(finding().target, spec="pybind11@/srv/me/pybind11+destroy", version=None)
    text = issue(tmp_path, finding(target=target), '"""in /srv/me/pybind11, /home/you/x"""\n')
    assert '"""in /path/to/pybind11, /path/to/x"""' in text
    assert "/srv/me" not in text


@pytest.mark.parametrize("venv", ["~/project/.venv", "/srv/my project/.venv", "/opt/é/venv"])
def test_the_place_of_an_environment_is_to_be_filled_in(venv: str, tmp_path: Path) -> None:
    """A finding on `module:` names the Python that has the module (issue 21)."""
    target = replace(finding().target, spec="module:mine", executable=f"{venv}/bin/python3.13")
    script = f"#!/usr/bin/env python3\nThe module mine, as installed in {venv}/bin/python3.13.\n"
    text = issue(tmp_path, finding(target=target), script)
    assert "#!/usr/bin/env python3\nThe module mine, as installed in /path/to/python3.13." in text
    assert venv not in text
    assert "project" not in text


def test_a_long_source_is_to_be_attached(tmp_path: Path) -> None:
    text = issue(tmp_path, finding(), "#" * 60_000 + "\n")
    assert "`repro.py`: 60,001 characters, attached." in text
    assert len(text) < 10_000


#: Each would do something if it were not quoted as text.
HOSTILE = (
    "\n```\n# free\n",
    "\n~~~~~~\n</details>\n",
    "`` ` ``` ````````",
    "@everyone #1 org/repo#2 GH-3",
    "<script>alert(1)</script><img src=x onerror=y>",
    "[a](http://b) ![c](http://d) http://e www.f.com :tada:",
    "| a | b |\n| --- | --- |\n\n\n# free",
    "\x1b[2J\u202e\udcff\r\n\x00",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_others_stays_text(tmp_path: Path, text: str) -> None:
    made = finding(
        detail=text,
        stack=(StackFrame(text, 1, text, text),),
        frames=(text,),
        fault=text,
        target=replace(finding().target, compiler=text, system=text, pins=(text,)),
        attribution=Attribution("unknown", text, "", "", (text,), (), "", text, text),
        escalation=(Escalation(text, "done", text),),
    )
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "repro.py").write_text(f"# {text}\n", encoding="utf-8", errors="replace")
    written = write_issue(made, folder, "1.2.3", HERE)
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(written)
    heads = [after.content for head, after in pairwise(tokens)
             if head.type == "heading_open"]  # fmt: skip
    assert heads[1:] == ["Script", "Instruments", "Stack", "Controls"]
    inline = [child for token in tokens for child in token.children or ()]
    plain = "".join(child.content for child in inline if child.type == "text")
    assert {child.type for child in inline} <= {"text", "code_inline", "softbreak"}
    assert not {token.type for token in tokens} & {"html_block", "blockquote_open", "hr"}
    for mark in ("@", "#", "<", "http", "www.", "GH-", ":t", "\x1b", "\u202e"):
        assert mark not in plain
