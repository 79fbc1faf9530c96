"""Actions: `act_<action>` returns the callable of a hook; its only argument is the subject.

The extension itself performs the first nine: `t.action(name)` returns a callable that its native
hooks recognize. So these actions work even where no Python code may run.
"""


def act_plain(t):
    return t.action("plain")


def act_cast(t):
    return t.action("cast")


def act_lookup(t):
    return t.action("lookup")


def act_create(t):
    return t.action("create")


def act_internals(t):
    return t.action("internals")


def act_cast_back(t):
    return t.action("cast_back")


def act_convert(t):
    return t.action("convert")


def act_convert_releasing(t):
    convert = t.takes_releasing
    return lambda subject: convert(5)


def act_gil(t):
    return t.action("gil")


def act_native_thread(t):
    return t.action("native_thread")


def act_override(t):
    override = make_override(t)
    return lambda subject: t.call_override(override)


def act_call():
    return call_node


def call_node(subject):
    subject()


def act_import():
    return import_something


def import_something(subject):
    import colorsys  # small, written in Python, and imported by nothing else


def act_import_extension():
    return import_extension


def import_extension(subject):
    import finfuzz_target


def act_repr(t):
    return lambda subject: [repr(value) for value in list(vars(t).values())]


def act_raise():
    return raise_something


def raise_something(subject):
    raise ValueError("a hook raises")


def act_print():
    return print_something


def print_something(subject):
    print("a hook prints")


def act_thread():
    return start_thread


def start_thread(subject):
    import _thread

    _thread.start_new_thread(do_nothing, ())


def do_nothing():
    pass


def act_resurrect():
    return leak


def act_atexit():
    return register_atexit


def register_atexit(subject):
    import atexit

    atexit.register(do_nothing)


def act_remote_script():
    import sys

    script = sys._stdlib_dir + "/colorsys.py"  # without effects
    return lambda subject: request_script(script)


def act_collect():
    return collect_garbage


def collect_garbage(subject):
    import gc

    gc.collect()
