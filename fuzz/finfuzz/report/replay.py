"""Report a replay: a table for the terminal; JUnit, JSON and Markdown for other tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import junitparser
import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from finfuzz.replay.compare import Comparison
from finfuzz.replay.judge import SILENT, WORSE, Judgement, Result
from finfuzz.report import junit
from finfuzz.report.markdown import make_row, quote_code
from finfuzz.support.counting import count
from finfuzz.support.terminal import reveal_line

#: The letter of each judgement in the table, and its style: a table may have 24 columns.
_MARKS: dict[Judgement, tuple[str, str]] = {
    "as expected": ("·", "dim"),
    "fixed": ("F", "bold green"),
    "regressed": ("R", "bold red"),
    "failed": ("X", "bold red"),
    "changed": ("C", "bold yellow"),
    "flaky": ("~", "yellow"),
    "new here": ("n", "cyan"),
    "not comparable": ("/", "dim"),
    "not runnable": ("-", "dim"),
}
#: Columns of a terminal for a program's name, at least, and for a build.
_PROGRAM_WIDTH, _COLUMN_WIDTH = 30, 5
#: What follows the letter of a program that ran in part.
_PARTLY = "*"
#: Programs that ran in part and have a line without `--all`.
_MOST_SKIPPED = 20
#: Judgements that alone give a program no row in the table.
_QUIET: frozenset[Judgement] = frozenset({"as expected", "not comparable"})
#: Judgements that a person has to look at.
_NOTABLE: tuple[Judgement, ...] = ("regressed", "failed", "changed", "fixed", "flaky")


@dataclass(frozen=True)
class Replay:
    """All results, in the order of cases and builds. An interrupted replay is not ``complete``."""

    results: tuple[Result, ...]
    complete: bool = True

    @property
    def counts(self) -> Counter[Judgement]:
        return Counter(result.judgement for result in self.results)

    @property
    def worse(self) -> list[Result]:
        return [result for result in self.results if result.judgement in WORSE]

    @property
    def columns(self) -> list[tuple[str, str]]:
        return list(dict.fromkeys((one.target, one.python) for one in self.results))

    @property
    def rows(self) -> dict[str, dict[tuple[str, str], Result]]:
        found: dict[str, dict[tuple[str, str], Result]] = {}
        for one in self.results:
            found.setdefault(one.case, {})[one.target, one.python] = one
        return found

    @property
    def total(self) -> str:
        """The counts, `12 as expected, 1 regressed`, and whether the replay was interrupted."""
        counts = self.counts
        parts = [f"{counts[judgement]:,} {judgement}" for judgement in _MARKS if counts[judgement]]
        skipped = f"; {len(self.partial):,} with skipped steps" if self.partial else ""
        rest = "" if self.complete else " (interrupted: the rest was not run)"
        return ", ".join(parts) + skipped + rest

    @property
    def partial(self) -> list[Result]:
        """The results of programs that ran without some of their steps."""
        return [one for one in self.results if one.skipped and one.judgement not in SILENT]


def render_tables(replay: Replay, *, all_rows: bool, width: int) -> Iterator[Table]:
    """Yield tables with a row per program and a numbered column per build, none if there is no row.

    As many columns stand beside each other as fit into ``width``. Without ``all_rows``, rows are
    left out that are as expected wherever they say anything.
    """
    rows = {
        name: row
        for name, row in replay.rows.items()
        if all_rows or any(one.judgement not in _QUIET for one in row.values())
    }
    columns = list(enumerate(replay.columns, start=1))
    most = max(1, (width - _PROGRAM_WIDTH) // _COLUMN_WIDTH)
    for first in range(0, len(columns) if rows else 0, most):
        yield _make_table(rows, columns[first : first + most])


def _make_table(
    rows: dict[str, dict[tuple[str, str], Result]], columns: list[tuple[int, tuple[str, str]]]
) -> Table:
    rendered = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    rendered.add_column("program", overflow="fold")
    for number, _ in columns:
        rendered.add_column(str(number), justify="center", no_wrap=True)
    for name, row in rows.items():
        rendered.add_row(reveal_line(name), *(_render_mark(row.get(one)) for _, one in columns))
    return rendered


def render_legend(replay: Replay) -> Iterable[Text]:
    """Explain the numbers of the table's columns, and those letters that it uses."""
    for number, (target, python) in enumerate(replay.columns, start=1):
        line = reveal_line(f"{number:>3}  {target} on CPython {python}")
        yield Text(line, style="dim")
    used = [judgement for judgement in _MARKS if replay.counts[judgement]]
    told = [part for judgement in used for part in (_MARKS[judgement], f" {judgement}  ")]
    partly = [f"{_PARTLY} with skipped steps"] if replay.partial else []
    yield Text.assemble(*told, *partly)


