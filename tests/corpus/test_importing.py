"""Programs out of folders that hold all sorts of things."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finfuzz.corpus.importing import import_programs
from finfuzz.generation.generate import generate
from finfuzz.program.lenient import parse_leniently
from finfuzz.program.text import parse, to_text
from finfuzz.support.errors import UserError
from helpers.places import CORPUS

PROGRAM = "finfuzz 1\nnode a list\nroot a sys\n"
GARBAGE = st.text(
    st.characters(exclude_characters="#\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
).map(lambda text: f"?{text}")


@given(st.randoms(use_true_random=False))
def test_a_program_passes_as_it_is(random) -> None:  # type: ignore[no-untyped-def]
    program = generate(random)
    assert parse_leniently(to_text(program)) == (program, [])


@given(st.randoms(use_true_random=False), st.lists(GARBAGE, min_size=1, max_size=4))
def test_garbage_between_steps_is_left_out_and_said(random, garbage: list[str]) -> None:  # type: ignore[no-untyped-def]
    program = generate(random)
    lines = to_text(program).splitlines()
    for line in garbage:
        lines.insert(random.randint(1, len(lines)), line)
    found, problems = parse_leniently("\n".join(lines))
    assert found == program
    assert len(problems) == len(garbage)


@pytest.mark.parametrize(
    ("text", "steps", "problems"),
    [
        (PROGRAM, 2, []),
        ("node a list\n", 1, []),
        ("finfuzz 2\nnode a list\n", 1, ["line 1: `finfuzz 2` is taken for `finfuzz 1`"]),
        (
            "finfuzz 1\nnode a lisst\n",
            0,
            ["line 2 is left out: found `lisst`, expected kind: `list`?"],
        ),
        ("finfuzz 1\nfrobnicate\nnode a list # beside\n", 1, ["line 2 is left out: found"]),
        ("", 0, []),
        ("# only a comment", 0, []),
    ],
)
def test_what_becomes_of_a_text(text: str, steps: int, problems: list[str]) -> None:
    program, found = parse_leniently(text)
    assert len(program) == steps
    assert len(found) == len(problems)
    assert all(line.startswith(begin) for line, begin in zip(found, problems, strict=True))


def test_a_folder_of_all_sorts_of_things(tmp_path: Path) -> None:
    files = {
        "a/good.fin": f"# why\n{PROGRAM}".encode(),
        "b/good.fin": b"finfuzz 1\ncollect\n",
        "b/same.txt": PROGRAM.encode(),
        "b/half.fin": b"finfuzz 1\nnode a list\nroot a sy",
        "README.md": b"# Programs\n",
        "picture.png": b"\x89PNG\r\n\x1a\n\0",
        "zeros": b"finfuzz 1\n\0\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    found = import_programs([tmp_path])
    assert [name for name, _ in found.files] == ["good.fin", "good-2.fin", "half.fin"]
    assert "# why" in dict(found.files)["good.fin"]
    for _, text in found.files:
        parse(text)
    assert found.same == 1
    assert len(found.warnings) == 1
    assert "half.fin: line 3 is left out: found `sy`" in found.warnings[0]
    assert [Path(line.split(":")[0]).name for line in found.refused] == [
        "README.md",
        "picture.png",
        "zeros",
    ]


def test_the_corpus_of_the_project_passes_as_it_is() -> None:
    corpus = CORPUS
    found = import_programs([corpus])
    assert (found.warnings, found.refused) == ([], [])
    for name, text in found.files:
        assert parse(text) == parse((corpus / name).read_text())


def test_no_folder_is_one_line() -> None:
    with pytest.raises(UserError, match="there is no folder nowhere"):
        import_programs([Path("nowhere")])
