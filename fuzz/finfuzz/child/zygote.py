"""What a target's CPython runs, with these arguments:

    zygote.py RUNTIME EXTENSION SECOND SHARED [REQUEST RESPONSE STDERR IMPORTED]

SECOND is the target's other extension, or empty. With the three pipes it is a zygote, forked once
per program; without them it runs the one program in shared memory itself, as a fresh process.
IMPORTED is 1 for a zygote whose programs begin by importing the extension, which it does for them.
Either way the program ends as any script ends: `__main__` returns, and CPython finalizes.

Whatever stands here beside what CPython starts with is copied and finalized by each child, and
costs more than the rest of it (docs/speed.md): so nothing is imported, and compilers, which leave
holes in the heap, run in a process of their own. This file is the one that can't; hence entry.py.
"""

import marshal
import sys


def load_runtime(path):
    import _imp

    class Spec:
        name, origin = "finfuzz_runtime", path

    return _imp.create_dynamic(Spec)  # of several phases: neither sys.modules nor CPython keeps it


def compile_elsewhere():
    import posix

    pid = posix.fork()
    if pid:
        posix.waitpid(pid, 0)
        return
    folder = __file__.rpartition("/")[0]
    with open(folder + "/precompile.py", encoding="utf-8") as file:
        exec(compile(file.read(), "precompile.py", "exec"), {"folder": folder, "runtime": runtime})
    posix._exit(0)


runtime = load_runtime(sys.argv[1])
runtime.attach(int(sys.argv[4]))
compile_elsewhere()
exec(marshal.loads(runtime.code("main")))
