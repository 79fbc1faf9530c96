"""The sweep's space, against all programs of a small vocabulary, enumerated by brute force."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, product

import pytest

from finfuzz.generation.generate import leaves_threads
from finfuzz.generation.segments import SEGMENTS
from finfuzz.generation.sweep import space as space_module
from finfuzz.generation.sweep.payloads import Payload, Payloads, list_payloads
from finfuzz.generation.sweep.space import CELLS, COMMON, Cell, Space
from finfuzz.program.language import MAIN
from finfuzz.program.scope import effective
from finfuzz.program.text import parse, to_text
from finfuzz.program.vocabulary import EVERYTHING, NOTHING, OwnWords, Vocabulary
from finfuzz.program.words import FLAVOUR, ROOT, Kind
from finfuzz.support.cpythons import Version

PYTHON = (3, 13)
#: Without the extension's kinds: 19 of Python's own, and 26 roots.
SMALL = NOTHING


def texts_of(cell: Cell, space: Space) -> list[str]:
    programs = (p for block in space.list_blocks(cell) for p in space.list_programs(block))
    return [to_text(program) for program in programs]


def spell(cycle: tuple[str, ...], flavour: str, payload: tuple[str, ...]) -> str | None:
    """Write a program from the patterns as text, knowing nothing of scopes but names."""
    lines, left, here = ["finfuzz 1"], list[str](), MAIN
    names: dict[str, int] = {}
    for name in cycle:
        new = next(f"i{number}" for number in count(1) if f"i{number}" not in left)
        for pattern in SEGMENTS[name].steps:
            before, _, rest = pattern.rpartition("PAYLOAD")
            if pattern == "DROPS":
                lines += [f"drop {name}" for name in "abcdef"[: names.get(here, 0)]]
                names[here] = 0
                continue
            if pattern in ("REFILL", "ACTIONS"):  # no payload here performs
                lines += ["perform a refill"] if pattern == "REFILL" and names.get(here) else []
                continue
            if rest == pattern:  # no payload in it
                if "LEFT" in pattern and not left:
                    return None
                line = pattern.replace("NEW", new).replace("KIND", flavour)
                line = line.replace("LEFT", left[-1] if left else "")
                lines.append(line)
                op, *args = line.split()
                if op == "start":
                    left.append(args[0])
                    names[args[0]] = 0
                elif op == "enter":
                    here = args[0]
                elif op == "stop":
                    left.remove(args[0])
                    here = MAIN if here == args[0] else here
                elif op == "again":
                    names, left, here = {}, [], MAIN
                continue
            used = names.get(here, 0)
            if payload:
                names[here] = used + 1
            for step in payload:
                lines += [before.strip()] if before else []
                lines.append(step.replace(" a", f" {'abcdef'[used]}", 1))
    return "\n".join(lines) + "\n"


def enumerate_all(cells: list[Cell], payloads: dict[Payloads, list[tuple[str, ...]]]) -> set[str]:
    found = set()
    flavours = [text for text in FLAVOUR.texts if SMALL.has(FLAVOUR, text)]
    for cell in cells:
        segments = SEGMENTS if cell.every_segment else [each.name for each in COMMON]
        for cycle in product(segments, repeat=cell.segments):
            has_place = any("PAYLOAD" in text for name in cycle for text in SEGMENTS[name].steps)
            if has_place is (cell.payloads is Payloads.NONE):
                continue
            for flavour in flavours if cell.every_interpreter else flavours[:1]:
                for payload in payloads[cell.payloads]:
                    text = spell(cycle, flavour, payload)
                    if text is None:
                        continue
                    program = parse(text)
                    whole = effective(program, PYTHON, offers=SMALL) == program
                    if whole and not leaves_threads(program):
                        found.add(to_text(program))
    return found


def test_it_is_every_program_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ("list", "lock", "contextvar")

    def list_some(which: Payloads, offers: Vocabulary) -> Iterator[Payload]:
        return (
            each for each in list_payloads(which, offers) if not each or each[0].args[1] in kinds
        )

    monkeypatch.setattr(space_module, "list_payloads", list_some)
    cells = [
        cell
        for cell in CELLS
        if cell.segments <= 2 and cell.payloads in (Payloads.NONE, Payloads.KIND)
    ] + [Cell(1, Payloads.ROOT, True, False)]
    payloads = {
        Payloads.NONE: [()],
        Payloads.KIND: [(f"node a {kind}",) for kind in kinds],
        Payloads.ROOT: [
            (f"node a {kind}", f"root a {root}") for kind in kinds for root in ROOT.texts
        ],
    }
    space = Space(SMALL, PYTHON)
    listed = [text for cell in cells for text in texts_of(cell, space)]
    assert len(listed) == len(set(listed))
    by_brute_force = enumerate_all(cells, payloads)
    assert set(listed) - by_brute_force == set()
    assert by_brute_force - set(listed) == set()
    assert len(listed) > 2000


@pytest.mark.parametrize("which", Payloads)
def test_payloads_are_each_once(which: Payloads) -> None:
    payloads = list(list_payloads(which, EVERYTHING))
    assert len(payloads) == len(set(payloads)) > 0


def test_the_order_is_the_same_each_time() -> None:
    first, second = (
        [block for cell in CELLS for block in Space(SMALL, PYTHON).list_blocks(cell)]
        for _ in range(2)
    )
    assert first == second
    assert len(first) == len(set(first))


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_every_cell_adds_programs(cell: Cell) -> None:
    space = Space(EVERYTHING, PYTHON)
    assert any(next(space.list_programs(block), None) for block in space.list_blocks(cell))


def test_avoided_words_are_in_no_program() -> None:
    space = Space(SMALL, PYTHON, avoided=("start", "list"))
    texts = texts_of(CELLS[1], space)
    assert texts
    assert any("again" in text for text in texts)
    assert not any("start" in text or "list" in text for text in texts)


def test_the_first_kind_of_interpreter_is_one_that_may_start() -> None:
    first = FLAVOUR.texts[0]
    texts = texts_of(CELLS[0], Space(SMALL, PYTHON, avoided=(first,)))
    assert any("start" in text for text in texts)
    assert not any(first in text for text in texts)


@pytest.mark.parametrize("offers", [EVERYTHING, SMALL])
def test_another_space_has_another_identity(offers: Vocabulary) -> None:
    same, other = Space(offers, (3, 13, 0)), Space(offers, (3, 13, 0))
    assert same.identity == other.identity
    assert same.identity != Space(offers, (3, 13, 5)).identity
    assert same.identity != Space(offers, (3, 13, 0), avoided=("start",)).identity
    assert Space(EVERYTHING, PYTHON).identity != Space(NOTHING, PYTHON).identity


def test_what_a_recipes_words_are_like_is_in_the_identity() -> None:
    """A resumed sweep went on by number in another list, and called it complete."""
    table = Kind(":table", "of a recipe")
    of_recipe = OwnWords(kinds={":table": table})
    with_edges = OwnWords(kinds={":table": replace(table, edges=("append",))})
    with_role = replace(of_recipe, roles={":table": "bound-function"})
    spaces = [Space(replace(SMALL, own=own), PYTHON) for own in (of_recipe, with_edges, with_role)]
    assert len({space.identity for space in spaces}) == 3


@pytest.mark.parametrize(("python", "left"), [((3, 12), True), ((3, 13), False), ((3, 14), True)])
def test_a_left_thread_is_left_out_where_it_hangs(python: Version, left: bool) -> None:
    """gh-113146, which 3.14 has fixed: from there on the claim of "every root" was untrue."""
    space = Space(NOTHING, python)
    cell = Cell(1, Payloads.ROOT, True, False)
    (block,) = [one for one in space.list_blocks(cell) if one.cycle == (SEGMENTS["left-use"],)]
    threads = ("joined-thread", "interpreter-pool")
    texts = [to_text(program) for program in space.list_programs(block)]
    assert any(f"root a {root}" in text for root in threads for text in texts) is left


def test_other_code_is_another_space(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Space(SMALL, PYTHON).identity
    monkeypatch.setattr(space_module, "_digest_code", lambda: "of an upgrade that changed legality")
    assert Space(SMALL, PYTHON).identity != before