def describe_notable(replay: Replay) -> Iterable[str]:
    """Yield a line for each result that a person has to look at."""
    for one in replay.results:
        if one.judgement in _NOTABLE:
            yield describe(one)


def describe_skipped(replay: Replay, all_rows: bool) -> Iterable[str]:
    """Yield a line for each program that ran in part, and only a hint where they are many."""
    if len(replay.partial) > _MOST_SKIPPED and not all_rows:
        yield f"skipped steps: of {len(replay.partial):,} programs; --all lists them"
        return
    for one in replay.partial:
        where = f"{one.case} on {one.target}, CPython {one.python}"
        yield reveal_line(f"skipped: {where}: {one.first_skipped}")


def describe(one: Result) -> str:
    """Describe a result in one line."""
    why = f" ({one.why})" if one.why else ""
    if one.judgement == "failed":
        why = " (no record that it survived there)"
    where = f"{one.case} on {one.target}, CPython {one.python}"
    outcome = f"{one.summary}, expected {_format_expected(one)}{why}"
    return reveal_line(f"{one.judgement}: {where}: {outcome}")


def to_junit(replay: Replay) -> str:
    """Write JUnit XML: a suite per build, a case per program."""
    suites: dict[str, list[junitparser.TestCase]] = {}
    for one in replay.results:
        name = f"{one.target} on CPython {one.python}"
        suites.setdefault(name, []).append(_make_testcase(one))
    return junit.write("finfuzz replay", suites)


def _make_testcase(one: Result) -> junitparser.TestCase:
    case = junit.make_case(one.case, f"{one.target}.{one.python}", one.seconds)
    outcome = f"{one.summary}, expected {_format_expected(one)}"
    if one.judgement in WORSE:
        junit.fail(case, outcome, one.judgement)
    elif one.judgement in SILENT:
        junit.skip(case, one.why)
    elif one.judgement in ("flaky", "fixed"):
        junit.note(case, f"{one.judgement}: {outcome}" + (f" ({one.why})" if one.why else ""))
    if one.skipped and one.judgement not in SILENT:
        junit.note(case, "\n".join(f"skipped: {line}" for line in one.skipped))
    return case


def to_json(replay: Replay, comparisons: Sequence[Comparison] = ()) -> bytes:
    """Write all results and their counts as JSON, with the differences if builds are compared."""
    document: dict[str, object] = {
        "complete": replay.complete,
        "counts": dict(replay.counts),
        "results": list(replay.results),
    }
    if comparisons:
        document["comparisons"] = [
            {"here": one.here, "there": one.there, "differences": one.differences}
            for one in comparisons
        ]
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def to_markdown(replay: Replay) -> str:
    """Write a comment for a pull request: the total, and a table of notable results."""
    worse = len(replay.worse)
    head = f"**{worse} worse than expected**" if worse else "**nothing worse than expected**"
    lines = [f"### finfuzz replay: {head}", "", replay.total, ""]
    notable = [one for one in replay.results if one.judgement in _NOTABLE]
    if notable:
        lines += ["| | program | build | seen | expected |", "| --- | --- | --- | --- | --- |"]
        lines += [_make_markdown_row(one) for one in notable] + [""]
    if replay.partial:
        lines += _list_skipped(replay.partial)
    return "\n".join(lines).rstrip() + "\n"


def _list_skipped(partial: Sequence[Result]) -> list[str]:
    """List programs that ran in part, folded away on GitHub."""
    results = count(len(partial), "result")
    rows = [
        make_row(quote_code(one.case), f"{one.target}, CPython {one.python}", one.first_skipped)
        for one in partial[:_MOST_SKIPPED]
    ]
    more = len(partial) - len(rows)
    return [
        f"<details><summary>{results} with skipped steps</summary>",
        "",
        "| program | build | skipped |",
        "| --- | --- | --- |",
        *rows,
        "",
        *([f"and {more:,} more", ""] if more else []),
        "</details>",
    ]


def _make_markdown_row(one: Result) -> str:
    build, expected = f"{one.target}, CPython {one.python}", _format_expected(one)
    return make_row(one.judgement, quote_code(one.case), build, one.summary, expected)


def _format_expected(one: Result) -> str:
    return ", ".join(one.expected or ()) or "survival"


def _render_mark(one: Result | None) -> Text:
    if one is None:
        return Text("")
    partly = _PARTLY if one.skipped and one.judgement not in SILENT else ""
    letter, style = _MARKS[one.judgement]
    return Text(letter + partly, style)
