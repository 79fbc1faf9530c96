"""The shell commands that build a script's modules, as a person would type them in its folder.

Three variables change them: the Python, the compiler, and the folder of the framework's headers.
"""

from __future__ import annotations

import shlex

from finfuzz.targets.compile_plan import AFTER_MAIN_LINK
from finfuzz.targets.frameworks.framework import HeaderPackage
from finfuzz.targets.spec import TargetSpec

_ASK = """$("$PYTHON" -c 'import sysconfig; print(sysconfig.{})')"""
_INCLUDE = "INCLUDE=" + _ASK.format('get_path("include")')
#: The two folders of headers of a CPython in its source tree: compilers read CPATH.
_IN_TREE = (
    "INCLUDE=" + _ASK.format('get_config_var("srcdir")') + "/Include",
    "CONFIG=" + _ASK.format("get_config_h_filename()"),
    'export CPATH="${CONFIG%/*}"',
)
_SUFFIX = "SUFFIX=" + _ASK.format('get_config_var("EXT_SUFFIX")')
_COMPILE = "${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden"


def list_modules(spec: TargetSpec, *, capi: bool, lives: bool = False) -> list[str]:
    """Name the shared objects that are built: modules and, for more than one life, after_main."""
    extensions = [module for module, _ in _list_extensions(spec)]
    return [*extensions, *(["capi"] if capi else []), *(["after_main"] if lives else [])]


def list_commands(
    spec: TargetSpec,
    python: str,
    *,
    capi: bool,
    watch: bool,
    lives: bool = False,
    in_tree: bool = False,
) -> list[str]:
    """Return the lines, in order; none where there is nothing to build.

    ``python``: a branch with its ABI flags, as commands have them in their names: `3.13t`.
    ``watch``: the extension is linked so that it sees its internals made. ``lives``: the script has
    more than one life. ``in_tree``: the CPython is not installed.
    """
    if not list_modules(spec, capi=capi, lives=lives):
        return []
    headers = _IN_TREE if in_tree else (_INCLUDE,)
    lines = [f": ${{PYTHON:={name_python(python, in_tree=in_tree)}}}", *headers, _SUFFIX]
    link = list(spec.record.link_flags) if watch else []
    package = spec.record.headers
    for module, one in _list_extensions(spec):
        options = [f"-DFINFUZZ_MODULE={module}"] if spec.second else []
        options = [*spec.record.compile_flags, *options]
        if package:
            variable = package.variable if module == _FIRST else package.second_variable
            lines += _find_headers(package, variable, one)
            options = [f'-I"${variable}"', *options]
        lines += _compile("extension.cpp", module, [*options, *link])
    if capi:
        lines += _compile("capi.cpp", "capi", ["-ldl"])
    if lives:
        lines += _compile("after_main.cpp", "after_main", [*AFTER_MAIN_LINK])
    return lines


def name_python(version: str, *, in_tree: bool) -> str:
    """Name the interpreter as a person types it."""
    return "./python" if in_tree else f"python{version}"


_FIRST, _SECOND = "finfuzz_target", "finfuzz_second"


def _list_extensions(spec: TargetSpec) -> list[tuple[str, TargetSpec]]:
    """Pair each module to compile with its target of one release."""
    if not spec.record.is_compiled:
        return []
    return list(zip((_FIRST, _SECOND), spec.extensions, strict=False))


def _find_headers(package: HeaderPackage, variable: str, spec: TargetSpec) -> list[str]:
    """Write the lines that find the framework's headers in a checkout, or let pip fetch them."""
    if spec.path is not None:
        checkout = spec.path / package.checkout_include
        include = checkout if checkout.is_dir() else spec.path
        return [f": ${{{variable}:={shlex.quote(str(include))}}}"]
    folder = f"{package.name}-{spec.version}"
    install = f"install -q --no-deps -t {folder} {package.name}=={spec.version}"
    return [
        f": ${{{variable}:={folder}/{package.wheel_include}}}",
        f'test -d "${variable}" ||',
        f'    "$PYTHON" -m pip {install} ||',
        f"    pip {install}",  # headers, so any Python's does: a distribution's may have none
    ]


def _compile(source: str, module: str, options: list[str]) -> list[str]:
    """Write the command that compiles a module, on three lines."""
    return [
        f"{_COMPILE} \\",
        f'    -I"$INCLUDE" {" ".join((*options, "-pthread"))} \\',
        f'    {source} -o {module}"$SUFFIX"',
    ]
