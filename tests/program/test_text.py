import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finfuzz.program.model import Program, Step
from finfuzz.program.text import ParseError, is_name, parse, to_text

HEAD = "finfuzz 1\n"
NAME_RULE = "(a small letter, then small letters, digits or _; at most 32)"


@given(st.from_type(Program))
@example(Program())
@example(Program((Step("collect", (), ("", "# twice"), "#"),), ("",)))
def test_what_is_printed_reads_back(program: Program) -> None:
    assert parse(to_text(program)) == program


@given(st.from_type(Program))
def test_without_comments_it_is_one_line_a_step_and_no_hash_sign(program: Program) -> None:
    bare = program.without_comments()
    text = to_text(bare)
    assert len(text.splitlines()) == 1 + len(program)
    assert "#" not in text
    assert parse(text) == bare


@given(st.text())
@example(HEAD + "node")
def test_any_text_is_a_program_or_an_error_at_a_place_in_it(text: str) -> None:
    lines = text.split("\n")
    try:
        program = parse(text)
    except ParseError as error:
        line, column = error.line, error.column
    else:
        assert parse(to_text(program)) == program
        return
    assert 1 <= line <= len(lines)
    assert 1 <= column <= len(lines[line - 1]) + 1


@given(st.from_type(Program), st.data())
def test_a_broken_line_is_told_from_the_rest(program: Program, data: st.DataObject) -> None:
    lines = to_text(program).splitlines()
    broken = data.draw(st.integers(1, len(lines)))
    lines.insert(broken, "explode")
    with pytest.raises(ParseError) as caught:
        parse("\n".join(lines))
    assert (caught.value.line, caught.value.column) == (broken + 1, 1)


# ---- errors: the text, line and column of the error, and what it says -------------------------

VERSION_ERRORS = [
    ("", 1, 1, "nothing here, expected `finfuzz 1` on the first line"),
    ("\n\n", 3, 1, "nothing here"),
    ("# only talk\n", 2, 1, "nothing here"),
    ("collect\n", 1, 1, "found `collect`, expected `finfuzz 1`"),
    ("\n  Finfuzz 1\n", 2, 3, "found `Finfuzz`, expected `finfuzz 1`"),
    ("finfuzz\ncollect\n", 1, 8, "found no version, expected `1`, the one this finfuzz reads"),
    ("finfuzz 2\n", 1, 9, "found version `2`, expected `1`, the one this finfuzz reads"),
    ("  finfuzz   1.0\n", 1, 13, "found version `1.0`, expected `1`"),
    ("finfuzz one\n", 1, 9, "found version `one`"),
]

