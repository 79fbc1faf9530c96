"""The code of recipes: names that it uses, and how it becomes part of a function."""

import pytest

from finfuzz.targets.packages.code import (
    find_names,
    find_wrong_names,
    list_functions,
    write_argument,
)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("t.Variable('v', cell)", {"t", "cell"}),
        ("source.set(lambda *a: (target, a))", {"source", "target"}),
        ("[each for each in t.all()]", {"t"}),
        ("import io\nio.open(path)", {"path"}),
        ("import os.path as p\np.join(a)", {"a"}),
        ("x = t.X()\nx.add(x)", {"t"}),
        ("try:\n    f()\nexcept E as error:\n    error.note", {"f", "E"}),
        ("def f(a):\n    class B: pass\n    return B(a, c)\nf", {"c"}),
    ],
)
def test_the_names_that_code_reads_and_does_not_bind(code: str, names: set[str]) -> None:
    assert find_names(code) == names


@pytest.mark.parametrize(
    ("expression", "argument"),
    [
        ("t.X()", "t.X()"),
        ("  t.X()\n", "t.X()"),
        ("lambda: 1", "lambda: 1"),
        ("1, 2", "(1, 2)"),
        ("(1, 2)", "(1, 2)"),
        ("t.X()  # an X", "(t.X()  # an X\n)"),
    ],
)
def test_an_expression_as_an_argument(expression: str, argument: str) -> None:
    assert write_argument(expression) == argument


def test_functions_are_listed() -> None:
    assert list_functions("def a(t):\n    return b(t)\n\ndef b(t):\n    pass\n") == ("a", "b")
    assert list_functions("") == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = 1", "only functions may stand there"),
        ("import io", "only functions may stand there"),
        ("@staticmethod\ndef a(): pass", "a function may have no decorator and no default there"),
        ("def a(b=1): pass", "a function may have no decorator and no default there"),
        ("def a(*, b=1): pass", "a function may have no decorator and no default there"),
        ("def a(:", "invalid syntax"),
    ],
)
def test_what_is_no_function(text: str, reason: str) -> None:
    with pytest.raises(SyntaxError) as raised:
        list_functions(text)
    assert raised.value.msg == reason


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("def mine(t):\n    return t.X(len([]), other(t))\ndef other(t): pass", []),
        ("def make_list(t): pass", ["finfuzz has a function 'make_list': choose another name"]),
        ("def cell_of(t): pass", ["finfuzz has a function 'cell_of': choose another name"]),
        (
            "def mine():\n    return np.array([])",
            ["unknown name 'np': give it as an argument, or import it in the function"],
        ),
    ],
)
def test_names_of_functions_and_in_them(text: str, problems: list[str]) -> None:
    assert list(find_wrong_names(text, list_functions(text))) == problems
