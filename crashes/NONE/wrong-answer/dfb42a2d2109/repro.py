#!/usr/bin/env python3
r"""wrong answer, after a subinterpreter: an error: 'ValidationError: Expected `int`, got `array`',
should be 'Expected `int`, got `array`'

Misbehaves without crashing (wrong-answer) while the program runs.

msgspec 0.22.0 on CPython 3.13.18: misbehaved in 10 of 10 runs (72 to 100 %).

Owner: extension (no defect like it on no-extension, plain-c, stdlib:datetime and
stdlib:decimal, so msgspec is required).

Run it with CPython 3.13: `python3.13 repro.py`.
It needs CPython 3.13 or later.
First install what it was found with:

    python3.13 -m pip install msgspec==0.22.0
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


def decode_wrong(msgspec):
    try:
        msgspec.json.decode(b'[1]', type=int)
    except msgspec.ValidationError as error:
        return str(error)


def self_check(msgspec):
    questions = (
        ('a document', '{"a":[1,null]}', lambda: msgspec.json.encode({'a': [1, None]}).decode()),
        ('a struct', 1, lambda: msgspec.json.decode(b'{"a": 1}', type=msgspec.defstruct('Made', [('a', int)])).a),
        ("a struct's text", 'Made(a=1)', lambda: repr(msgspec.defstruct('Made', ['a'])(1))),
        ('msgpack there and back', True, lambda: msgspec.msgpack.decode(msgspec.msgpack.encode([1, 'a', None])) == [1, 'a', None]),
        ('an extension value', 3, lambda: msgspec.msgpack.decode(msgspec.msgpack.encode(msgspec.msgpack.Ext(3, b'x'))).code),
        ('a hook', '["1j"]', lambda: msgspec.json.encode({1j}, enc_hook=str).decode()),
        ('an error', 'Expected `int`, got `array`', lambda: decode_wrong(msgspec)),
        ('a constant', True, lambda: msgspec.UNSET is msgspec.UnsetType.__new__(msgspec.UnsetType)),
    )
    return ask(questions)


def program():
    i1 = _interpreters.create()  # stdlib
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

        def decode_wrong(msgspec):
            try:
                msgspec.json.decode(b'[1]', type=int)
            except msgspec.ValidationError as error:
                return str(error)

        def self_check(msgspec):
            questions = (
                ('a document', '{"a":[1,null]}', lambda: msgspec.json.encode({'a': [1, None]}).decode()),
                ('a struct', 1, lambda: msgspec.json.decode(b'{"a": 1}', type=msgspec.defstruct('Made', [('a', int)])).a),
                ("a struct's text", 'Made(a=1)', lambda: repr(msgspec.defstruct('Made', ['a'])(1))),
                ('msgpack there and back', True, lambda: msgspec.msgpack.decode(msgspec.msgpack.encode([1, 'a', None])) == [1, 'a', None]),
                ('an extension value', 3, lambda: msgspec.msgpack.decode(msgspec.msgpack.encode(msgspec.msgpack.Ext(3, b'x'))).code),
                ('a hook', '["1j"]', lambda: msgspec.json.encode({1j}, enc_hook=str).decode()),
                ('an error', 'Expected `int`, got `array`', lambda: decode_wrong(msgspec)),
                ('a constant', True, lambda: msgspec.UNSET is msgspec.UnsetType.__new__(msgspec.UnsetType)),
            )
            return ask(questions)

        try:
            import msgspec
            self_check(msgspec)
        except Exception:
            pass  # raises here and in the fuzzer
    """)
    run(i1, "globals().pop('msgspec', None)")
    _interpreters.destroy(i1)
    try:
        import msgspec
        self_check(msgspec)
    except Exception:
        pass  # raises here and in the fuzzer


program()
