"""What a target's CPython runs, with these arguments:

    zygote.py RUNTIME EXTENSION SHARED [REQUEST RESPONSE STDERR]

With the three pipes it is a zygote, forked once per program; without them it runs the one program
in shared memory itself, as a fresh process. Either way the program ends as any script ends:
`__main__` returns, and CPython finalizes.
"""

import marshal
import os
import sys


def prepare(runtime, extension, shared):
    here = os.path.dirname(os.path.abspath(__file__))
    find_extension = "import sys; sys.path.insert(0, %r)\n" % os.path.dirname(extension)
    exec(find_extension)
    import driver

    driver.runtime = load(runtime)
    driver.runtime.attach(shared)
    driver.runtime.link_extension(extension)
    with open(os.path.join(here, "driver.py"), encoding="utf-8") as file:
        code = compile(find_extension + file.read(), "driver.py", "exec")
    driver.runtime.set_driver_code(marshal.dumps(code))
    return driver


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
    runtime, extension, shared = arguments[:3]
    driver = prepare(runtime, extension, int(shared))
    if len(arguments) == 3:
        driver.runtime.begin_fresh()
    elif not driver.runtime.serve(*map(int, arguments[3:])):
        return
    driver.run(driver.runtime.program())


main(sys.argv[1:])
