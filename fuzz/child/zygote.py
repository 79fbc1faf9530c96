"""What a target's CPython runs, with these arguments:

    zygote.py RUNTIME EXTENSION SECOND SHARED [REQUEST RESPONSE STDERR]

SECOND is the target's other extension, or empty. With the three pipes it is a zygote, forked once
per program; without them it runs the one program in shared memory itself, as a fresh process.
Either way the program ends as any script ends: `__main__` returns, and CPython finalizes.
"""

import marshal
import os
import sys


def prepare(runtime, extension, second, shared):
    """Makes this module the driver too: hooks that a program leaves behind are then functions of
    `__main__` and keep its dict alive, as a user's do."""
    find_extension = "import sys; sys.path.insert(0, %r)\n" % os.path.dirname(extension)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "driver.py")
    with open(path, encoding="utf-8") as file:
        code = compile(find_extension + file.read(), "driver.py", "exec")
    functions = load(runtime)
    functions.attach(shared)
    if not extension.endswith(".py"):
        functions.link_extension(extension)
    if second:
        functions.link_extension(second)
    functions.set_driver_code(marshal.dumps(code))
    functions.set_library(library_codes())
    exec(code, globals())
    globals()["runtime"] = functions
    return functions


def library_codes():
    """Each function of the library: (names of those that it calls, its code), marshalled."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "library")
    codes = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                module = compile(file.read(), name, "exec")
            codes.update((code.co_name, code) for code in functions_in(module))
    return {
        name: marshal.dumps((sorted(names_in(code) & (codes.keys() - {name})), code))
        for name, code in codes.items()
    }


def functions_in(code):
    return [const for const in code.co_consts if isinstance(const, type(code))]


def names_in(code):
    return set(code.co_names).union(*map(names_in, functions_in(code)))


def load(runtime):
    """Gets the runtime's functions through ctypes, then lets ctypes go: every child would pay for
    it with 0.5 to 0.7 ms of finalization."""
    before = set(sys.modules)
    import ctypes

    functions = ctypes.PyDLL(runtime).finfuzz_runtime
    functions.restype = ctypes.py_object
    module = functions()
    for name in set(sys.modules) - before:
        del sys.modules[name]
    del functions, ctypes
    import gc

    gc.collect()
    return module


def main(arguments):
    functions = prepare(*arguments[:3], int(arguments[3]))
    if len(arguments) == 4:
        functions.begin_fresh()
    elif not functions.serve(*map(int, arguments[4:])):
        return
    run(functions.program())  # noqa: F821  the driver's


main(sys.argv[1:])
