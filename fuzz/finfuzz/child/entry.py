"""The rest of ``zygote.py``, in the same module and compiled elsewhere."""

import marshal
import sys


def main(functions, extension_path, second, *pipes):
    """Makes this module the driver too, so that hooks which a program leaves behind are functions
    of `__main__` and keep its dict alive, as a user's do; then serves, or runs the one program."""
    if not extension_path.endswith(".py"):
        functions.link_extension(extension_path)
    if second:
        functions.link_extension(second)
    names = globals()
    exec(marshal.loads(functions.code("driver")), names)
    names["runtime"] = functions
    if not pipes:
        functions.begin_fresh()
    elif not serve(functions, *map(int, pipes)):
        return
    names["run"](functions.program())


def serve(functions, request, response, stderr, imported):
    functions.begin_zygote()
    if imported:
        globals()["extension"]()
    return functions.serve(request, response, stderr)


main(runtime, *sys.argv[2:4], *sys.argv[5:])  # noqa: F821  of zygote.py
