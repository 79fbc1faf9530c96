"""Which form of a script is taken: real processes, with scripts as short as can be."""

from __future__ import annotations

import pytest

from finfuzz.executor.limits import Limits
from finfuzz.support.errors import UserError
from finfuzz.targets.build import Build
from finfuzz.triage.diagnosis import Diagnosis
from finfuzz.triage.findings.rate import Rate
from finfuzz.triage.repro.choose import choose_script

DIED = Diagnosis("SIGABRT", "none", "finalizing", "", ())
COMPILES = "import os, sys\nif sys.argv[1:] == ['--compile']: sys.exit()\n"
DIES = f"{COMPILES}os.abort()\n"
LIVES = COMPILES
#: Every other time, which it counts at its home.
HALF = (
    f"{COMPILES}runs = open(os.environ['HOME'] + '/runs', 'a')\n"
    "runs.write('.')\nruns.flush()\nif runs.tell() % 2: os.abort()\n"
)
BROKEN = "import sys\nsys.exit('g++: error')\n"


@pytest.mark.parametrize(
    ("plain", "other", "reproduced", "taken", "rate"),
    [
        (DIES, LIVES, Rate(10, 10), "plain", Rate(10, 10)),
        (DIES, BROKEN, Rate(10, 10), "plain", Rate(10, 10)),
        (LIVES, DIES, Rate(10, 10), "other", Rate(10, 10)),
        (BROKEN, DIES, Rate(10, 10), "other", Rate(10, 10)),
        (BROKEN, LIVES, Rate(10, 10), "other", Rate(0, 10)),
        (LIVES, LIVES + "#", Rate(10, 10), "plain", Rate(0, 10)),
        (HALF, DIES, Rate(10, 10), "other", Rate(10, 10)),
        (HALF, DIES, Rate(4, 10), "plain", Rate(20, 39)),
        (HALF, LIVES, Rate(10, 10), "plain", Rate(20, 39)),
        (LIVES, LIVES, Rate(10, 10), "plain", Rate(0, 10)),
    ],
)
def test_the_plainest_that_dies_as_often_is_taken(
    plain: str, other: str, reproduced: Rate, taken: str, rate: Rate, plain_c: Build
) -> None:
    forms = {True: {"repro.py": plain}, False: {"repro.py": other}}
    script = choose_script(forms.__getitem__, plain_c, DIED, Limits(), reproduced)
    assert (script.files, script.rate) == (forms[taken == "plain"], rate)


def test_where_no_form_can_be_built_that_is_said(plain_c: Build) -> None:
    forms = {True: {"repro.py": BROKEN}, False: {"repro.py": f"{BROKEN}#"}}
    with pytest.raises(UserError, match=r"repro\.py does not compile: g\+\+: error$"):
        choose_script(forms.__getitem__, plain_c, DIED, Limits(), Rate(10, 10))
