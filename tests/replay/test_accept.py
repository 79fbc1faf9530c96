"""Observed outcomes written into a program as its expectations."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.program.text import parse
from finfuzz.replay.accept import can_be_named, rewrite_expectations
from finfuzz.replay.expectations import find_expected
from finfuzz.targets.spec import TargetSpec, parse_target

GUARD, CAST, HANG = "SIGABRT/internals-recreated", "SIGABRT/cast-error", "HANG/hang"
RELEASES, PYTHONS = ("3.0.0", "3.0.1", "3.0.2", "3.1.0"), ("3.11.7", "3.12.1", "3.13.0")
POLICIES = ("released", "destroy")
BUILDS = [
    (parse_target(f"pybind11=={release}+{policy}"), python)
    for release, policy, python in product(RELEASES, POLICIES, PYTHONS)
]
STEPS = "node a container\nedge a a append\n"


def on(release: str = "", policy: str = "", python: str = "") -> set[tuple[TargetSpec, str]]:
    """Return the builds with these properties; an empty one matches any."""
    return {
        (spec, version)
        for spec, version in BUILDS
        if release in ("", spec.version)
        and policy in ("", str(spec.policy))
        and version.startswith(python)
    }


def after(before: str, seen: dict[str, set[tuple[TargetSpec, str]]], tmp_path: Path) -> list[str]:
    """Return a program's comments after the outcomes in ``seen`` were accepted."""
    path = tmp_path / "program.fin"
    path.write_text(f"finfuzz 1\n{before}{STEPS}")
    cells = {
        build: frozenset(what for what, builds in seen.items() if build in builds)
        for build in BUILDS
    }
    changed = rewrite_expectations(path, cells)
    text = path.read_text()
    assert changed is (text != f"finfuzz 1\n{before}{STEPS}")
    assert text.endswith(f"\n{STEPS}")
    for (spec, python), whats in cells.items():
        assert find_expected(parse(text), spec, python) == whats
    assert not rewrite_expectations(path, cells)  # it says it now
    return [line for line in text.splitlines() if line.startswith("#")]


@pytest.mark.parametrize(
    ("before", "seen", "lines"),
    [
        ("", {}, []),
        (
            "# why\n",
            {GUARD: on("3.1.0", "destroy")},
            ["# why", f"# expect: {GUARD} on pybind11>=3.1.0+destroy"],
        ),
        (
            f"# why\n# expect: {GUARD} on pybind11>=3.0.2+destroy\n",
            {
                GUARD: on("3.0.2", "destroy") | on("3.1.0", "destroy"),
                CAST: on("3.0.0", "destroy") | on("3.0.1", "destroy"),
            },
            [
                "# why",
                f"# expect: {GUARD} on pybind11>=3.0.2+destroy",
                f"# expect: {CAST} on pybind11<=3.0.1+destroy",
            ],
        ),
        (f"# expect: {GUARD} on pybind11+destroy\n", {}, []),
        (
            f"# expect: {HANG} on pybind11, python<3.12\n",
            {HANG: on(python="3.11")},
            [f"# expect: {HANG} on pybind11, python<3.12"],
        ),
        (
            "# expect: SIGSEGV/none on plain-c\n",
            {GUARD: on("3.0.1", "released", "3.12")},
            [
                "# expect: SIGSEGV/none on plain-c",
                f"# expect: {GUARD} on pybind11>=3.0.1,<=3.0.1+released, python>=3.12,<3.13",
            ],
        ),
        (
            "",
            {GUARD: on("3.0.0", "destroy") | on("3.1.0", "destroy")},
            [
                f"# expect: {GUARD} on pybind11<=3.0.0+destroy",
                f"# expect: {GUARD} on pybind11>=3.1.0+destroy",
            ],
        ),
    ],
    ids=["survives", "new", "beside", "wrong", "right", "another target", "not in between"],
)
def test_cases(
    before: str, seen: dict[str, set[tuple[TargetSpec, str]]], lines: list[str], tmp_path: Path
) -> None:
    assert after(before, seen, tmp_path) == lines


@given(st.dictionaries(st.sampled_from([GUARD, CAST, HANG]), st.sets(st.sampled_from(BUILDS))))
def test_whatever_was_seen_is_what_is_expected_then(
    tmp_path_factory: pytest.TempPathFactory, seen: dict[str, set[tuple[TargetSpec, str]]]
) -> None:
    before = f"# expect: {GUARD} on pybind11>=3.0.2+destroy\n# expect: {HANG} on python<3.12\n"
    after(before, seen, tmp_path_factory.mktemp("accept"))


def test_what_newer_ones_do_is_taken_to_be_the_same(tmp_path: Path) -> None:
    path = tmp_path / "program.fin"
    path.write_text(f"finfuzz 1\n{STEPS}")
    rewrite_expectations(
        path, {build: frozenset({GUARD} if build in on("3.1.0") else ()) for build in BUILDS}
    )
    program = parse(path.read_text())
    assert find_expected(program, parse_target("pybind11==3.2.0"), "3.14.0") == {GUARD}
    assert find_expected(program, parse_target("plain-c"), "3.14.0") == frozenset()


