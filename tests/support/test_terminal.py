"""What data can do to a terminal: nothing. And that there is no other way to one."""

from __future__ import annotations

import ast
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress, TextColumn
from rich.table import Table
from rich.text import Text

import finfuzz
from finfuzz.support.terminal import DataConsole, reveal, reveal_line, say, say_line

SHOWN = [
    ("plain text\twith a tab\n", "plain text\twith a tab\n"),
    ("\x1b[2J\x1b]0;title\x07", "␛[2J␛]0;title␇"),
    ("\x9b31m", "⟨U+009B⟩31m"),
    ("a\rb", "a␍b"),
    ("lines\r\nof DOS\r\n", "lines\nof DOS\n"),
    ("\x7f", "␡"),
    ("\u202etxt.exe", "⟨U+202E⟩txt.exe"),
    ("\udcff", "⟨U+DCFF⟩"),
    ("é, ≤ and 漢", "é, ≤ and 漢"),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_hidden_characters_are_spelled_out(text: str, shown: str) -> None:
    assert reveal(text) == shown


@given(st.text(alphabet=st.characters(), max_size=60))
def test_nothing_that_is_shown_is_hidden(text: str) -> None:
    assert reveal(reveal(text)) == reveal(text)
    assert not any(char < " " and char not in "\t\n" for char in reveal(text))


def test_say_prints_what_it_reveals(capsys: pytest.CaptureFixture[str]) -> None:
    say("out \x1b[31m")
    say("err \x1b[31m", err=True)
    assert capsys.readouterr() == ("out ␛[31m\n", "err ␛[31m\n")


def test_one_line_stays_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A line feed in data made a line of its own: a forged total, a command to GitHub's log."""
    assert reveal_line("a\r\nb\n") == "a␊b␊"
    say_line("seen\n::error::forged")
    assert capsys.readouterr().out == "seen␊::error::forged\n"


def open_terminal() -> DataConsole:
    """A terminal of 60 columns that keeps what it gets."""
    return DataConsole(file=io.StringIO(), force_terminal=True, width=60)


def print_on_terminal(thing: object) -> str:
    console = open_terminal()
    console.print(thing)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_data_is_no_markup_and_commands_nothing() -> None:
    table = Table("a [/b] column")
    table.add_row("x[/b].fin \x1b]0;title\x1b\\ ...")
    shown = print_on_terminal(table)
    assert "x[/b].fin ␛]0;title␛\\" in shown
    assert "\x1b]" not in shown


def test_without_a_terminal_a_cell_is_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """`finfuzz sweep | cat` broke cells at 80 columns: no line could be searched for."""
    monkeypatch.setenv("COLUMNS", "40")
    console = DataConsole(file=io.StringIO())
    cell = "one cell of many words " * 20
    table = Table("column", "another")
    table.add_row(cell, cell)
    console.print(table)
    console.print(f"a line: {cell}")
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert sum(line.count(cell.strip()) for line in shown.splitlines()) == 3
    assert max(map(len, shown.splitlines())) < 1000


def test_what_a_terminal_has_no_room_for_has_a_mark() -> None:
    table = Table("column")
    table.add_row("w" * 100)
    assert "www…" in print_on_terminal(table)


def test_styles_of_ours_stay() -> None:
    assert "\x1b[31m" in print_on_terminal(Text("red", style="red"))


def test_a_bar_moves_although_its_text_is_data() -> None:
    console = open_terminal()
    with Progress(TextColumn("{task.description}", markup=False), console=console) as bar:
        bar.add_task("[/b] \x1b]0;title...")
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[/b] ␛]0;title" in shown
    assert "\x1b[?25l" in shown  # hides the cursor: rich's own command


def test_there_is_no_other_way_to_a_terminal() -> None:
    """All but the child's files, which run under other Pythons, and the scripts' texts."""
    root = Path(finfuzz.__file__).parent
    files = [path for path in root.rglob("*.py") if "child" not in path.parts]
    others = [
        f"{path.relative_to(root)}:{call.lineno}"
        for path in files
        if path != root / "support/terminal.py"
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and _prints(call)
    ]
    assert others == []


def _prints(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    return name in (
        "print",
        "click.echo",
        "click.secho",
        "Console",
        "rich.print",
        "sys.stdout.write",
    )
