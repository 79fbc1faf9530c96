"""`finfuzz steps`: print the language of programs."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from finfuzz.cli.group import cli
from finfuzz.program.reference import INTRODUCTION, tables
from finfuzz.support.terminal import DataConsole


@cli.command()
def steps() -> None:
    """Print the language of programs: all steps, their arguments, and where they are legal."""
    console = DataConsole()
    console.print(_render_code(INTRODUCTION))
    for each in tables():
        console.print(Text(f"\n{each.title}", style="bold"))
        if each.note:
            console.print(_render_code(each.note))
        table = Table(*each.columns, box=box.SIMPLE_HEAD, pad_edge=False)
        for row in each.rows:
            table.add_row(*map(_render_code, row))
        console.print(table)


def _render_code(text: str) -> Text:
    """Colour the `code` in a text and drop the backquotes."""
    parts = text.split("`")
    return Text.assemble(*((part, "cyan" if index % 2 else "") for index, part in enumerate(parts)))
