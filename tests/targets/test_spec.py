import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.support.errors import UserError
from finfuzz.targets.frameworks import FRAMEWORKS
from finfuzz.targets.spec import TargetSpec, parse_target

VERSIONS = st.builds(
    "{}.{}.{}{}".format,
    st.integers(3, 20),
    st.integers(0, 30),
    st.integers(1, 30),
    st.sampled_from(["", "rc1", "b2", ".post1", ".dev3"]),
)
# Names as people have them, '+' in all places, under a folder that holds no symlinks.
NAMES = st.text("ab+.-_ é=@~", min_size=1).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: Path("/no-such", *names))
ANY_POLICY = st.sampled_from(FRAMEWORKS["pybind11"].policy_names)
ANY_SWITCHES = st.sets(st.sampled_from(list(FRAMEWORKS["pybind11"].switches))).map(
    lambda names: tuple(name for name in FRAMEWORKS["pybind11"].switches if name in names)
)
CONTROLS = [name for name, record in FRAMEWORKS.items() if record.is_control]
SPECS = st.one_of(
    st.builds(TargetSpec, st.sampled_from(CONTROLS)),
    st.builds(
        TargetSpec,
        st.just("plain-c"),
        policy=st.sampled_from(FRAMEWORKS["plain-c"].policy_names),
    ),
    st.builds(TargetSpec, st.just("pybind11"), st.none(), st.none(), ANY_POLICY),
    st.builds(
        TargetSpec, st.just("pybind11"), VERSIONS, st.none(), ANY_POLICY, st.none() | VERSIONS
    ),
    st.builds(TargetSpec, st.just("pybind11"), st.none(), PATHS, ANY_POLICY),
    st.builds(
        TargetSpec, st.just("pybind11"), VERSIONS, st.none(), ANY_POLICY, switches=ANY_SWITCHES
    ),
)


def parsed_or_error(text: str) -> TargetSpec | str:
    try:
        return parse_target(text)
    except UserError as error:
        return str(error)


@given(SPECS)
def test_canonical_text_reads_back(spec: TargetSpec) -> None:
    assert parse_target(str(spec)) == spec


