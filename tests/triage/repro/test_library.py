"""The library's functions as a script shows them."""

from __future__ import annotations

import pytest

from finfuzz.program.words import ACTION, EDGE, HOOK, KIND, ROOT, SHAPE, Choice
from finfuzz.triage.repro.library import PLATFORM, Code, load_library

LIBRARY = load_library()

WORDS = [
    (prefix, choice)
    for prefix, choice in (
        ("make_", KIND),
        ("refer_by_", EDGE),
        ("shape_", SHAPE),
        ("hold_in_", ROOT),
        ("at_", HOOK),
        ("act_", ACTION),
    )
]
A, B, T = Code("a"), Code("b"), Code("t", ("t",))


@pytest.mark.parametrize(("prefix", "choice"), WORDS, ids=[prefix for prefix, _ in WORDS])
def test_every_word_has_a_function(prefix: str, choice: Choice) -> None:
    assert {prefix + text.replace("-", "_") for text in choice.texts} <= set(LIBRARY.functions)


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("make_container", (T,), "t.Container()"),
        ("make_list", (), "[]"),
        ("make_error", (T,), 't.Error("an error")'),
        ("make_function", (), "make_function()"),
        ("make_override", (T,), "make_override(t)"),
        ("refer_by_append", (A, B), "a.append(b)"),
        ("refer_by_value", (A, B), "a[len(a)] = b"),
        ("hold_in_leak", (A,), "leak(a)"),
        ("hold_in_thread_local", (A,), "hold_in_thread_local(a)"),
        ("act_create", (T,), 't.action("create")'),
        ("act_resurrect", (), "leak"),
    ],
)
def test_what_is_one_statement_is_written_out(
    name: str, arguments: tuple[Code, ...], text: str
) -> None:
    assert LIBRARY.write_call(name, *arguments).text == text


def test_what_runs_later_is_not_written_out() -> None:
    """`lambda *args: a …` would see another `a` once the script has given the name away."""
    assert LIBRARY.write_call("callback", A).text == "callback(a)"


def test_no_argument_is_evaluated_twice() -> None:
    assert LIBRARY.write_call("refer_by_value", Code("f()"), B).text == "refer_by_value(f(), b)"


def test_what_is_written_out_brings_its_modules_and_functions() -> None:
    code = LIBRARY.write_call("hold_in_codec", A)
    assert code == Code("_codecs.register(callback(a))", ("_codecs",), frozenset({"callback"}))


def test_what_the_arguments_need_is_needed() -> None:
    code = LIBRARY.write_call("at_atexit", A, LIBRARY.write_call("act_import"))
    assert code.text == "atexit.register(import_something, a)"
    assert code.modules == ("atexit",)
    assert code.functions == {"import_something"}


@pytest.mark.parametrize(
    ("name", "bound", "text"),
    [
        ("make_container", (T,), "t.Container"),
        ("make_override", (T,), "lambda: make_override(t)"),
        ("make_bound_type", (T,), "lambda: t.Instance"),
        ("make_list", (), "make_list"),
        ("refer_by_append", (), "refer_by_append"),
        ("refer_by_member", (T,), "t.set_member"),
    ],
)
def test_functions_as_values(name: str, bound: tuple[Code, ...], text: str) -> None:
    assert LIBRARY.write_value(name, *bound).text == text


OWN = """
def make_own_one(t):
    import numpy as np

    return np.array(t.One("t", t=1))


def make_own_two(t):
    return [t.Two() for t in (t,)]


def make_own_mine(t):
    return t.Mine(mine)


def act_own_use(t):
    def act(subject):
        print(f"{t.one} and ü {t.two}", t)

    return act


def at_weakref(node, act):
    t.not_of_the_extension(node)
"""


def own_source(name: str) -> str:
    return load_library(OWN, "mine").functions[name].source


def test_a_packages_functions_call_its_module_by_name() -> None:
    assert own_source("make_own_one").endswith('return np.array(mine.One("t", t=1))')
    assert own_source("act_own_use").startswith("def act_own_use(mine):\n    def act(subject):\n")
    assert "{mine.one} and ü {mine.two}" in own_source("act_own_use")


@pytest.mark.parametrize("name", ["make_own_two", "make_own_mine", "at_weakref"])
def test_another_meaning_of_a_name_is_left_alone(name: str) -> None:
    """`t` is bound again, the module's name is taken, or `t` is no parameter."""
    assert own_source(name) == load_library(OWN).functions[name].source


def test_a_packages_functions_take_the_place_of_others() -> None:
    mine = load_library(OWN, "mine")
    assert mine.functions["at_weakref"].parameters == ("node", "act")
    assert mine.functions["make_list"].source == LIBRARY.functions["make_list"].source


def test_an_import_under_another_name_comes_along() -> None:
    code = load_library(OWN, "mine").write_call("make_own_one", Code("mine", ("mine",)))
    assert code.text == 'np.array(mine.One("t", t=1))'
    assert code.modules == ("mine", "numpy as np")
    assert "np" in load_library(OWN, "mine").names


def test_what_is_called_comes_first() -> None:
    assert LIBRARY.collect({"hold_in_sys", "hold_in_thread_dict"}) == [
        *("free_key", "hold_in_sys", "thread_dict", "hold_in_thread_dict"),
    ]


@pytest.mark.parametrize("name", LIBRARY.functions)
def test_what_is_copied_stands_alone(name: str) -> None:
    """With the functions that it calls and the platform's there is nothing else that it needs."""
    names: dict[str, object] = {}
    for one in LIBRARY.collect({name}):
        if one not in PLATFORM:
            exec(LIBRARY.functions[one].source, names)
    assert names[name]
