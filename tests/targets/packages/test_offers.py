"""The vocabulary of a recipe."""

from finfuzz.targets.packages.offers import read_own_words
from finfuzz.targets.packages.recipe import Recipe, RecipeKind


def test_actions_are_meant_for_kinds_by_name_and_by_role() -> None:
    recipe = Recipe(
        "mine",
        kind={
            "function": RecipeKind("t.call", role="native-function"),
            "box": RecipeKind("t.Box()", role="instance"),
        },
        action={"call": "subject()", "open": "t.open(subject)", "both": "t.both(subject)"},
        subject={"call": ("native-function",), "open": ("box", "list"), "both": ("function",)},
    )
    assert read_own_words(recipe).meant == {
        ":function": (":call", ":both"),
        "native-function": (":call",),
        ":box": (":open",),
        "list": (":open",),
    }
