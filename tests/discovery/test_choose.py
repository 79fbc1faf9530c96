"""What goes into a recipe, and in which order."""

from __future__ import annotations

from finfuzz.discovery.choose import MOST_EDGES, MOST_KINDS, choose_kinds
from helpers.discovery import make_discovery, make_held, make_kind

HELD = (make_held("t.A(cell)"),)


def test_what_holds_comes_first_and_c_before_python() -> None:
    kinds = (
        make_kind("A"),
        make_kind("B", layer="wrapper", holdings=HELD),
        make_kind("C", layer="derived"),
        make_kind("D", edges=(make_held("source.add(target)", "add"),)),
        make_kind("E", layer="derived", holdings=HELD),
    )
    chosen, rest = choose_kinds(make_discovery(*kinds))
    assert [one.name for one in chosen] == ["d", "e", "b", "a", "c"]
    assert rest == []


def test_many_kinds_in_python_leave_room_for_those_in_c() -> None:
    python = [make_kind(f"P{number}", layer="derived", holdings=HELD) for number in range(50)]
    chosen, rest = choose_kinds(make_discovery(*python, make_kind("A"), make_kind("B")))
    assert len(chosen) == MOST_KINDS
    assert len(rest) == 52 - MOST_KINDS
    assert {"a", "b"} <= {one.name for one in chosen}


def test_the_first_edges_are_of_all_sorts() -> None:
    edges = [make_held(f"source.e{n}(target)", f"e{n}") for n in range(8)]
    edges += [make_held("source.unseen(target)", "unseen", seen=False)]
    edges += [make_held("source.kept(target)", "kept", freed=False)]
    ((one,), _) = choose_kinds(make_discovery(make_kind("A", edges=tuple(edges))))
    assert list(one.edges) == ["e-0", "unseen", "kept", "e-1", "e-2", "e-3"]
    assert len(one.edges) == MOST_EDGES
    assert len(one.others) == len(edges) - MOST_EDGES


def test_the_object_itself_is_preferred_to_a_list_with_it() -> None:
    holdings = (
        make_held("t.A(kept=cell)", freed=False),
        make_held("t.A([cell])"),
        make_held("t.A(cell)"),
        make_held("t.A(x=cell)", called=True),
    )
    ((one,), _) = choose_kinds(make_discovery(make_kind("A", holdings=holdings)))
    assert (one.make, one.role) == ("t.A(x=cell)", "callback")
    assert one.others == ("t.A(cell)", "t.A(kept=cell)")


def test_a_method_that_takes_functions_only_is_called_by_make() -> None:
    edges = (
        make_held("source.on(1, target=target)", "on", any=False, called=True),
        make_held("source.hook = target", "hook", any=False),
    )
    ((one,), _) = choose_kinds(make_discovery(make_kind("A", edges=edges)))
    assert one.make == "(lambda source: (source.on(1, target=cell), source)[1])(t.A())"
    assert (one.role, one.edges) == ("callback", {})


def test_roles() -> None:
    edge = make_held("source.add(target)", "add")
    kinds = (make_kind("A", edges=(edge,)), make_kind("B", holdings=HELD), make_kind("C"))
    chosen, _ = choose_kinds(make_discovery(*kinds))
    assert [one.role for one in chosen] == ["container", "container", "instance"]


def test_the_module_itself_comes_after_what_it_makes() -> None:
    """Else no container of a program would be an object of the package."""
    registry = make_kind("registry", type="mine", make="t", edges=(make_held("t.keep(target)"),))
    box = make_kind("Box", edges=(make_held("source.add(target)", "add"),))
    chosen, _ = choose_kinds(make_discovery(registry, box))
    assert [(one.name, one.role) for one in chosen] == [
        ("box", "container"),
        ("registry", "extension"),
    ]
