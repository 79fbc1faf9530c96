"""Each word that Cython's extension offers has its effect, in the main interpreter and in others."""

from collections.abc import Iterator

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.executor.zygote import Executor
from finfuzz.program.scope import effective
from finfuzz.program.text import parse
from finfuzz.program.words import ACTION, HOOK, KIND, ROOT
from finfuzz.targets.build import build
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target


@pytest.fixture(
    scope="module",
    params=[
        "cython==3.3.1",
        *(
            pytest.param(target, marks=pytest.mark.slow)
            for target in (
                "cython==3.0.12",
                "cython==3.1.0+module-state",
                "cython==3.3.1+module-state",
                "cython==3.3.1+single-phase",
            )
        ),
    ],
)
def executor(request: pytest.FixtureRequest, python: Interpreter) -> Iterator[Executor]:
    with Executor(build(parse_target(request.param), python), Limits(deadline=20)) as running:
        yield running


def list_kinds(executor: Executor) -> list[str]:
    offers = executor.build.offers
    return [text for text in offers.list_texts(KIND) if offers.has(KIND, text)]


def use_kind(executor: Executor, kind: str) -> list[str]:
    """Return steps with all edges and hooks of a kind."""
    offers = executor.build.offers
    steps = [f"node a {kind}", "node b container"]
    for edge in offers.edges_from[kind]:
        if offers.takes(edge, "container"):
            steps += [f"edge a b {edge}"] * 2
    steps += [
        f"hook a {hook} plain" for hook in offers.hooks_of[kind] if offers.has(HOOK, hook)
    ]
    return [*steps, "drop b", "root a sys", "drop a", "collect"]


def check_survival(executor: Executor, steps: list[str]) -> None:
    """Check that each step has its effect and that the process ends as a script ends."""
    program = parse("\n".join(["finfuzz 1", *steps]))
    version = executor.build.interpreter.version[:2]
    effects = len(effective(program, version, offers=executor.build.offers))
    outcome = executor.run(program)
    assert outcome.took == (effects, len(program) - effects, 0), f"{steps}\n{outcome.stderr}"
    assert outcome.exit_code == 0, f"{steps}\n{outcome}"


def test_every_kind(executor: Executor) -> None:
    for kind in list_kinds(executor):
        check_survival(executor, use_kind(executor, kind))