@given(st.one_of(st.text(), st.text().map("pybind11".__add__), st.text().map("pybind11@".__add__)))
def test_any_text_is_a_spec_or_one_line_of_error(text: str) -> None:
    parsed = parsed_or_error(text)
    if isinstance(parsed, str):
        assert parsed.startswith("target ")
        assert len(parsed.splitlines()) == 1
    else:
        assert parse_target(str(parsed)) == parsed


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("pybind11", "pybind11+released"),
        ("pybind11+leak", "pybind11+leak"),
        ("pybind11==3.1.0", "pybind11==3.1.0+released"),
        ("pybind11==3.0.0+destroy", "pybind11==3.0.0+destroy"),
        ("pybind11==3.1+hold", "pybind11==3.1.0+hold"),
        ("pybind11==v3.1.0RC1", "pybind11==3.1.0rc1+released"),
        ("pybind11==3.0.1,3.0.2", "pybind11==3.0.1,3.0.2+released"),
        ("pybind11==3.0.4,3.1+destroy", "pybind11==3.0.4,3.1.0+destroy"),
        ("pybind11==3.1.0,3.1.0", "pybind11==3.1.0,3.1.0+released"),
        ("pybind11@/no-such/pb", "pybind11@/no-such/pb+released"),
        ("pybind11@/no-such/a,b", "pybind11@/no-such/a,b+released"),
        ("pybind11@/no-such/a/../pb/+hold", "pybind11@/no-such/pb+hold"),
        ("pybind11@/no-such/c++/pb", "pybind11@/no-such/c++/pb+released"),
        ("pybind11@/no-such/c++", "pybind11@/no-such/c+++released"),
        ("pybind11@/no-such/c+++leak", "pybind11@/no-such/c+++leak"),
        ("pybind11@/no-such/3.1+local.1", "pybind11@/no-such/3.1+local.1+released"),
        ("pybind11@/no-such/pb+leak+hold", "pybind11@/no-such/pb+leak+hold"),
        ("plain-c", "plain-c"),
        ("plain-c+released", "plain-c"),
        ("plain-c+single-phase", "plain-c+single-phase"),
        ("plain-c+abi3", "plain-c+abi3"),
        ("no-extension", "no-extension"),
        ("pybind11{DETAILED_ERRORS}", "pybind11{DETAILED_ERRORS}+released"),
        ("pybind11==3.0{ASSERTS}+leak", "pybind11==3.0.0{ASSERTS}+leak"),
        ("pybind11==3.0.0+leak{ASSERTS}", "pybind11==3.0.0{ASSERTS}+leak"),
        (
            "pybind11==3.0.1,3.0.2{ASSERTS,DETAILED_ERRORS}",
            "pybind11==3.0.1,3.0.2{DETAILED_ERRORS,ASSERTS}+released",
        ),
        ("pybind11{ASSERTS}{GIL_CHECKS}{ASSERTS}", "pybind11{GIL_CHECKS,ASSERTS}+released"),
        ("pybind11@/no-such/pb{GIL_CHECKS}", "pybind11@/no-such/pb{GIL_CHECKS}+released"),
        ("plain-c{ASSERTS}+globals", "plain-c{ASSERTS}+globals"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert str(parse_target(text)) == canonical


def test_what_a_second_extension_is_built_for() -> None:
    both = parse_target("pybind11==3.0.1,3.0.2+leak")
    one, other = (parse_target(f"pybind11=={version}+leak") for version in ("3.0.1", "3.0.2"))
    assert both.extensions == (one, other)
    assert one.extensions == (one,)


def test_a_control_has_the_same_switches_as_far_as_it_has_them() -> None:
    spec = parse_target("pybind11==3.0.0{DETAILED_ERRORS,ASSERTS}")
    assert str(spec.switch_alike(parse_target("plain-c"))) == "plain-c{ASSERTS}"
    assert str(spec.switch_alike(parse_target("no-extension"))) == "no-extension"
    assert (
        str(spec.switch_alike(parse_target("nanobind==3.1.0")))
        == "nanobind==3.1.0{ASSERTS}+released"
    )


def test_braces_may_end_an_existing_path(tmp_path: Path) -> None:
    checkout = tmp_path.resolve() / "{ASSERTS}"
    checkout.mkdir()
    spec = parse_target(f"pybind11@{checkout}")
    assert (spec.path, spec.switches) == (checkout, ())
    assert parse_target(str(spec)) == spec


def test_relative_and_home_paths_become_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    there = tmp_path.resolve() / "pb"
    assert parse_target("pybind11@pb").path == there
    assert parse_target("pybind11@~/pb+leak").path == there


def test_a_word_that_is_no_policy_may_end_an_existing_path(tmp_path: Path) -> None:
    checkout = tmp_path.resolve() / "pb+mine"
    with pytest.raises(UserError, match="unknown policy 'mine'"):
        parse_target(f"pybind11@{checkout}")
    checkout.mkdir()
    assert parse_target(f"pybind11@{checkout}").path == checkout
    assert parse_target(f"pybind11@{checkout}").policy == "released"


def test_a_policy_is_one_whatever_exists(tmp_path: Path) -> None:
    (tmp_path / "pb+leak").mkdir()
    spec = parse_target(f"pybind11@{tmp_path}/pb+leak")
    assert (spec.path, spec.policy) == (tmp_path.resolve() / "pb", "leak")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "",
            "unknown framework ''; known are cython, nanobind, pybind11, no-extension, plain-c: w",
        ),
        (
            "cppyy==2.0",
            "unknown framework 'cppyy'; known are cython, nanobind, pybind11, no-extension, ",
        ),
        ("pybind==3.1.0", "did you mean pybind11?"),
        ("plain_c", "did you mean plain-c?"),
        ("no-extension+leak", "no-extension takes no version and no policy"),
        (
            "plain-c+leak",
            "unknown policy 'leak': choose released, single-phase, static-types, globals, abi3, "
            "failing-init",
        ),
        ("plain-c+", "unknown policy ''"),
        ("plain-c==3.12", "plain-c takes no version: write plain-c or plain-c+STYLE, with one of"),
        ("pybind11==", "'' is not a version"),
        ("pybind11==new", "'new' is not a version"),
        ("pybind11=3.1.0", "can't read '=3.1.0' after pybind11"),
        ("pybind11>=3.1.0", "can't read '>=3.1.0' after pybind11"),
        ("pybind11==2.13.6", "2.13.6 is too old: choose 3.0.0 or later"),
        ("pybind11==3.0.0rc1", "3.0.0rc1 is too old: choose 3.0.0 or later"),
        ("pybind11==3.0.1,", "'' is not a version"),
        ("pybind11==,3.0.1", "'' is not a version"),
        ("pybind11==3.0.1,==3.0.2", "'==3.0.2' is not a version"),
        ("pybind11==3.0.1,2.13.6", "2.13.6 is too old: choose 3.0.0 or later"),
        ("pybind11==3.0.1,3.0.2,3.0.4", "more than two releases: write two like"),
        ("pybind11,3.0.1", "can't read ',3.0.1' after pybind11"),
        ("pybind11==3.1.0+keep", "unknown policy 'keep': choose released, destroy, leak, hold"),
        ("pybind11==3.1.0+", "unknown policy ''"),
        ("pybind11==3.1.0+leak+hold", "unknown policy 'leak+hold'"),
        ("pybind11+keep", "unknown policy 'keep'"),
        ("pybind11@/no-such/pb+keep", "unknown policy 'keep'"),
        ("pybind11@", "no path after @"),
        ("pybind11@+leak", "no path after @"),
        ("pybind11@a\0b", "can't be a path"),
        ("pybind11{}", "unknown build switch ''"),
        (
            "pybind11==3.1.0{detailed-errors}",
            "unknown build switch 'detailed-errors': did you mean DETAILED_ERRORS?",
        ),
        (
            "pybind11{FAST,ASSERTS}",
            "unknown build switch 'FAST': choose DETAILED_ERRORS, GIL_CHECKS, SIMPLE_GIL, "
            "NO_SUBINTERPRETERS, ASSERTS",
        ),
        ("plain-c{GIL_CHECKS}", "unknown build switch 'GIL_CHECKS': choose ASSERTS"),
        ("no-extension{ASSERTS}", "no-extension is not compiled: no build switches"),
    ],
)
def test_bad_text_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_target(text)
    assert says in str(caught.value)
    assert repr(text) in str(caught.value)


def test_a_symlinked_checkout_is_one_with_its_target(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    os.symlink(tmp_path / "real", tmp_path / "link")
    linked = parse_target(f"pybind11@{tmp_path}/link")
    assert linked == parse_target(f"pybind11@{tmp_path}/real")
