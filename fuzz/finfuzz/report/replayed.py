"""What a replay saw: a table for people, JUnit, JSON and Markdown for what they use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import junitparser
import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from finfuzz.replay.judge import WORSE, Result, What

#: A letter for a column that may be one of 24, and what it looks like.
_MARKS: dict[What, tuple[str, str]] = {
    "as expected": ("·", "dim"),
    "fixed": ("F", "bold green"),
    "regressed": ("R", "bold red"),
    "changed": ("C", "bold yellow"),
    "flaky": ("~", "yellow"),
    "new here": ("n", "cyan"),
    "not runnable": ("-", "dim"),
}


@dataclass(frozen=True)
class Replay:
    """Results in the order of their cases and builds. ``complete``: nothing was left out."""

    results: tuple[Result, ...]
    complete: bool = True

    @property
    def counts(self) -> Counter[What]:
        return Counter(result.what for result in self.results)

    @property
    def worse(self) -> list[Result]:
        return [result for result in self.results if result.what in WORSE]

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
        """`12 as expected, 1 regressed`, and whether that is all."""
        parts = [f"{self.counts[what]:,} {what}" for what in _MARKS if self.counts[what]]
        return ", ".join(parts) + ("" if self.complete else " (interrupted: the rest was not run)")


def table(replay: Replay, *, all_rows: bool) -> Table:
    """A row a program, a column a build, by number; without ``all_rows`` those that stand out."""
    columns = replay.columns
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("program", overflow="fold")
    for number, _ in enumerate(columns, start=1):
        shown.add_column(str(number), justify="center", no_wrap=True)
    for name, row in replay.rows.items():
        if all_rows or any(one.what != "as expected" for one in row.values()):
            shown.add_row(name, *(_mark(row.get(column)) for column in columns))
    return shown


def legend(replay: Replay) -> Iterable[Text]:
    """What the numbers and letters of the table mean, as far as it has them."""
    for number, (target, python) in enumerate(replay.columns, start=1):
        yield Text(f"{number:>3}  {target} on CPython {python}", style="dim")
    used = [what for what in _MARKS if replay.counts[what]]
    yield Text.assemble(*(part for what in used for part in ((_MARKS[what]), f" {what}  ")))


def standing_out(replay: Replay) -> Iterable[str]:
    """A line for each result that a person has to look at."""
    for one in replay.results:
        if one.what in ("as expected", "not runnable", "new here"):
            continue
        yield told(one)


def told(one: Result) -> str:
    """A line for a result."""
    why = f" ({one.why})" if one.why else ""
    where = f"{one.case} on {one.target}, CPython {one.python}"
    return f"{one.what}: {where}: {one.told}, expected {_expected(one)}{why}"


def junit(replay: Replay) -> str:
    """A suite per build, a case per program."""
    document = junitparser.JUnitXml("finfuzz replay")
    for target, python in replay.columns:
        suite = junitparser.TestSuite(f"{target} on CPython {python}")
        for one in replay.results:
            if (one.target, one.python) == (target, python):
                suite.add_testcase(_testcase(one))
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    text: bytes = document.tostring()  # type: ignore[no-untyped-call]
    return text.decode()


def _testcase(one: Result) -> junitparser.TestCase:
    case = junitparser.TestCase(one.case, f"{one.target}.{one.python}", round(one.seconds, 4))
    expected = _expected(one)
    if one.what in WORSE:
        case.result = [junitparser.Failure(f"{one.told}, expected {expected}", one.what)]
    elif one.what == "not runnable":
        case.result = [junitparser.Skipped(one.why)]
    elif one.what in ("flaky", "fixed"):
        case.system_out = f"{one.what}: {one.told}, expected {expected} {one.why}".rstrip()
    return case


def as_json(replay: Replay) -> bytes:
    """All results, with the totals."""
    document = {
        "complete": replay.complete,
        "counts": dict(replay.counts),
        "results": list(replay.results),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def markdown(replay: Replay) -> str:
    """For a comment on a pull request: the total, and what stands out."""
    worse = len(replay.worse)
    head = f"**{worse} worse than expected**" if worse else "**nothing worse than expected**"
    lines = [f"### finfuzz replay: {head}", "", replay.total, ""]
    notable = [
        one for one in replay.results if one.what in ("regressed", "changed", "fixed", "flaky")
    ]
    if notable:
        lines += ["| | program | build | seen | expected |", "| --- | --- | --- | --- | --- |"]
        lines += [_markdown_row(one) for one in notable]
    return "\n".join(lines).rstrip() + "\n"


def _markdown_row(one: Result) -> str:
    expected = _expected(one)
    cells = (one.what, f"`{one.case}`", f"{one.target}, CPython {one.python}", one.told, expected)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _expected(one: Result) -> str:
    return ", ".join(one.expected or ()) or "survival"


def _mark(one: Result | None) -> Text:
    return Text("") if one is None else Text(*_MARKS[one.what])


def differing(
    replay: Replay, one: Sequence[str], other: Sequence[str]
) -> list[tuple[Result, Result]]:
    """What programs did on two builds, given as (target, CPython), where they ended otherwise."""
    pairs = [
        (row.get((one[0], one[1])), row.get((other[0], other[1]))) for row in replay.rows.values()
    ]
    return [(a, b) for a, b in pairs if a is not None and b is not None and a.told != b.told]
