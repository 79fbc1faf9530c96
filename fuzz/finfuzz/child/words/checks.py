"""The self-check: questions to the extension with the same right answer in each interpreter's life.

Several of pybind11's fixes for subinterpreters were for wrong answers, not for crashes.
"""


def self_check(t):
    """Ask all questions; print each wrong answer on standard error and return these lines."""
    instance = t.Instance()
    override = make_override(t)
    questions = (
        ("an instance's value", 7, lambda: t.value_of(instance)),
        ("cast there and back", True, lambda: t.same(instance) is instance),
        ("an implicit conversion", 5, lambda: t.takes_wrapped(5)),
        ("an enum's name", "red", lambda: t.colour_name(t.Colour(1))),
        ("a native enum's member", True, lambda: t.NativeColour(1) is t.NativeColour.red),
        ("a translated exception", True, lambda: raises(t.raise_error, t.Error)),
        ("an override", 42, lambda: t.call_override(override)),
        ("static storage", "finfuzz", lambda: t.static_answer()),
        ("a type's module", "finfuzz_", lambda: t.Instance.__module__[:8]),
    )
    return ask(questions)


def ask(questions):
    """Ask questions, each with its name and right answer; print and return the wrong ones."""
    import sys

    wrong = []
    for name, right, question in questions:
        answer = asked(question)
        if answer != right:
            wrong.append("%s: %r, should be %r" % (name, answer, right))
    for line in wrong:
        print("self-check:", line, file=sys.stderr)
    return wrong


def asked(question):
    try:
        return question()
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error)


def raises(function, expected):
    try:
        function()
    except Exception as error:
        return type(error) is expected
    return False
