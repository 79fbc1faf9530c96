#!/usr/bin/env python3
r"""wrong answer, after a subinterpreter: a variable compares: "TypeError: '>=' not supported
between instances of 'kiwisolver.Variable' and 'int'", should be '1 * v + -1 >= 0 | strength =
1.001e+09 (VIO…

Misbehaves without crashing (wrong-answer) while the program runs.

    a variable compares: "TypeError: '>=' not supported between instances of
    'kiwisolver.Variable' and 'int'", should be '1 * v + -1 >= 0 | strength = 1.001e+09
    (VIOLATED)'

kiwisolver 1.5.1 on CPython 3.13.18: misbehaved in 10 of 10 runs (72 to 100 %).

Owner: extension (no defect like it on no-extension and plain-c, so kiwisolver is required).

Run it with CPython 3.13: `python3.13 repro.py`.
It needs CPython 3.13 or later.
First install what it was found with:

    python3.13 -m pip install kiwisolver==1.5.1
"""

import sys

if sys.version_info < (3, 13):
    sys.exit("this script needs CPython 3.13 or later: run it by python3.13")

import _interpreters
import textwrap

if sys.version_info[:2] != (3, 13):
    print("found on CPython 3.13: another version may crash differently", file=sys.stderr)


def run(interpreter, code):
    raised = _interpreters.exec(interpreter, textwrap.dedent(code))
    if raised:
        print(raised.formatted, file=sys.stderr)


def asked(question):
    try:
        return question()
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error)


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


def solve(kiwisolver):
    solver, variable = kiwisolver.Solver(), kiwisolver.Variable('v')
    solver.addConstraint(variable >= 10)
    solver.updateVariables()
    return variable.value()


def self_check(kiwisolver):
    questions = (
        ('a variable compares', '1 * v + -1 >= 0 | strength = 1.001e+09 (VIOLATED)', lambda: str(kiwisolver.Variable('v') >= 1)),
        ('a term multiplies', 3.0, lambda: (3 * kiwisolver.Variable('v')).coefficient()),
        ('an expression adds', 2.0, lambda: (kiwisolver.Variable('v') + 2).constant()),
        ("a constraint's type", True, lambda: type(kiwisolver.Variable('v') >= 1) is kiwisolver.Constraint),
        ('a solved variable', 10.0, lambda: solve(kiwisolver)),
        ('a strength', 1.0, lambda: kiwisolver.strength.create(0, 0, 1)),
    )
    return ask(questions)


def program():
    import kiwisolver
    i1 = _interpreters.create("legacy")
    run(i1, """
        import kiwisolver
    """)
    run(i1, "del kiwisolver")
    _interpreters.destroy(i1)
    self_check(kiwisolver)


program()
