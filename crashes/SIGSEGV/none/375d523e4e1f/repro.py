#!/usr/bin/env python3
r"""negative reference count, SIGSEGV at 0xd5a in PyModule_Add called by orjson_init_exec, after a
subinterpreter

Crashes (SIGSEGV) while the program runs.

orjson 3.13.0 on CPython 3.13.18: crashed in 10 of 10 runs (72 to 100 %).

Owner: extension (no defect like it on no-extension, plain-c and stdlib:datetime, so orjson is
required).

Run it with CPython 3.13: `python3.13 repro.py`.
It needs CPython 3.13 or later.
First install what it was found with:

    python3.13 -m pip install orjson==3.13.0
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


def program():
    i1 = _interpreters.create("legacy")
    run(i1, """
        def asked(question):
            try:
                return question()
            except Exception as error:
                return "%s: %s" % (type(error).__name__, error)

        def ask(questions):
            \"\"\"Ask questions, each with its name and right answer; print and return the wrong ones.\"\"\"
            import sys

            wrong = []
            for name, right, question in questions:
                answer = asked(question)
                if answer != right:
                    wrong.append("%s: %r, should be %r" % (name, answer, right))
            for line in wrong:
                print("self-check:", line, file=sys.stderr)
            return wrong

        def decode_wrong(orjson):
            try:
                orjson.loads('[1,')
            except orjson.JSONDecodeError as error:
                return error.pos

        def self_check(orjson):
            import datetime
            questions = (
                ('a document is written', '{"key":[1,2.5,null,true]}', lambda: orjson.dumps({'key': [1, 2.5, None, True]}).decode()),
                ('a document is read', True, lambda: orjson.loads('[1, 2.5, null, {}]') == [1, 2.5, None, {}]),
                ('keys that are no strings', '{"1":2}', lambda: orjson.dumps({1: 2}, option=orjson.OPT_NON_STR_KEYS).decode()),
                ('a date', '"2020-01-02"', lambda: orjson.dumps(datetime.date(2020, 1, 2)).decode()),
                ('a fragment', '[{}]', lambda: orjson.dumps([orjson.Fragment(b'{}')]).decode()),
                ('a default', '[1,2]', lambda: orjson.dumps({1, 2}, default=list).decode()),
                ('where a document is wrong', 3, lambda: decode_wrong(orjson)),
            )
            return ask(questions)

        import orjson
        self_check(orjson)
    """)
    run(i1, "del orjson")
    _interpreters.destroy(i1)
    import orjson


program()
