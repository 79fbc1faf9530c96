"""Write docs/cpython-table.md: what the corpus does on each CPython of a machine.

finfuzz replay corpus --matrix --target plain-c --target pybind11+released --json results.json
python tools/cpython_table.py results.json [more.json …]
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import msgspec

from finfuzz.replay.judge import Result
from finfuzz.targets.spec import parse_target
from finfuzz.triage.findings.known import load_shipped

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cpython-table.md"

_HEAD = """\
# The corpus on each CPython

*Written by `tools/cpython_table.py` from the results of `finfuzz replay corpus --matrix`.*

Every program of `corpus/` states in comments how it ends, and where. The first table counts how
many do end so. `d`: a debug build; `t`: a free-threaded one. `call-once-in-two-lives` uses freed
memory: which of two outcomes it has is the heap's doing.

"""

_DIFFER = """
## {target}: where CPythons differ

Outcomes that their programs don't have on every CPython. A known defect stands where one has this
diagnostic on all of the CPythons, and is on none where the programs survive. Other defects are in
[what was found](found.md).

"""


class Replayed(msgspec.Struct):
    """The file that `finfuzz replay --json` writes, as far as it is needed here."""

    results: tuple[Result, ...]


def main() -> None:
    """Write the page. Each file has results of its own: of CPythons that are not on PATH, say."""
    if not sys.argv[1:]:
        sys.exit("cpython_table: error: no results given: name files of `finfuzz replay --json`")
    read = (msgspec.json.decode(Path(one).read_bytes(), type=Replayed) for one in sys.argv[1:])
    results = [result for one in read for result in one.results]
    PAGE.write_text(render_page(results), encoding="utf-8")


def render_page(results: Sequence[Result]) -> str:
    """Return the page: a count for each build, then what differs between the CPythons."""
    targets = list(dict.fromkeys(one.target for one in results))
    pythons = list(dict.fromkeys(one.python for one in results))
    lines = [_HEAD, f"| CPython | {' | '.join(f'`{target}`' for target in targets)} |\n"]
    lines.append("| --- |" + " --- |" * len(targets) + "\n")
    for python in pythons:
        cells = (
            count_judgements(one for one in results if (one.target, one.python) == (target, python))
            for target in targets
        )
        lines.append(f"| {python} | {' | '.join(cells)} |\n")
    for target in targets:
        lines += _render_differences([one for one in results if one.target == target])
    return "".join(lines)


def count_judgements(results: Iterable[Result]) -> str:
    """Count the results of one build: `161 as expected; fixed: NAME (survived)`."""
    counts, notable = Counter[str](), []
    for one in results:
        counts[one.judgement] += 1
        if one.judgement != "as expected":
            notable.append(f"{one.judgement}: `{one.case}` ({one.summary})")
    return "; ".join([f"{counts['as expected']} as expected", *notable])


def _render_differences(results: Sequence[Result]) -> list[str]:
    """Render the outcomes of one target that not all CPythons have, with their programs."""
    groups = group_differences(results)
    if not groups:
        return []
    target = results[0].target
    lines = [_DIFFER.format(target=f"`{target}`")]
    lines.append("| outcome | on | programs | known defect |\n| --- | --- | --- | --- |\n")
    for (outcome, affected), cases in groups.items():
        names = ", ".join(f"`{case}`" for case in cases)
        survive = {one.python for one in results if one.case in cases and not one.seen}
        why = find_reason(outcome, target, affected, survive)
        lines.append(f"| {outcome} | {', '.join(affected)} | {names} | {why} |\n")
    return lines


def group_differences(
    results: Iterable[Result],
) -> dict[tuple[str, tuple[str, ...]], list[str]]:
    """Group the programs of one target by an outcome and the CPythons that have it.

    Leave out outcomes that a program has on all CPythons, and survival.
    """
    affected: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    pythons: defaultdict[str, set[str]] = defaultdict(set)
    for one in results:
        pythons[one.case].add(one.python)
        for outcome in one.seen:
            affected[outcome, one.case].append(one.python)
    groups: defaultdict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (outcome, case), where in affected.items():
        if set(where) != pythons[case]:
            groups[outcome, tuple(where)].append(case)
    return dict(groups)


def find_reason(
    outcome: str, target: str, affected: Collection[str], survive: Collection[str]
) -> str:
    """Link the known defects with this diagnostic on the affected CPythons, but not on survivors.

    Defects that their message identifies come before those that only a frame does, which a result
    does not have.
    """
    spec, diagnostic = parse_target(target), outcome.partition("/")[2]
    found = [
        entry
        for entry in load_shipped()
        if survive
        and diagnostic in entry.diagnostics
        and all(entry.is_expected_on(spec, one) for one in affected)
        and not any(entry.is_expected_on(spec, one) for one in survive)
    ]
    named = [entry for entry in found if entry.by_message] or found
    return ", ".join(f"[{entry.link.rpartition('/')[2]}]({entry.link})" for entry in named)


if __name__ == "__main__":
    main()
