"""Decide how to compile a target's extensions: the only part that differs by framework."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from finfuzz.targets.frameworks.framework import Framework, Policy, Translator
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.release_files import list_files, list_includes
from finfuzz.targets.spec import TargetSpec
from finfuzz.targets.units import CALLBACK_FLAGS, COMMON_FLAGS, COVERED_FLAGS, Library, Unit

#: Names of the modules of a target's extensions.
FIRST, SECOND = "finfuzz_target", "finfuzz_second"


@dataclass(frozen=True, slots=True)
class ExtensionPlan:
    """Plans the extensions of a target, and the module that holds its framework's own code."""

    child: Path
    spec: TargetSpec
    interpreter: Interpreter
    instrumented: bool
    reduced: bool = False

    @property
    def _record(self) -> Framework:
        return self.spec.record

    @property
    def _policy(self) -> Policy:
        return self._record.find_policy(self.spec.policy)

    def plan(self, name: str, root: Path | None) -> Library:
        """Plan the extension of that module name, with the framework's files in ``root``."""
        prefix = "" if name == FIRST else f"{name}-"
        more = () if name == FIRST else (f"-DFINFUZZ_MODULE={name}",)
        folder = self.child / "extensions" / (self._policy.sources or self._record.sources)[0]
        source, translate = folder / self._record.main_source, tuple[str, ...]()
        if translator := self._record.translator:
            translate = self._write_translation(translator, name, root)
        if translate or self.reduced:
            source = Path(f"{name}.cpp")
        flags = (*self._flags, *more)
        units = [Unit(source, (*flags, *self._covered), prefix)]
        if self.instrumented:
            callback = self.child / "extensions" / "common" / "coverage.cpp"
            units.append(Unit(callback, (*flags, *CALLBACK_FLAGS), prefix))
        return Library(
            f"{name}{self.interpreter.ext_suffix}",
            (*units, *self._plan_own_units(root, prefix)),
            (*self._record.link_flags, *self._policy.link_flags),
            root,
            self._list_includes(root),
            translate,
            folder if translate else None,
            self.reduced,
        )

    def plan_side_module(self, root: Path | None) -> Iterator[Library]:
        """Plan the module beside the extensions, if the target has one."""
        side, package = self._policy.side_module, self._record.releases
        if side is None or package is None or root is None:
            return
        own = self._record.list_side_flags(
            self.spec.policy,
            self.spec.switches,
            is_free_threaded=self.interpreter.is_free_threaded,
        )
        flags = (*COMMON_FLAGS, *own)
        depends = tuple(list_files(package, root))
        units = [Unit(root / unit, flags, f"{side.name}-", depends) for unit in side.units]
        name = f"{side.name}{self.interpreter.ext_suffix}"
        yield Library(name, tuple(units), (), root, self._list_includes(root))

    def _plan_own_units(self, root: Path | None, prefix: str) -> Iterator[Unit]:
        """Plan the framework's own sources, which are compiled into each extension."""
        package = self._record.releases
        if package is None or root is None or self._policy.side_module:
            return
        depends = tuple(list_files(package, root)) if package.units else ()
        for unit in package.units:
            flags = (*self._flags, *package.unit_flags, *self._covered)
            yield Unit(root / unit, flags, prefix, depends)

    @property
    def _flags(self) -> tuple[str, ...]:
        """The flags of every unit of an extension."""
        flags = self._record.list_compile_flags(
            self.spec.policy,
            self.spec.switches,
            is_free_threaded=self.interpreter.is_free_threaded,
        )
        return (*COMMON_FLAGS, *define_policies(self.spec), *flags)

    @property
    def _covered(self) -> tuple[str, ...]:
        return COVERED_FLAGS if self.instrumented else ()

    def _list_includes(self, root: Path | None) -> tuple[Path, ...]:
        package = self._record.releases
        return tuple(list_includes(package, root)) if package and root else ()

    def _write_translation(
        self, translator: Translator, name: str, root: Path | None
    ) -> tuple[str, ...]:
        assert root is not None, "only a release has a translator"
        flags = self._record.list_translate_flags(self.spec.policy, name)
        script = str(root / translator.script)
        return (sys.executable, script, *flags, self._record.main_source, "-o")


def define_policies(spec: TargetSpec) -> tuple[str, ...]:
    """Return a definition for each policy of the framework: 1 for the target's own, else 0."""
    names = spec.record.policy_names
    return tuple(f"-D{name_macro(name)}={int(name == spec.policy)}" for name in names)


def name_macro(policy: str) -> str:
    """Name the macro that is 1 for a policy's own builds."""
    return f"FINFUZZ_POLICY_{policy.upper().replace('-', '_')}"
