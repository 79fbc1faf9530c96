"""The shell commands that build a script's modules, as a person would type them in its folder.

Three variables change them: the Python, the compiler, and the folder of the framework's headers.
"""

from __future__ import annotations

from finfuzz.targets.compile_plan import AFTER_MAIN_LINK
from finfuzz.targets.extension_plan import FIRST, SECOND
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.repro.extension_commands import write_compile, write_extension_commands

_ASK = """$("$PYTHON" -c 'import sysconfig; print(sysconfig.{})')"""
_INCLUDE = "INCLUDE=" + _ASK.format('get_path("include")')
#: The two folders of headers of a CPython in its source tree: compilers read CPATH.
_IN_TREE = (
    "INCLUDE=" + _ASK.format('get_config_var("srcdir")') + "/Include",
    "CONFIG=" + _ASK.format("get_config_h_filename()"),
    'export CPATH="${CONFIG%/*}"',
)
_SUFFIX = "SUFFIX=" + _ASK.format('get_config_var("EXT_SUFFIX")')


def list_modules(spec: TargetSpec, *, capi: bool, lives: bool = False) -> list[str]:
    """Name the shared objects that are built: modules and, for more than one life, after_main."""
    side = spec.record.find_policy(spec.policy).side_module
    modules = [module for module, _ in _list_extensions(spec)] + ([side.name] if side else [])
    return [*modules, *(["capi"] if capi else []), *(["after_main"] if lives else [])]


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
    extensions = _list_extensions(spec)
    lines += [
        line
        for module, one in extensions
        for line in write_extension_commands(
            module, one, is_free_threaded="t" in python, watch=watch, alone=len(extensions) == 1
        )
    ]
    if capi:
        lines += write_compile(["capi.cpp"], "capi", ["-ldl"])
    if lives:
        lines += write_compile(["after_main.cpp"], "after_main", [*AFTER_MAIN_LINK])
    return lines


def name_python(version: str, *, in_tree: bool) -> str:
    """Name the interpreter as a person types it."""
    return "./python" if in_tree else f"python{version}"


def _list_extensions(spec: TargetSpec) -> list[tuple[str, TargetSpec]]:
    """Pair each module to compile with its target of one release."""
    if not spec.record.is_compiled:
        return []
    return list(zip((FIRST, SECOND), spec.extensions, strict=False))
