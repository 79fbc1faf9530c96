from __future__ import annotations

import dataclasses

import pytest

from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.wheels import rank_wheel
from helpers.wheel_index import PLATFORM


@pytest.mark.parametrize(
    ("abiflags", "best_first", "others"),
    [
        (
            "",
            ["cp313-cp313", "cp313-abi3", "cp313-none", "cp39-abi3", "py3-none"],
            ["cp313-cp313d", "cp313-cp313t", "cp314-abi3", "cp27-cp27mu"],
        ),
        ("d", ["cp313-cp313d", "cp313-cp313", "cp39-abi3"], ["cp313-cp313t"]),
        ("t", ["cp313-cp313t", "cp313-none", "py3-none"], ["cp313-cp313", "cp39-abi3"]),
        ("td", ["cp313-cp313td", "cp313-cp313t"], ["cp313-cp313d", "cp313-cp313"]),
    ],
)
def test_wheels_of_one_release(
    interpreter: Interpreter, abiflags: str, best_first: list[str], others: list[str]
) -> None:
    kind = dataclasses.replace(interpreter, version=(3, 13, 5), abiflags=abiflags)
    ranks = [rank_wheel(f"a-1-{tag}-{PLATFORM}.whl", kind) for tag in best_first]
    assert ranks == sorted(set(ranks))
    last = rank_wheel("a-1.tar.gz", kind)
    assert {rank_wheel(f"a-1-{tag}-{PLATFORM}.whl", kind) for tag in others} == {last}
    assert last > ranks[-1]


def test_the_newest_platform_that_the_machine_has(interpreter: Interpreter) -> None:
    older = rank_wheel("a-1-py3-none-manylinux2014_x86_64.manylinux_2_5_x86_64.whl", interpreter)
    newer = rank_wheel("a-1-py3-none-manylinux2014_x86_64.manylinux_2_20_x86_64.whl", interpreter)
    future = rank_wheel("a-1-py3-none-manylinux_2_999_x86_64.whl", interpreter)
    assert newer < older < future