STEP_ERRORS = [
    # unknown operations, with the nearest that there is
    ("nod a list", 2, 1, "found `nod`, expected `node`?"),
    ("  exti return", 2, 3, "found `exti`, expected `exit`?"),
    ("COLLECT", 2, 1, "found `COLLECT`, expected one of import, unimport, fail-import, use,"),
    ("finfuzz 1", 2, 1, "found `finfuzz`, expected one of import, unimport,"),
    # a missing or an extra argument
    ("node", 2, 5, f"`node` ends here, expected a new node's name {NAME_RULE}"),
    ("node a", 2, 7, "`node` ends here, expected kind: one of container, subclass, instance,"),
    ("edge a", 2, 7, "`edge` ends here, expected a node's name"),
    ("start", 2, 6, "`start` ends here, expected a new interpreter's name"),
    ("stop", 2, 5, "`stop` ends here, expected an interpreter's name"),
    ("exit", 2, 5, "`exit` ends here, expected way: one of return, sys-exit, exception"),
    ("use", 2, 4, "`use` ends here, expected extension: one of first, second"),
    ("shape a ring list", 2, 18, "`shape` ends here, expected size: one of 1, 2, 3, 5, 8, 13"),
    ("collect now", 2, 9, "found `now`, expected the end of `collect`"),
    ("edge a b append c d", 2, 17, "found `c`, expected the end of `edge`"),
    # bad words
    ("node a lst", 2, 8, "found `lst`, expected kind: `list`?"),
    ("edge a b Append", 2, 10, "found `Append`, expected edge: `append`?"),
    ("root a wall", 2, 8, "found `wall`, expected root: one of module, sys, builtins,"),
    ("hook a cast traverse", 2, 8, "found `cast`, expected hook: one of traverse, clear, dealloc"),
    ("hook a clear cas", 2, 14, "found `cas`, expected action: `cast`?"),
    ("shape a round list 3", 2, 9, "found `round`, expected shape: one of ring, chain, tree,"),
    ("shape a ring list 4", 2, 19, "found `4`, expected size: one of 1, 2, 3, 5, 8, 13"),
    ("start i isolate", 2, 9, "found `isolate`, expected interpreter kind: `isolated`?"),
    # bad names
    ("node A list", 2, 6, f"found `A`, expected a new node's name {NAME_RULE}"),
    ("node 1a list", 2, 6, "found `1a`, expected a new node's name"),
    ("node é list", 2, 6, "found `é`, expected a new node's name"),
    ("drop a-b", 2, 6, "found `a-b`, expected a node's name"),
    (f"drop {'x' * 33}", 2, 6, f"found `{'x' * 33}`, expected a node's name"),
    ("enter Main", 2, 7, "found `Main`, expected an interpreter's name"),
    (
        "start main legacy",
        *(2, 7, "found `main`, expected another name: `main` is the interpreter that is always"),
    ),
    # where: blank lines, comments and white space count for the place and for nothing else
    ("\n# talk\n\tdrop\ta b", 4, 9, "found `b`, expected the end of `drop`"),
    ("collect  # fine\ncollect no  # not fine", 3, 9, "found `no`"),
    ("collect\r\ncollect no\r\n", 3, 9, "found `no`, expected the end of `collect`"),
    ("node a list\u2028drop a", 2, 13, "found `drop`, expected the end of `node`"),
]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [*VERSION_ERRORS, *((HEAD + body, *where) for body, *where in STEP_ERRORS)],
)
def test_errors(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(f"line {line}, column {column}: {message}")


def test_more_than_a_version_is_told_as_such() -> None:
    with pytest.raises(ParseError, match=r"line 1, column 11: found `more`"):
        parse("finfuzz 1 more\n")


@pytest.mark.parametrize("line", ["node a  # a list", "node a\r", "node a   "])
def test_a_missing_argument_is_missed_behind_the_last_word(line: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(HEAD + line)
    assert caught.value.column == len("node a") + 1


# ---- what carries no meaning ------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "finfuzz 1\nnode a list\ndrop a\n",
        "finfuzz 1\nnode a list\ndrop a",
        "\n\nfinfuzz 1\n\n  node \t a   list\n\n\tdrop a\n\n",
        "finfuzz 1\r\nnode a list\r\ndrop a\r\n",
        "\tfinfuzz\t1 \nnode\xa0a\u3000list\ndrop a \n",
    ],
)
def test_white_space_carries_no_meaning(text: str) -> None:
    assert to_text(parse(text)) == "finfuzz 1\nnode a list\ndrop a\n"


# ---- comments ---------------------------------------------------------------------------------

COMMENTED = """\
finfuzz 1
# Two comments above the first step,
#
# and an empty one between them.
node a container  # beside it
edge a a append
# above the last
root a codec  # beside # with a hash sign
# below
#
"""


def test_comments_stay_above_beside_and_below() -> None:
    program = parse(COMMENTED)
    assert [(step.op, step.above, step.beside) for step in program.steps] == [
        (
            "node",
            ("Two comments above the first step,", "", "and an empty one between them."),
            "beside it",
        ),
        ("edge", (), ""),
        ("root", ("above the last",), "beside # with a hash sign"),
    ]
    assert program.below == ("below", "")
    assert to_text(program) == COMMENTED


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        # what stands above or beside the version comes to stand below it
        ("# title\nfinfuzz 1\ncollect\n", "finfuzz 1\n# title\ncollect\n"),
        ("finfuzz 1  # title\ncollect\n", "finfuzz 1\n# title\ncollect\n"),
        ("finfuzz 1  # title\n", "finfuzz 1\n# title\n"),
        # one space behind the hash sign, two before it
        ("finfuzz 1\ncollect#why\n", "finfuzz 1\ncollect  # why\n"),
        ("finfuzz 1\ncollect #   why  \r\n", "finfuzz 1\ncollect  # why\n"),
        # an empty comment beside a step is none
        ("finfuzz 1\ncollect #\n", "finfuzz 1\ncollect\n"),
    ],
)
def test_comments_are_tidied(written: str, printed: str) -> None:
    assert to_text(parse(written)) == printed
    assert to_text(parse(printed)) == printed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", True),
        ("main", True),
        ("a_1", True),
        ("x" * 32, True),
        ("x" * 33, False),
        ("", False),
        ("_a", False),
        ("1", False),
        ("aB", False),
        ("a\n", False),
        ("a ", False),
        ("a٣", False),
    ],
)
def test_names(text: str, expected: bool) -> None:
    assert is_name(text) is expected
