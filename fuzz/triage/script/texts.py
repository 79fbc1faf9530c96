"""The fixed texts of a standalone script."""

#: What the texts below call themselves: no node may take these names.
NAMES = frozenset(
    ("EXTENSION_SUFFIXES", "HERE", "LIFE", "capi", "compile_beside", "ctypes", "headers_of", "os")
) | {"program", "signal", "start", "step", "sys", "t", "t2", "textwrap"}

#: What every script imports.
BASE_IMPORTS = frozenset({"os", "sys"})

HEADER = '''#!/usr/bin/env python3
"""{story}

Run it with CPython {python}. It compiles what lies beside it first, once: that takes a C++ compiler
and {requirement} ({variables} may name a folder of headers).
"""

{imports}
from importlib.machinery import EXTENSION_SUFFIXES

HERE = os.path.dirname(os.path.abspath(__file__))


def headers_of(origin):
    """Where a framework's headers are: its folder, or what pip downloads."""
    if os.path.isdir(origin):
        return origin
    folder = os.path.join(HERE, "_headers", origin)
    if not os.path.isdir(folder):
        import subprocess

        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        options = ["--no-deps", "--root-user-action=ignore", "--target", folder]
        subprocess.run([*pip, *options, origin], check=True)
    return os.path.join(folder, "pybind11", "include")


def compile_beside(source, module, origin, variable, *options):
    """Compiles a source into a module, both beside this script, if it isn't there already."""
    result = os.path.join(HERE, module + EXTENSION_SUFFIXES[0])
    if os.path.exists(result):
        return
    import shlex
    import subprocess
    import sysconfig

    print("compiling", source, file=sys.stderr)
    headers = os.environ.get(variable) or (origin and headers_of(origin))
    command = [
        *shlex.split(os.environ.get("CXX", "c++")),
        *("-std=c++17", "-O1", "-g", "-DNDEBUG", "-shared", "-fPIC", "-fvisibility=hidden"),
        "-I" + sysconfig.get_path("include"),
        *(["-I" + headers] if headers else []),
        *options,
        *(os.path.join(HERE, source), "-o", result + ".new", "-ldl", "-lpthread"),
    ]
    subprocess.run(command, check=True)
    os.rename(result + ".new", result)


{compiles}
if sys.argv[1:] == ["--compile"]:
    sys.exit()
if sys.version_info[:2] != ({version}):
    print("found on CPython {python}: another one may die of another cause", file=sys.stderr)
sys.path.insert(0, HERE)
'''

LEAK = """
def leak(node, hold=ctypes.pythonapi.Py_IncRef, as_object=ctypes.py_object):
    hold(as_object(node))  # a hook may call this when ctypes is cleared already
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

START_AND_RUN = '''
def start(parent, flavour):
    """A new subinterpreter, created while `parent` is current. Its `__main__` has the functions
    leak, interpreter_dict and thread_dict."""
    interpreter = capi.start(parent, flavour)
    run(interpreter, f"import sys; sys.path.insert(0, {HERE!r})")
    return interpreter


def run(interpreter, code, call=capi.run):
    call(interpreter, textwrap.dedent(code))
'''

FOLLOW = '''
def follow(pid):
    """In the parent of a fork: waits for the child, and dies of its signal if it died of one."""
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
    """After this life of the interpreter, another one runs this file too, in the same process."""
    code = f"__file__, LIFE = {__file__!r}, {LIFE + 1}; exec(open(__file__).read())"
    capi.again(code)
'''

#: The helpers in the order they stand in, by name, with the modules that they import.
HELPERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "leak": (LEAK, ("ctypes",)),
    "interpreter_dict": (INTERPRETER_DICT, ("ctypes",)),
    "thread_dict": (THREAD_DICT, ("ctypes",)),
    "run": (START_AND_RUN, ("textwrap",)),
    "follow": (FOLLOW, ("signal",)),
    "again": (AGAIN, ()),
}

#: What capi has where ctypes won't do.
FROM_CAPI = frozenset({"leak", "interpreter_dict", "thread_dict", "hold_in_type"})
