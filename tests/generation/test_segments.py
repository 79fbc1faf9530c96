"""What each segment makes of a payload, and of what was there before."""

import pytest

from finfuzz.generation.segments import SEGMENTS, Writer
from finfuzz.generation.weights import Weights
from finfuzz.program.model import Program, Step
from finfuzz.program.scope import effective
from finfuzz.program.text import parse, to_text

PAYLOAD = (Step("node", ("a", "instance")), Step("root", ("a", "leak")))

#: Segments, and the program of them.
PROGRAMS = {
    "use": "node a instance; root a leak",
    "use use": "node a instance; root a leak; node b instance; root b leak",
    "sub-use": "start i1 legacy; enter i1; node a instance; root a leak; stop i1",
    "use left-use again use": (
        "node a instance; root a leak; start i1 legacy; enter i1; node a instance; root a leak; "
        "enter main; again; node a instance; root a leak"
    ),
    "use-elsewhere": "elsewhere; node a instance; elsewhere; root a leak",
    "again-elsewhere": "again; elsewhere; node a instance; elsewhere; root a leak",
    "use-native": "native gil-state; node a instance; native gil-state; root a leak",
    # only what each thread does for itself is done by four of them
    "use-together": "together; node a instance; together; root a leak",
    "use renew": "node a instance; root a leak; unimport; collect; node b instance; root b leak",
    "renew-dropped": (
        "node a instance; root a leak; unimport; drop a; collect; node a instance; root a leak"
    ),
    "outlive": "node a instance; root a leak; unimport; collect; perform a refill",
    "use let-go": (
        "node a instance; root a leak; node b instance; root b leak; drop a; drop b; collect; "
        "node a instance; root a leak"
    ),
    "left-import sub-empty end": (
        "start i1 legacy; enter i1; import; enter main; start i2 legacy; stop i2; stop i1"
    ),
    "left-empty return": ("start i1 legacy; enter i1; node a instance; root a leak; enter main"),
    "left-empty import-everywhere": "start i1 legacy; everywhere; import",
    "start-elsewhere end-elsewhere": "elsewhere; start i1 legacy; elsewhere; stop i1",
    "sub-beside": (
        "start i1 legacy; enter i1; node a instance; root a leak; enter main; node a instance; "
        "root a leak; stop i1"
    ),
}


def write(names: str) -> tuple[Program, bool]:
    """Write segments; whether all their steps have an effect."""
    writer = Writer(Weights(), "legacy")
    whole = [
        writer.write(SEGMENTS[name], PAYLOAD, next(iter(writer.scope.flavours), ""))
        for name in names.split()
    ]
    return writer.program, all(whole)


def test_what_a_payload_performs_is_performed_once_more() -> None:
    """By the objects of the last payload, under their names there."""
    writer = Writer(Weights(), "legacy")
    payload = (Step("node", ("a", "list")), Step("perform", ("a", "plain")))
    assert writer.write(SEGMENTS["use"], payload)
    assert writer.write(SEGMENTS["outlive"], payload)
    assert "; ".join(to_text(writer.program).splitlines()[1:]) == (
        "node a list; perform a plain; node b list; perform b plain; unimport; collect; "
        "perform a refill; perform b plain"
    )


@pytest.mark.parametrize("names", PROGRAMS)
def test_segments_become_a_program(names: str) -> None:
    program, whole = write(names)
    assert "; ".join(to_text(program).splitlines()[1:]) == PROGRAMS[names]
    assert whole


@pytest.mark.parametrize("name", SEGMENTS)
def test_each_segment_has_an_effect_where_it_is_possible(name: str) -> None:
    before = "left-empty " if SEGMENTS[name].needs_left or "everywhere" in name else ""
    program, _ = write(before + name)
    assert len(effective(program)) > len(before.split())
    assert parse(to_text(program)) == program


@pytest.mark.parametrize("names", ["end", "use-everywhere", "left-empty fork"])
def test_what_has_no_effect_is_said(names: str) -> None:
    assert not write(names)[1]


def test_segments_are_described_by_their_steps() -> None:
    has_payload = {name for name, each in SEGMENTS.items() if each.has_payload}
    assert {"use", "sub-use", "left-use", "return", "use-second"} <= has_payload
    assert {"import", "again", "sub-empty", "end"}.isdisjoint(has_payload)
    assert SEGMENTS["again"].starts
    assert not SEGMENTS["again"].picks_kind
    assert not SEGMENTS["start-released"].picks_kind  # its kind is `framework`
    assert not SEGMENTS["end"].starts
