"""The shell commands that build a script's extension, with the files of its framework."""

from __future__ import annotations

import shlex
from pathlib import Path

from finfuzz.support.errors import UserError
from finfuzz.targets.extension_plan import FIRST
from finfuzz.targets.frameworks.framework import ReleasePackage
from finfuzz.targets.release_files import list_includes
from finfuzz.targets.spec import TargetSpec

_WIDTH = 90
_COMPILE = "${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden"


def write_extension_commands(
    module: str, spec: TargetSpec, *, is_free_threaded: bool, watch: bool, alone: bool
) -> list[str]:
    """Write the commands that build the extension of that module name, for one release.

    ``alone``: there is no other. ``is_free_threaded``: the CPython is. ``watch``: the extension is
    linked so that it sees its internals made.
    """
    record, policy = spec.record, spec.record.find_policy(spec.policy)
    policy_and_switches = spec.policy, spec.switches
    options = [*record.list_compile_flags(*policy_and_switches, is_free_threaded=is_free_threaded)]
    options += [] if alone else [f"-DFINFUZZ_MODULE={module}"]
    link = [*(record.link_flags if watch else ()), *policy.link_flags]
    package = record.releases
    if package is None:
        return write_compile(["extension.cpp"], module, [*options, *link])
    variable = package.variable if module == FIRST else package.second_variable
    lines = _find_files(package, variable, spec)
    includes = _write_includes(package, variable, spec)
    source, own = "extension.cpp", [f'"${variable}/{unit}"' for unit in package.units]
    if record.translator:
        source = f"{module}.cpp"
        translation = record.list_translate_flags(spec.policy, module)
        lines += [
            f": ${{{record.translator.variable}:=$PYTHON}}",
            f'"${record.translator.variable}" "${variable}/{record.translator.script}" \\',
            f"    {' '.join(translation)} -o {source} extension.pyx",
        ]
    given = [*includes, *options]
    if policy.side_module is None:
        given += package.unit_flags
        return [*lines, *write_compile([source, *own], module, [*given, *link])]
    lines += write_compile([source], module, [*given, *link])
    if module != FIRST:
        return lines
    side = policy.side_module
    flags = record.list_side_flags(*policy_and_switches, is_free_threaded=is_free_threaded)
    units = [f'"${variable}/{unit}"' for unit in side.units]
    return [*lines, *write_compile(units, side.name, [*includes, *flags])]


def write_compile(sources: list[str], module: str, options: list[str]) -> list[str]:
    """Write the command that compiles a module, on three lines or more."""
    return [
        f"{_COMPILE} \\",
        *(f"    {line} \\" for line in _fill(['-I"$INCLUDE"', *options, "-pthread"])),
        f'    {" ".join(sources)} -o {module}"$SUFFIX"',
    ]


def _fill(words: list[str]) -> list[str]:
    """Join words to lines; one word may hold quoted spaces."""
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) > _WIDTH:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines


def _write_includes(package: ReleasePackage, variable: str, spec: TargetSpec) -> list[str]:
    """Write the options of the include folders; those that a checkout lacks are elsewhere."""
    if spec.path is None:
        return [f'-I"${variable}{_below(include)}"' for include in package.includes]
    root = _find_root(package, spec.path)
    found = zip(package.includes, list_includes(package, root), strict=True)
    return [
        f'-I"${variable}{_below(include)}"' if folder == root / include else f"-I{_quote(folder)}"
        for include, folder in found
    ]


def _below(folder: str) -> str:
    return f"/{folder}" if folder else ""


def _find_files(package: ReleasePackage, variable: str, spec: TargetSpec) -> list[str]:
    """Write the lines that find the framework's files in a checkout, or let pip fetch them."""
    if spec.path is not None:
        return [f": ${{{variable}:={_quote(_find_root(package, spec.path))}}}"]
    folder = f"{package.name}-{spec.version}"
    install = f"install -q --no-deps -t {folder} {package.name}=={spec.version}"
    return [
        f": ${{{variable}:={folder}{_below(package.wheel_root)}}}",
        f'test -d "${variable}" ||',
        f'    "$PYTHON" -m pip {install} ||',
        f"    pip {install}",  # sources, so any Python's does: a distribution's may have none
    ]


def _find_root(package: ReleasePackage, checkout: Path) -> Path:
    """Find the root of a checkout, which may be gone by now."""
    root = checkout / package.checkout_root
    return root if root.is_dir() else checkout


def _quote(path: Path) -> str:
    """Quote a path for the shell, and for the docstring and the comments that hold the command.

    Raise UserError if that is impossible.
    """
    text = str(path)
    if not text.isprintable():
        raise UserError(f"a script can't name {text!r}: rename the folder to printable characters")
    return shlex.quote(text).replace('""', "\"''\"")
