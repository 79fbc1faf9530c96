"""The walk says where each step runs and which interpreters live meanwhile."""

from hypothesis import given
from hypothesis import strategies as st

from finfuzz.program.model import Program
from finfuzz.program.prefixes import list_effects
from finfuzz.program.scope import Scope, effective
from finfuzz.program.text import parse
from finfuzz.program.vocabulary import EVERYTHING
from finfuzz.program.walk import FIRST, InterpreterLife, walk

PROGRAM = parse("""finfuzz 1
start i1 legacy
enter i1
node a list
start i2 stdlib
start i1 legacy
stop i1
node b list
start i1 isolated
again
enter i2
node c list
""")
I1 = InterpreterLife("i1", 1, 0, "legacy")
I2 = InterpreterLife("i2", 1, 3, "stdlib")
I1_AGAIN = InterpreterLife("i1", 1, 7, "isolated")
SECOND = InterpreterLife("main", 2, 8)


def test_each_step_runs_where_the_steps_before_it_say() -> None:
    visits = list(walk(PROGRAM))
    assert [visit.position for visit in visits] == list(range(len(PROGRAM)))
    assert [visit.step for visit in visits] == list(PROGRAM.steps)
    assert [visit.interpreter for visit in visits] == [
        *(FIRST, FIRST, I1, I1, I1, I1),
        *(FIRST, FIRST, FIRST, SECOND, SECOND),
    ]
    without_effect = [visit.position for visit in visits if not visit.has_effect]
    assert without_effect == [4, 9], "i1 lives, and i2 ended with its life"


def test_interpreters_begin_and_end_by_their_steps() -> None:
    visits = list(walk(PROGRAM))
    begun = {visit.position: visit.begins for visit in visits if visit.begins}
    ended = {visit.position: visit.ends for visit in visits if visit.ends}
    assert begun == {0: I1, 3: I2, 7: I1_AGAIN, 8: SECOND}
    assert ended == {5: (I1,), 8: (FIRST, I2, I1_AGAIN)}
    assert visits[-1].alive == visits[-1].alive_after == (SECOND,)


def test_what_has_an_effect_depends_on_python_rules_and_target() -> None:
    program = parse("finfuzz 1\nstart i strict\nnode a smart\nnode b list\nroot b static-object\n")

    def effects(**options: object) -> list[bool]:
        return [visit.has_effect for visit in walk(program, **options)]  # type: ignore[arg-type]

    assert effects() == [True, True, True, False]
    assert effects(abuse=True) == [True, True, True, True]
    assert effects(python=(3, 11)) == [False, True, True, False]
    assert effects(offers=EVERYTHING.without(kinds=["smart"])) == [True, False, True, False]


@given(st.from_type(Program), st.booleans())
def test_the_walk_is_where_the_scope_is(program: Program, abuse: bool) -> None:
    scope = Scope(abuse=abuse)
    effects = list_effects(program, Scope(abuse=abuse))
    for visit in walk(program, abuse=abuse):
        assert visit.interpreter.name == scope.current
        assert visit.interpreter.life == scope.lives
        assert [each.name for each in visit.alive] == ["main", *scope.flavours]
        scope.apply(visit.step)
        assert visit.has_effect == effects[visit.position]
        assert [each.name for each in visit.alive_after] == ["main", *scope.flavours]
        assert [each.flavour for each in visit.alive_after] == ["", *scope.flavours.values()]
    taken = [visit.step for visit in walk(program, abuse=abuse) if visit.has_effect]
    assert tuple(taken) == effective(program, abuse=abuse).steps


def test_a_recipes_words_have_an_effect_where_no_target_is_named() -> None:
    text = (
        "finfuzz 1\nnode a :box\nnode b list\nedge a b :holds\nhook a :left :use\nedge b a append\n"
    )
    assert all(visit.has_effect for visit in walk(parse(text)))
    assert not all(visit.has_effect for visit in walk(parse(text), offers=EVERYTHING))
