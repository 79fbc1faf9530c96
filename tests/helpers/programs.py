"""Any program at all: `st.from_type(Program)`, and its parts, `st.from_type(Step)`. And tables of
steps with and without effect."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from finfuzz.program.language import OPERATIONS, Operation, Role
from finfuzz.program.model import Program, Step
from finfuzz.program.prefixes import list_effects
from finfuzz.program.scope import Scope
from finfuzz.program.text import parse
from finfuzz.program.words import Choice
from finfuzz.support.cpythons import NEWEST

settings.register_profile(
    "finfuzz",
    deadline=None,  # other processes may take the machine meanwhile: nothing here is about time
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("finfuzz")

# Few, so that steps speak of the same things; `main` and `i` for nodes and interpreters alike.
NAMES = st.sampled_from(["a", "b", "i", "main", "z_9", "x" * 32])
PRINTABLE = st.characters(exclude_categories=["C", "Z"], include_characters=" ")
COMMENTS = st.just("") | st.text(PRINTABLE, max_size=8).map(str.strip)
ABOVE = st.just(()) | st.lists(COMMENTS, max_size=2).map(tuple)


def arguments(parameter: Role | Choice) -> st.SearchStrategy[str]:
    if isinstance(parameter, Choice):
        return st.sampled_from(parameter.texts)
    if parameter is Role.NEW_INTERPRETER:
        return NAMES.filter(lambda name: name != "main")
    return NAMES


def steps_of(operation: Operation) -> st.SearchStrategy[Step]:
    args = st.tuples(*map(arguments, operation.parameters))
    return st.builds(Step, st.just(operation.name), args, ABOVE, COMMENTS)


STEPS = st.one_of([steps_of(operation) for operation in OPERATIONS.values()])
PROGRAMS = st.builds(Program, st.lists(STEPS, max_size=10).map(tuple), ABOVE)

st.register_type_strategy(Step, STEPS)
st.register_type_strategy(Program, PROGRAMS)


def effects_are(table: str, python: tuple[int, int] = NEWEST, *, abuse: bool = False) -> None:
    """Each line of ``table``: ``+`` or ``-``, then the step."""
    lines = [line.split(maxsplit=1) for line in table.strip().splitlines()]
    program = parse("finfuzz 1\n" + "\n".join(step for _, step in lines))
    effects = list_effects(program, Scope(python, abuse))
    found = [
        ["+" if has_effect else "-", text]
        for has_effect, (_, text) in zip(effects, lines, strict=True)
    ]
    assert found == lines
