"""The second half of ``zygote.py``: runs in the same module, is compiled in another process."""

import marshal
import sys


def main(functions, extension_path, second, *pipes):
    """Load the driver into this module, then serve programs or run the one program.

    So hooks that a program leaves behind are functions of `__main__` and keep its dict alive, as a
    user's hooks do.
    """
    if not extension_path.endswith(".py"):
        functions.link_extension(extension_path)
    if second:
        functions.link_extension(second)
    names = globals()
    exec(marshal.loads(functions.get_code("driver")), names)
    names["runtime"] = functions
    if not pipes:
        functions.begin_fresh()
    elif not serve(functions, *map(int, pipes)):
        return
    names["run"](functions.get_program())


def serve(functions, request, response, stderr, imported):
    functions.begin_zygote()
    if imported:
        globals()["import_in_use"]()
    return functions.serve(request, response, stderr)


main(runtime, *sys.argv[2:4], *sys.argv[5:])  # noqa: F821  defined in zygote.py
