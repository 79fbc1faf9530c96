"""The fixed texts of a standalone script."""

import re

#: Names that the texts below use: no node may take them.
NAMES = frozenset(
    ("BUILD", "EXTENSION_SUFFIXES", "FOLDER", "HERE", "LIFE", "_interpreters", "capi", "command")
) | {
    *("ctypes", "elsewhere", "error", "interpreters", "options", "os", "program", "run", "signal"),
    *("start", "start_concurrent", "step", "stop_concurrent", "sys", "t", "t2", "textwrap"),
    "threading",
}

#: Modules that every script imports.
BASE_IMPORTS = frozenset({"os", "sys"})

#: The part of a script that compiles its modules, where there are any.
BUILDS = """
BUILD = __doc__.rpartition("::\\n")[2]

if not all(os.path.exists(f"{{HERE}}/{{name}}{{EXTENSION_SUFFIXES[0]}}") for name in {modules}):
    os.chdir(HERE)
    os.environ["PYTHON"] = sys.executable
    if os.system("set -e" + BUILD):
        sys.exit("can't build the modules that this script imports")
"""

#: The first statement of scripts that need more than a package.
COMPILES = """
if sys.argv[1:] == ["--compile"]:
    sys.exit()
"""

#: The part of a script with several lives that has them run inside `main`.
PRELOADS = """
if "AFTER_MAIN" not in os.environ:
    # Start this process anew, with a `main` that goes on when Python's own has returned.
    os.environ["AFTER_MAIN"] = f"{HERE}/after_main{EXTENSION_SUFFIXES[0]}"
    os.environ["LD_PRELOAD"] = os.environ.get("LD_PRELOAD", "") + ":" + os.environ["AFTER_MAIN"]
    with open("/proc/self/cmdline") as command:
        options = command.read().split("\\0")[1:-2]
    os.execv(sys.executable, [sys.executable, *options, __file__])

"""

#: The statements that follow in every script.
BEGINS = """\
if sys.version_info[:2] != ({version}){flags}:
    print("made for CPython {python}: another version may behave differently", file=sys.stderr)
"""
REACHES = "sys.path.insert(0, {folder})\n"

#: The statement of the helpers below that lets another interpreter find the script's modules.
FINDS = re.compile(r'    run\(interpreter(\.id)?, f"import sys; sys\.path\.insert.*\n')

LEAK = """
def leak(node, hold=ctypes.pythonapi.Py_IncRef, as_object=ctypes.py_object):
    hold(as_object(node))  # hooks may call this after ctypes is cleared
"""

INTERPRETER_DICT = """
def interpreter_dict():
    api = ctypes.pythonapi
    api.PyInterpreterState_Get.restype = ctypes.c_void_p
    api.PyInterpreterState_GetDict.restype = ctypes.c_void_p  # borrowed
    api.PyInterpreterState_GetDict.argtypes = [ctypes.c_void_p]
    names = api.PyInterpreterState_GetDict(api.PyInterpreterState_Get())
    return ctypes.cast(names, ctypes.py_object).value
"""

THREAD_DICT = """
def thread_dict():
    ctypes.pythonapi.PyThreadState_GetDict.restype = ctypes.c_void_p  # borrowed
    return ctypes.cast(ctypes.pythonapi.PyThreadState_GetDict(), ctypes.py_object).value
"""

CAPI_START = '''
def start(parent, flavour, call=capi.start):
    """Create a subinterpreter while `parent` is current. Its `__main__` gets the functions leak,
    interpreter_dict and thread_dict."""
    interpreter = call(parent, flavour)
    run(interpreter, f"import sys; sys.path.insert(0, {HERE!r})")
    return interpreter


def run(interpreter, code, call=capi.run):
    call(interpreter, textwrap.dedent(code))
'''

START = '''
def start(*config):
    """Create a subinterpreter that can import the modules next to this script."""
    interpreter = _interpreters.create(*config)
    run(interpreter, f"import sys; sys.path.insert(0, {HERE!r})")
    return interpreter
'''

RUN = """
def run(interpreter, code):
    raised = _interpreters.exec(interpreter, textwrap.dedent(code))
    if raised:
        print(raised.formatted, file=sys.stderr)
"""

CONCURRENT = '''
def start_concurrent():
    """Create a subinterpreter that ends with its object, a global here. Return its id."""
    interpreter = interpreters.create()
    globals()[f"interpreter{interpreter.id}"] = interpreter
    run(interpreter.id, f"import sys; sys.path.insert(0, {HERE!r})")
    return interpreter.id


def stop_concurrent(id):
    """Drop the last reference to a subinterpreter's object."""
    del globals()[f"interpreter{id}"]
'''

#: The same functions before 3.13.
OLD_START = '''
def start():
    """Create a subinterpreter that can import the modules next to this script."""
    interpreter = _interpreters.create()
    run(interpreter, f"import sys; sys.path.insert(0, {HERE!r})")
    return interpreter
'''

OLD_RUN = """
def run(interpreter, code):
    _interpreters.run_string(interpreter, textwrap.dedent(code))
"""

ELSEWHERE = '''
def elsewhere(step):
    """Call `step` in another thread and return its result."""
    result = []
    thread = threading.Thread(target=lambda: result.append(step()))
    thread.start()
    thread.join()
    return result.pop()
'''

FOLLOW = '''
def follow(pid):
    """In the parent of a fork, wait for the child; if a signal killed it, die of the same one."""
    if pid:
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            if os.WTERMSIG(status) == signal.SIGINT:
                signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), os.WTERMSIG(status))
    return pid
'''

AGAIN = '''
LIFE = globals().get("LIFE", 1)


def again():
    """Run this file again in another life of the interpreter, when `main` has returned."""
    read = "open(__file__, encoding='utf-8').read()"
    capi.again(f"__file__, LIFE = {__file__!r}, {LIFE + 1}; exec({read})")
'''

_INTERPRETERS = "_interpreters"
_OLD_INTERPRETERS = "_xxsubinterpreters as _interpreters"

#: The helpers by name, in the order of a script, with the modules that they import.
HELPERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "leak": (LEAK, ("ctypes",)),
    "interpreter_dict": (INTERPRETER_DICT, ("ctypes",)),
    "thread_dict": (THREAD_DICT, ("ctypes",)),
    "capi start": (CAPI_START, ("textwrap",)),
    "start": (START, (_INTERPRETERS,)),
    "run": (RUN, (_INTERPRETERS, "textwrap")),
    "concurrent": (CONCURRENT, ("concurrent.interpreters as interpreters",)),
    "old start": (OLD_START, (_OLD_INTERPRETERS,)),
    "old run": (OLD_RUN, (_OLD_INTERPRETERS, "textwrap")),
    "elsewhere": (ELSEWHERE, ("threading",)),
    "follow": (FOLLOW, ("signal",)),
    "again": (AGAIN, ()),
}

#: The modules among the names above.
MODULES = frozenset(name for _, imports in HELPERS.values() for name in imports) | BASE_IMPORTS

#: Functions that only capi has.
ONLY_CAPI = frozenset({"hold_in_type", "request_script", "wake_thread"})
#: Functions that capi has, for scripts where ctypes won't do.
FROM_CAPI = frozenset({"leak", "interpreter_dict", "thread_dict"}) | ONLY_CAPI
