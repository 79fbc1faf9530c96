"""Targets that can't be built, by CPython and release: refused with a line before any compiler."""

import dataclasses

import pytest

from finfuzz.support.cpythons import parse_version
from finfuzz.support.errors import UserError
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.requirements import require_buildable
from finfuzz.targets.spec import parse_target


@pytest.mark.parametrize(
    ("target", "python", "flags", "said"),
    [
        ("nanobind==3.1.0+abi3", "3.11.7", "", r"\+abi3 takes 3.12 or later: give another --py"),
        ("nanobind==3.1.0+abi3", "3.13.0", "t", r"3.13.0t: a free-threaded build has no limited"),
        ("nanobind==2.15.0+split", "3.13.0", "", r"\+split came with nanobind 3.0.0"),
        ("cython==3.0.12+module-state", "3.13.0", "", r"\+module-state came with cython 3.1.0"),
        ("plain-c+abi3", "3.14.0", "t", r"plain-c\+abi3 can't be built for CPython 3.14.0t"),
        ("nanobind==3.1.0+abi3", "3.12.1", "", ""),
        ("nanobind@/checkout+split", "3.13.0", "", ""),
        ("cython==3.3.1+module-state", "3.13.0", "t", ""),
        ("plain-c+single-phase", "3.9.1", "", ""),
    ],
)
def test_refusals(
    target: str, python: str, flags: str, said: str, interpreter: Interpreter
) -> None:
    other = dataclasses.replace(
        interpreter, version=parse_version(python), text=python + flags, abiflags=flags
    )
    spec = parse_target(target)
    if said:
        with pytest.raises(UserError, match=said):
            require_buildable(spec, other)
    else:
        require_buildable(spec, other)
