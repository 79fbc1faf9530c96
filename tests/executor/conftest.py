import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.executor.limits import Limits
from finfuzz.executor.outcome import Outcome
from finfuzz.executor.zygote import Executor
from finfuzz.program.model import Program
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build, build
from finfuzz.targets.pick import pick_interpreter
from finfuzz.targets.spec import parse_target

Fake = Callable[[str], Build]
Run = Callable[..., Outcome]


@pytest.fixture(scope="session")
def plain_c() -> Build:
    """The control on the newest CPython that extensions can be compiled for."""
    try:
        python = pick_interpreter(None)
    except UserError as error:
        pytest.skip(str(error))
    return build(parse_target("plain-c"), python)


@pytest.fixture
def fake(plain_c: Build, tmp_path: Path) -> Fake:
    """Makes a build whose extension is written in Python, so that it can do what it likes.

    The real one is linked under a name that is not imported; what `import finfuzz_target` finds
    beside it is the source given.
    """

    def make(source: str) -> Build:
        linked = tmp_path / "linked.so"
        linked.unlink(missing_ok=True)
        linked.symlink_to(plain_c.extension)
        (tmp_path / "finfuzz_target.py").write_text(source)
        return dataclasses.replace(plain_c, extension=linked)

    return make


def run_in_zygote(build: Build, program: Program, limits: Limits | None = None) -> Outcome:
    with Executor(build, limits) as executor:
        return executor.run(program, events=True)


@pytest.fixture(params=[run_in_zygote, run_fresh], ids=["zygote", "fresh"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Runs one program in a child of a zygote, or in a fresh process."""
    return request.param
