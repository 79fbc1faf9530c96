"""Compile the code of zygotes and hand it to the runtime, marshalled, by name.

The names are `main`, `driver` and each function of ``words/``. Such a function is a pair: the names
of the functions that it calls, and its code. ``zygote.py`` runs this file and provides ``folder``
(this one) and ``runtime``.
"""

import marshal
import posix
import sys

FOLDER = sys.argv[2].rpartition("/")[0]
try:
    FILES = posix.listdir(FOLDER)
except FileNotFoundError:  # the build is gone: the extension's import will name it
    FILES = []


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def compile_file(name, before=""):
    return compile_code(folder + "/" + name, before)  # noqa: F821  defined in zygote.py


def compile_code(path, before=""):
    return compile(before + read(path), path.rpartition("/")[2], "exec")


def find_functions(code):
    return [const for const in code.co_consts if isinstance(const, type(code))]


def find_names(code):
    return set(code.co_names).union(*map(find_names, find_functions(code)))


def compile_words():
    files = [name for name in sorted(posix.listdir(folder + "/words")) if name.endswith(".py")]  # noqa: F821
    functions = [code for name in files for code in find_functions(compile_file("words/" + name))]
    if "words.py" in FILES:  # the target's own, which take the place of others
        functions += find_functions(compile_code(FOLDER + "/words.py"))
    codes = {code.co_name: code for code in functions}
    return {
        name: (sorted(find_names(code) & (codes.keys() - {name})), code)
        for name, code in codes.items()
    }


def keep(name, thing):
    runtime.keep_code(name, marshal.dumps(thing))  # noqa: F821  defined in zygote.py


# For subinterpreters too: each has a path of its own.
before = """
import sys; sys.path.insert(0, %r)
FIRST, SECOND, OWN_MODULES = "finfuzz_target", "finfuzz_second", ()
"""
before = read(FOLDER + "/before.py") if "before.py" in FILES else before % FOLDER
keep("main", compile_file("entry.py"))
keep("driver", compile_file("driver.py", before))
for each in compile_words().items():
    keep(*each)
