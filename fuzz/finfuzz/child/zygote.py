"""The script that a target's CPython runs, with these arguments:

    zygote.py RUNTIME EXTENSION SECOND SHARED [REQUEST RESPONSE STDERR IMPORTED]

SECOND is the target's other extension, or empty. With the three pipes the process is a zygote and
forks a child for each program. Without them it is a fresh process and runs the program in shared
memory itself. IMPORTED is 1 for a zygote that imports the extension once, on behalf of programs
that begin with an import. The program always ends as a script ends: `__main__` returns, and CPython
finalizes.

Each child copies and finalizes every object here that CPython does not start with, and that costs
more than the rest of the child (docs/speed.md). So this file imports nothing. Compiling leaves
holes in the heap, so another process compiles all but this file, which is short; entry.py continues
it.
"""

import marshal
import sys


def load_runtime(path):
    import _imp

    class Spec:
        name, origin = "finfuzz_runtime", path

    return _imp.create_dynamic(Spec)  # multi-phase: neither sys.modules nor CPython keeps it


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
exec(marshal.loads(runtime.get_code("main")))
