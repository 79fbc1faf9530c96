"""Packages as targets: texts in and out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.support.errors import UserError
from finfuzz.targets.spec import TargetSpec, parse_target

PATHS = st.lists(st.text("ab+.-_ =:@", min_size=1), min_size=1, max_size=2).map(
    lambda names: Path("/no-such", *(name.strip(".") or "x" for name in names))
)
PLAIN_PATHS = PATHS.filter(lambda path: "+path=" not in str(path) and "+recipe=" not in str(path))
RECIPES = st.none() | PLAIN_PATHS
SPECS = st.one_of(
    st.builds(
        lambda version, recipe: TargetSpec(
            "wheel", version, package="boost-histogram", recipe=recipe
        ),
        st.none() | st.sampled_from(["1.2", "1.2.3rc1", "2!1.0", "0.1.post1"]),
        RECIPES,
    ),
    st.builds(
        lambda path, recipe: TargetSpec("module", path=path, package="my.module", recipe=recipe),
        st.none() | PLAIN_PATHS,
        RECIPES,
    ),
    st.builds(lambda recipe: TargetSpec("stdlib", package="datetime", recipe=recipe), RECIPES),
)


def parsed_or_error(text: str) -> TargetSpec | str:
    try:
        return parse_target(text)
    except UserError as error:
        return str(error)


@given(SPECS)
def test_canonical_text_reads_back(spec: TargetSpec) -> None:
    assert parse_target(str(spec)) == spec


@given(st.sampled_from(["wheel:", "module:", "stdlib:"]), st.text())
def test_any_text_is_a_package_or_one_line_of_error(origin: str, rest: str) -> None:
    parsed = parsed_or_error(origin + rest)
    if isinstance(parsed, str):
        assert len(parsed.splitlines()) == 1
    else:
        assert parse_target(str(parsed)) == parsed


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("wheel:kiwisolver", "wheel:kiwisolver"),
        ("wheel:kiwisolver==1.4.9", "wheel:kiwisolver==1.4.9"),
        ("wheel:numpy==v2.0.0RC1", "wheel:numpy==2.0.0rc1"),
        ("wheel:a+recipe=/no-such/x/../a.toml", "wheel:a+recipe=/no-such/a.toml"),
        ("module:mine+path=/no-such/build", "module:mine+path=/no-such/build"),
        (
            "module:mine+recipe=/no-such/a.toml+path=/no-such/c++",
            "module:mine+path=/no-such/c+++recipe=/no-such/a.toml",
        ),
        ("module:mine._core", "module:mine._core"),
        ("stdlib:datetime", "stdlib:datetime"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert str(parse_target(text)) == canonical


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("wheel:", "target 'wheel:': '' is no name: write wheel:NAME[==VERSION]"),
        ("wheel:a b", "target 'wheel:a b': 'a b' is no name: write wheel:NAME[==VERSION]"),
        ("wheel:a==new", "target 'wheel:a==new': 'new' is not a version"),
        ("wheel:a+path=/x", "target 'wheel:a+path=/x': only a module has a path"),
        (
            "module:a==1",
            "target 'module:a==1': only a wheel has a version: write module:NAME[+path=FOLDER]",
        ),
        ("module:a-b", "target 'module:a-b': 'a-b' is no name: write module:NAME[+path=FOLDER]"),
        ("module:a+recipe=", "target 'module:a+recipe=': no path after +recipe="),
    ],
)
def test_wrong_text(text: str, error: str) -> None:
    with pytest.raises(UserError) as raised:
        parse_target(text)
    assert str(raised.value) == error
