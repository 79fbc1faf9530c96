"""JUnit XML of any text is XML."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from finfuzz.report import junit

ANY = st.text(alphabet=st.characters(), max_size=30)


@given(name=ANY, text=ANY)
def test_any_text_is_xml(name: str, text: str) -> None:
    cases = [junit.make_case(name, name, 1.0) for _ in range(3)]
    junit.fail(cases[0], text, "crashes")
    junit.skip(cases[1], text)
    junit.note(cases[2], text)
    document = ElementTree.fromstring(junit.write("title", {name: cases}))
    assert [each.tag for each in document.iter("testcase")] == ["testcase"] * 3


def test_hidden_characters_are_spelled_out() -> None:
    case = junit.make_case("a\x1b[31m", "group", 0.5)
    assert 'name="a␛[31m"' in junit.write("title", {"suite\ud800": [case]})
