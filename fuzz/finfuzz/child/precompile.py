"""Compiles what zygotes run and hands it to the runtime, marshalled, by name: `main`, `driver`, and
each function of the library as a pair, the names of those that it calls and its code.

Run by ``zygote.py`` with ``folder`` (this one) and ``runtime``.
"""

import marshal
import posix
import sys


def compiled(name, before=""):
    with open(folder + "/" + name, encoding="utf-8") as file:  # noqa: F821  of zygote.py
        return compile(before + file.read(), name.rpartition("/")[2], "exec")


def functions_in(code):
    return [const for const in code.co_consts if isinstance(const, type(code))]


def names_in(code):
    return set(code.co_names).union(*map(names_in, functions_in(code)))


def library():
    files = [name for name in sorted(posix.listdir(folder + "/words")) if name.endswith(".py")]  # noqa: F821
    functions = [code for name in files for code in functions_in(compiled("words/" + name))]
    codes = {code.co_name: code for code in functions}
    return {
        name: (sorted(names_in(code) & (codes.keys() - {name})), code)
        for name, code in codes.items()
    }


def keep(name, thing):
    runtime.keep_code(name, marshal.dumps(thing))  # noqa: F821  of zygote.py


# For subinterpreters too, which have a path of their own.
finds_extension = "import sys; sys.path.insert(0, %r)\n" % sys.argv[2].rpartition("/")[0]
keep("main", compiled("entry.py"))
keep("driver", compiled("driver.py", finds_extension))
for each in library().items():
    keep(*each)
