from __future__ import annotations

import pytest

from finfuzz.support.errors import UserError
from finfuzz.targets.packages.requirements import parse_requirement


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("optree==0.20.0", "optree==0.20.0"),
        (" Zope.Interface >= 5 ", "zope-interface>=5"),
        ("pandas[excel]==3.1.1", "pandas[excel]==3.1.1"),
    ],
)
def test_a_requirement(text: str, read: str) -> None:
    assert str(parse_requirement(text)) == read


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no requirement (Expected package name"),
        ("optree=0.20.0", "'optree=0.20.0' is no requirement (Expected"),
        ("./optree.whl", "'./optree.whl' is no requirement (Expected"),
        ("optree==0.20.0\n--index-url x", "write NAME==VERSION, like optree==0.20.0"),
        ("optree @ file:///optree.whl", "names a file or an address: write NAME==VERSION; what is"),
        ("numpy; python_version>'3.8'", "depends on where it is installed: leave out what follows"),
    ],
)
def test_what_is_none(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_requirement(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
