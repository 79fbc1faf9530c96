"""Repeated statements as a loop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.triage.repro.fold import fold_repeated

LIFE = ["i = start()", 'run(i, """', "    import x", '""")', "stop(i)"]


@pytest.mark.parametrize(
    ("lines", "folded"),
    [
        (LIFE * 40, ["for _ in range(40):", *(f"    {line}" for line in LIFE)]),
        (
            ["a()", *LIFE * 4, "b()"],
            ["a()", "for _ in range(4):", *(f"    {x}" for x in LIFE), "b()"],
        ),
        (LIFE * 3, LIFE * 3),
        (["gc.collect()"] * 4, ["for _ in range(4):", "    gc.collect()"]),
        # The lines are equal, but they are not statements of their own.
        (['run(i, """', *["    a"] * 5, '""")'], ['run(i, """', *["    a"] * 5, '""")']),
        (["if x:", *["    a()"] * 4], ["if x:", *["    a()"] * 4]),
        ([], []),
    ],
)
def test_fold(lines: list[str], folded: list[str]) -> None:
    assert fold_repeated(lines) == folded


@given(
    st.lists(st.sampled_from(["log('a')", "log('b')", "", "if True:\n    log('c')"]), max_size=30)
)
def test_a_loop_does_what_the_statements_did(statements: list[str]) -> None:
    lines = [line for statement in statements for line in statement.split("\n")]
    assert _run(fold_repeated(lines)) == _run(lines)


def _run(lines: list[str]) -> list[str]:
    said: list[str] = []
    exec("\n".join(lines), {"log": said.append})
    return said
