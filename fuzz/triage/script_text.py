"""The fixed texts of a standalone script."""

#: What every script imports, to compile the extension.
BASE_IMPORTS = frozenset({"os", "shlex", "subprocess", "sys", "sysconfig"})

HEADER = '''#!/usr/bin/env python3
"""{story}

Run it with CPython {python}. It compiles what lies beside it first, once: that takes a C++ compiler
and {requirement} (PYBIND11_INCLUDE may name a folder of headers).
"""

{imports}

HERE = os.path.dirname(os.path.abspath(__file__))


def pip_headers(requirement):
    folder = os.path.join(HERE, "_headers")
    if not os.path.isdir(folder):
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        options = ["--no-deps", "--root-user-action=ignore", "--target", folder]
        subprocess.run([*pip, *options, requirement], check=True)
    return os.path.join(folder, "pybind11", "include")


def compile_beside(source):
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    result = os.path.join(HERE, {{"extension.cpp": "finfuzz_target"}}.get(source, "capi") + suffix)
    if os.path.exists(result):
        return
    print("compiling", source, file=sys.stderr)
    headers = None
    if source == "extension.cpp":
        headers = os.environ.get("PYBIND11_INCLUDE") or {headers}
    command = [
        *shlex.split(os.environ.get("CXX", "c++")),
        *("-std=c++17", "-O1", "-g", "-DNDEBUG", "-shared", "-fPIC", "-fvisibility=hidden"),
        {defines}"-I" + sysconfig.get_path("include"),
        *(["-I" + headers] if headers else []),
        *(["-Wl,--wrap=PyType_Ready"] if source == "extension.cpp" else ["-fvisibility=default"]),
        *(os.path.join(HERE, source), "-o", result + ".new"),
    ]
    subprocess.run(command, check=True)
    os.rename(result + ".new", result)


for source in {sources}:
    compile_beside(source)
if sys.argv[1:] == ["--compile"]:
    sys.exit()
if sys.version_info[:2] != ({version}):
    print("found on CPython {python}: another one may die of another cause", file=sys.stderr)
sys.path.insert(0, HERE)
{helpers}'''

FUNCTION = """
def make_function():
    held = []

    def function():
        return held

    return function
"""

CALLBACK = """
def callback(held):
    return lambda *args: held and None
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

LOAD_CAPI = """
capi = ctypes.PyDLL(os.path.join(HERE, "capi" + sysconfig.get_config_var("EXT_SUFFIX")))
capi.start.restype = ctypes.c_void_p
capi.run.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
capi.keep.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
capi.stop.argtypes = [ctypes.c_void_p]
capi.stop.restype = None
capi.hold_in_type.argtypes = [ctypes.py_object]
capi.hold_in_type.restype = ctypes.py_object


def run(interpreter, code):
    capi.run(interpreter, textwrap.dedent(code).encode())
"""
