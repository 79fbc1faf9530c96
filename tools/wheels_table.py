"""Write docs/wheels.md: what `finfuzz check` says of popular packages.

finfuzz check wheel:optree==0.20.0 --python 3.13.0 --json optree.json
python tools/wheels_table.py optree.json [more.json …]
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from finfuzz.check.results import Check, Row
from finfuzz.check.states import STATES, State
from finfuzz.report.check import explain
from finfuzz.report.markdown import Markdown, make_row, quote_code
from finfuzz.targets.spec import parse_target

PAGE = Path(__file__).resolve().parent.parent / "docs" / "wheels.md"

#: The letter of each state in the large table.
MARKS: dict[State, str] = {
    "survived": "·",
    "refuses": "r",
    "leaks": "l",
    "raises": "e",
    "breaks a rule": "b",
    "ends early": "**E**",
    "wrong answer": "**W**",
    "hangs": "**H**",
    "crashes": "**C**",
    "known": "k",
    "does not apply": "n/a",
    "not run": "-",
}

_HEAD = """\
# Wheels

*Written by `tools/wheels_table.py` from the results of `finfuzz check --json`, {date}.*

What [`finfuzz check`](check.md) says of {count} popular packages on CPython {python}: {bad} of them
crash, hang or answer wrongly in some scenario. Each package was installed from its wheels, and
checked with the recipe that finfuzz has for it. An exception at a second import or in a
subinterpreter is an honest answer; a crash is none, whatever the documentation says. The owner is
`extension` where no control crashes the same: the package, its framework or a dependency.

"""


class Checked(msgspec.Struct):
    """The file that `finfuzz check --json` writes."""

    checks: tuple[Check, ...]


def main() -> None:
    """Write the page."""
    if not sys.argv[1:]:
        sys.exit("wheels_table: error: no results given: name files of `finfuzz check --json`")
    read = (msgspec.json.decode(Path(one).read_bytes(), type=Checked) for one in sys.argv[1:])
    PAGE.write_text(render_page([check for one in read for check in one.checks]), encoding="utf-8")


def render_page(checks: Sequence[Check]) -> str:
    """Return the page: the packages, a table of all scenarios, and what went wrong."""
    head = _HEAD.format(
        date=max(check.date for check in checks),
        python=", ".join(sorted({check.python for check in checks})),
        count=len(checks),
        bad=sum(bool(check.bad) for check in checks),
    )
    return "\n".join([head.rstrip("\n"), "", *_list_packages(checks), *_list_scenarios(checks),
                      *_list_failures(checks)]) + "\n"  # fmt: skip


def name_package(check: Check) -> str:
    """Name a package as its pin does: `optree 0.20.0`."""
    pinned = check.pins[0] if check.pins else parse_target(check.target).package or check.target
    return pinned.replace("==", " ")


def _list_packages(checks: Sequence[Check]) -> Iterable[str]:
    states = [state for state in STATES if any(check.counts[state] for check in checks)]
    yield make_row("", "package", "made with", *states)
    yield "| --- |" + " --- |" * (len(states) + 2)
    for number, check in enumerate(checks, start=1):
        counts = [str(check.counts[state] or "") for state in states]
        made = ", ".join(check.frameworks) or "C API"
        yield make_row(str(number), name_package(check), made, *counts)


def _list_scenarios(checks: Sequence[Check]) -> Iterable[str]:
    used = [state for state in STATES if any(check.counts[state] for check in checks)]
    yield from ("", "## Every scenario", "")
    yield ", ".join(f"{MARKS[state]} {state}" for state in used) + "."
    yield ""
    yield make_row("scenario", *(str(number) for number in range(1, len(checks) + 1)))
    yield "| --- |" + " --- |" * len(checks)
    marks: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for number, check in enumerate(checks):
        for row in check.rows:
            marks[row.scenario][number] = MARKS[row.state]
    for scenario, found in marks.items():
        cells = [Markdown(found.get(number, "")) for number in range(len(checks))]
        yield make_row(quote_code(scenario), *cells)


def _list_failures(checks: Sequence[Check]) -> Iterable[str]:
    yield from ("", "## What went wrong", "")
    yield make_row("package", "scenarios", "outcome", "")
    yield "| --- | --- | --- | --- |"
    for check in checks:
        for text, rows in _group(check.bad).items():
            names = Markdown(", ".join(quote_code(row.scenario) for row in rows))
            cells = (name_package(check), names, rows[0].state, _shorten(text))
            yield make_row(*cells)


def _group(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Group scenarios that went wrong in the same way."""
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[explain(row)].append(row)
    return dict(groups)


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 400 else f"{text[:400]}…"


if __name__ == "__main__":
    main()