def test_what_two_releases_do_together_is_not_written_down(tmp_path: Path) -> None:
    path = tmp_path / "program.fin"
    path.write_text(f"finfuzz 1\n{STEPS}")
    mixed = parse_target("pybind11==3.0.1,3.0.2+hold")
    assert not rewrite_expectations(path, {(mixed, "3.13.0"): frozenset({GUARD})})


def test_a_checkout_is_newer_than_every_release(tmp_path: Path) -> None:
    """README's own example recorded nothing, and the next replay failed again."""
    path = tmp_path / "program.fin"
    path.write_text(f"finfuzz 1\n{STEPS}")
    release, checkout = parse_target("pybind11==3.1.0"), TargetSpec("pybind11", path=Path("/x"))
    seen = {(release, "3.13.0"): frozenset[str](), (checkout, "3.13.0"): frozenset({GUARD})}
    assert rewrite_expectations(path, seen)
    assert f"# expect: {GUARD} on pybind11>=999+released\n" in path.read_text()
    for (spec, python), outcomes in seen.items():
        assert find_expected(parse(path.read_text()), spec, python) == outcomes


@pytest.mark.parametrize(
    "target",
    ["plain-c", "stdlib:json", "pybind11==3.1.0{DETAILED_ERRORS}", "pybind11==3.0.1,3.1.0"],
)
def test_of_what_no_condition_can_name_nothing_is_written(target: str, tmp_path: Path) -> None:
    """A line on a package could not be read again: the program was not runnable any more."""
    path = tmp_path / "program.fin"
    path.write_text(f"finfuzz 1\n{STEPS}")
    spec = parse_target(target)
    assert not can_be_named(spec)
    assert not rewrite_expectations(path, {(spec, "3.13.0"): frozenset({GUARD})})


@pytest.mark.parametrize(
    ("seen", "lines"),
    [
        (["3.13.0"], ["python<3.13.18"]),
        (["3.13.0", "3.13.18"], ["python<3.14"]),
        (["3.13.18", "3.14.10"], ["python>=3.13.18"]),
        (["3.14.10d"], ["python+debug"]),
        (["3.14.10", "3.14.10d"], ["python+debug", "python>=3.14+release"]),
    ],
)
def test_patch_releases_and_builds_are_told_apart(
    seen: list[str], lines: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "program.fin"
    path.write_text(f"finfuzz 1\n{STEPS}")
    pythons = ["3.13.0", "3.13.18", "3.14.10"]
    if "3.14.10d" in seen:
        pythons.append("3.14.10d")
    spec = parse_target("pybind11==3.1.0+released")
    rewrite_expectations(
        path, {(spec, one): frozenset({GUARD} if one in seen else ()) for one in pythons}
    )
    expected = [f"# expect: {GUARD} on pybind11+released, {one}" for one in lines]
    assert [one for one in path.read_text().splitlines() if one.startswith("#")] == expected


@pytest.mark.parametrize(
    ("before", "seen", "after"),
    [
        # beside a step, and beside the version
        (f"finfuzz 1\nimport  # expect: {HANG} on pybind11\n", (), "finfuzz 1\nimport\n"),
        (f"finfuzz 1 # expect: {HANG} on pybind11\nimport\n", (), "finfuzz 1\nimport\n"),
        (f"finfuzz 1\n  # expect: {HANG} on pybind11\nimport\n", (), "finfuzz 1\nimport\n"),
        (
            f"finfuzz 1\nimport  # expect: {HANG} on pybind11\n",
            (GUARD,),
            f"finfuzz 1\n# expect: {GUARD} on pybind11+released\nimport\n",
        ),
        # another comment stays
        ("finfuzz 1\nimport  # why\n", (), "finfuzz 1\nimport  # why\n"),
        # a byte-order mark stays first
        (
            "\ufefffinfuzz 1\nimport\n",
            (GUARD,),
            f"\ufefffinfuzz 1\n# expect: {GUARD} on pybind11+released\nimport\n",
        ),
        (
            f"\ufeff# expect: {HANG} on pybind11\nfinfuzz 1\nimport\n",
            (),
            "\ufefffinfuzz 1\nimport\n",
        ),
        # no step, and no line feed at the end
        ("finfuzz 1", (GUARD,), f"finfuzz 1\n# expect: {GUARD} on pybind11+released"),
        ("finfuzz 1\n", (GUARD,), f"finfuzz 1\n# expect: {GUARD} on pybind11+released\n"),
    ],
)
def test_lines_are_removed_and_put_where_they_are_read(
    before: str, seen: tuple[str, ...], after: str, tmp_path: Path
) -> None:
    path = tmp_path / "program.fin"
    path.write_text(before)
    spec = parse_target("pybind11==3.1.0+released")
    changed = rewrite_expectations(path, {(spec, "3.13.0"): frozenset(seen)})
    assert (path.read_text(), changed) == (after, after != before)
    assert find_expected(parse(after), spec, "3.13.0") == frozenset(seen)
