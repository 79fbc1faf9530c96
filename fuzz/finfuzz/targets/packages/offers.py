"""The vocabulary of a package: what its recipe says and, where it was asked, the probe found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from finfuzz.program.shapes import CELL
from finfuzz.program.vocabulary import NOTHING, OwnWords, Vocabulary
from finfuzz.program.words import Kind
from finfuzz.targets.packages.probe import Imported, Probe, ProbedWord
from finfuzz.targets.packages.recipe import Recipe, RecipeKind
from finfuzz.targets.packages.words import takes_cell


def make_vocabulary(recipe: Recipe, probe: Probe) -> Vocabulary:
    """Make the vocabulary of a package's target; words that the probe found broken are absent."""
    answers = {word.place: word for word in probe.words if not word.error}
    kinds = [
        _make_kind(name, kind, answers)
        for name, kind in recipe.kind.items()
        if f"kind.{name}" in answers
    ]
    actions = [f":{name}" for name in recipe.action if f"action.{name}" in answers]
    checks = "check" in answers and not answers["check"].wrong
    return replace(
        NOTHING,
        operations=frozenset({"self-check"} if checks else ()),
        kinds=frozenset({"extension"}),
        hooks=frozenset({"weakref", "finalize"}),
        actions=frozenset({"repr"}),
        own=OwnWords(
            {kind.text: kind for kind in kinds},
            tuple(actions),
            _list_roles(recipe),
            _list_meant(recipe, kinds, actions),
        ),
    )


def read_own_words(recipe: Recipe) -> OwnWords:
    """Read a recipe's words without a probe: all of them are taken to work."""
    return make_vocabulary(recipe, assume_probe(recipe)).own


def assume_probe(recipe: Recipe) -> Probe:
    """Make the answers about a package in which all words of its recipe work."""
    words = [ProbedWord(check=True)] if recipe.check else []
    words += [ProbedWord(action=name) for name in recipe.action]
    for name, kind in recipe.kind.items():
        words.append(ProbedWord(kind=name, weak=True, hashable=True))
        edges = [*([CELL[1:]] if takes_cell(kind) else []), *kind.edges]
        words += [ProbedWord(kind=name, edge=edge) for edge in edges]
    return Probe(Imported(0.0, 0, {}), tuple(words))


def _list_roles(recipe: Recipe) -> dict[str, str]:
    return {f":{name}": kind.role for name, kind in recipe.kind.items() if kind.role}


def _list_meant(
    recipe: Recipe, kinds: Sequence[Kind], actions: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """List for each kind the actions that are meant for it, by its own name or by its role."""
    meant: dict[str, list[str]] = {}
    for name, subjects in recipe.subject.items():
        named = {f":{each}" if each in recipe.kind else each for each in subjects}
        stand_ins = {kind.text for kind in kinds if recipe.kind[kind.text[1:]].role in named}
        for kind in sorted(named | stand_ins):
            meant.setdefault(kind, []).append(f":{name}")
    return {kind: tuple(name for name in names if name in actions) for kind, names in meant.items()}


def _make_kind(name: str, kind: RecipeKind, answers: dict[str, ProbedWord]) -> Kind:
    probed = answers[f"kind.{name}"]
    edges = [CELL] if takes_cell(kind) else []
    edges += [f":{edge}" for edge in kind.edges]
    working = [edge for edge in edges if f"kind.{name}.edges.{edge[1:]}" in answers]
    attributes = probed.attributes if kind.attributes is None else kind.attributes
    return Kind(
        f":{name}",
        f"`{kind.make}`",
        edges=(*working, *(("attribute",) if attributes else ())),
        hooks=tuple(f":{hook}" for hook in kind.hooks),
        weak=probed.weak if kind.weak is None else kind.weak,
        hashable=probed.hashable if kind.hashable is None else kind.hashable,
        keeps=kind.keeps,
    )
