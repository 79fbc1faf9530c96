"""Write the top of a script: its story, what it needs, and its imports."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from finfuzz.targets.packages.package import Package
from finfuzz.targets.spec import TargetSpec
from finfuzz.triage.repro.commands import name_python
from finfuzz.triage.repro.needs import Need, describe_needs, write_checks
from finfuzz.triage.repro.story import TOP, WIDTH, escape_docstring

#: What a script has of the fuzzer, said where it has it.
_WATCH = (
    "The extension is linked with a wrapper around PyType_Ready, which {framework} calls when it "
    "makes its internals: it prints a line when they are made again in one interpreter."
)


@dataclass(frozen=True)
class Run:
    """How a script is run. ``version``: of the CPython, as its command has it (`3.13t`);
    ``in_tree``: it is in its source tree; ``executable``: the path that a user gave of it;
    ``needs``: what its Python must have."""

    version: str
    in_tree: bool = False
    executable: str = ""
    needs: tuple[Need, ...] = ()

    @property
    def command(self) -> str:
        """The interpreter as a person types it."""
        return name_python(self.version, in_tree=self.in_tree)


def write_docstring(
    story: str,
    spec: TargetSpec,
    run: Run,
    lines: list[str],
    package: Package | None,
    *,
    watch: bool = False,
) -> str:
    """Write the docstring, with the commands that build the modules last.

    ``watch``: the extension reports when the framework makes its internals again.
    """
    shown = _describe(spec, run, lines, package, watch=watch)
    if lines:
        shown += ["", *(f"    {line}" for line in lines)]
    told = "\n".join(shown).rstrip()
    return f'{TOP}{escape_docstring(story)}\n\n{told}\n"""\n'


def write_imports(names: Iterable[str], run: Run, *, with_suffixes: bool) -> str:
    """Write the imports of a script, after the checks of its Python."""
    checks = write_checks(run.needs, run.command)
    wanted = set(names) - ({"sys"} if checks else set())
    suffixes = "from importlib.machinery import EXTENSION_SUFFIXES\n" if with_suffixes else ""
    return checks + "".join(f"import {name}\n" for name in sorted(wanted)) + suffixes


def _describe(
    spec: TargetSpec, run: Run, lines: list[str], package: Package | None, *, watch: bool
) -> list[str]:
    told = [_describe_run(run)]
    if package is not None:
        told += _describe_package(spec, run, package)
    elif not lines:
        told.append("finfuzz_target.py, in plain Python, takes the place of an extension.")
    if watch:
        told += [*textwrap.wrap(_WATCH.format(framework=spec.framework), WIDTH), ""]
    if lines:
        told.append(f"The first run builds its modules, with {_describe_requirement(spec)}::")
    return told


def _describe_run(run: Run) -> str:
    where = ", built in its source tree" if run.in_tree else ""
    needs = f"\nIt needs {describe_needs(run.needs)}." if run.needs else ""
    return f"Run it with CPython {run.version}{where}: `{run.command} repro.py`.{needs}"


def _describe_package(spec: TargetSpec, run: Run, package: Package) -> list[str]:
    """Say what has to be installed; nothing for a module of the standard library."""
    if package.pins:
        install = f"{run.command} -m pip install {' '.join(package.pins)}"
        return ["First install what it was found with:", "", f"    {install}", ""]
    version = package.probe.imported.version
    module = f"the module {package.recipe.module}" + (f" {version}" if version else "")
    if spec.path is not None:
        return [f"It needs {module} in {spec.path}."]
    return [f"It needs {module}, as installed in {run.executable}."] if package.site else []


def _describe_requirement(spec: TargetSpec) -> str:
    if spec.record.releases is None:
        return "a C++ compiler"
    if spec.version is None:
        return f"a C++ compiler and the {spec.framework} in {spec.path}"
    second = f" and {spec.second}" if spec.second else ""
    return f"a C++ compiler and {spec.framework} {spec.version}{second} (from PyPI)"
