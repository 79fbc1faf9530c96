"""How a recipe's code names modules beside `t`."""

from __future__ import annotations

from finfuzz.discovery.modules import Modules


def test_a_submodule_is_named_by_its_last_part() -> None:
    modules = Modules("lxml", ["lxml.etree", "lxml.html.clean", "lxml.clean"])
    assert modules.rewrite("t.etree.Element('t.etree.a')") == "etree.Element('t.etree.a')"
    assert modules.rewrite("t.html.clean.A()") == "lxml_html_clean.A()"
    assert modules.imports == ["lxml.etree as etree", "lxml.html.clean as lxml_html_clean"]


def test_edges_name_the_module_itself() -> None:
    modules = Modules("os.path", [])
    assert modules.rewrite("t.a(x.t.b, cat.t)") == "t.a(x.t.b, cat.t)"
    assert modules.imports == []
    text = modules.rewrite("source.add(t.a(), [t.b], target)", has_t=False)
    assert text == "source.add(path.a(), [path.b], target)"
    assert modules.imports == ["os.path as path"]


def test_helpers_are_imported_where_they_are_used() -> None:
    modules = Modules("mine", [])
    assert modules.rewrite("t.A(audio.x)") == "t.A(audio.x)"
    assert modules.imports == []
    assert modules.rewrite("t.A(io.BytesIO())") == "t.A(io.BytesIO())"
    assert modules.imports == ["io"]
