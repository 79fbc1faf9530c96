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
    kept = getattr(t, "Releasing", None)  # else the type goes with the module
    return lambda subject: (kept, convert(5))


def act_gil(t):
    return t.action("gil")


def act_native_thread(t):
    return t.action("native_thread")


def act_override(t):
    call, override = t.call_override, make_override(t)
    return lambda subject: call(override)


def act_call():
    return call_node


def call_node(subject):
    subject()


def act_import():
    return import_something


# The module stays in sys.modules. A busy thread that imported it anew each time would be stopped
# with the import lock, and what imports at the end would wait for ever (3.15.2, plain-c).
def import_something(subject):
    import colorsys  # small, written in Python, and imported by nothing else


def act_import_extension():
    return import_extension


def import_extension(subject):
    import finfuzz_target


def act_repr(t):
    names, write, in_a_list = vars(t), repr, list
    return lambda subject: [write(value) for value in in_a_list(names.values())]


def act_raise():
    error = ValueError

    def raise_something(subject):
        raise error("a hook raises")

    return raise_something


def act_print():
    write = print
    return lambda subject: write("a hook prints")


def act_thread():
    import threading

    make, run = threading.Thread, do_nothing
    return lambda subject: make(target=run, daemon=True).start()


def do_nothing():
    pass


def act_join():
    import _thread
    import threading

    lock = _thread.allocate_lock()
    lock.acquire()
    # No code of Python's that another lock of Python's guards: a fork may come at any time.
    thread = threading.Thread(target=lock.acquire, daemon=True)
    thread.start()
    wake, native_id = wake_thread, thread.native_id
    # On 3.13, which hangs: Thread.join without its call of a module that may be cleared by then.
    join = getattr(thread, "_handle", thread).join

    def end_thread(subject):
        if lock.locked():
            wake(native_id, lock.release)
        join()

    return end_thread


def act_resurrect():
    return leak


def act_atexit():
    import atexit

    register, run = atexit.register, do_nothing
    return lambda subject: register(run)


def act_remote_script():
    import sys

    script = sys._stdlib_dir + "/colorsys.py"  # without effects
    request = request_script
    return lambda subject: request(script)


def act_refill():
    import array

    # A pattern that is no address. An array's memory is a block of exactly so many words. Up to
    # 512 bytes, it is one of hundreds in a pool; of larger ones the C library keeps the last few.
    words = array.array("Q", [0xA5A5A5A5A5A5A5A5])
    sizes = [(size, range(64 if size <= 64 else 8)) for size in range(2, 257, 2)]

    def refill(subject):
        for size, times in sizes:
            [words * size for _ in times]

    return refill


def act_collect():
    import gc

    collect = gc.collect
    return lambda subject: collect()
