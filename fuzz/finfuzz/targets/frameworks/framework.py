"""The record of one framework: all of its differences from others, as data.

A module of this package defines a record as ``FRAMEWORK``; nothing else in finfuzz names the
framework. A control is a framework too, without code of its own that could be at fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.support.cpythons import OLDEST, Quirk, Version

#: The policy of a target that names none: the framework as it is released.
RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Policy:
    """A variant of a framework: of its internals' end, or of how its extensions are compiled.

    ``story`` completes "FRAMEWORK VERSION, …" in a script's first lines. ``compile_flags`` and
    ``link_flags`` come after the framework's own. ``sources``: folders in place of the framework's;
    ``vocabulary``: words in place of the framework's. ``style``: the control that is compiled in
    the same way, where that is not the framework's. ``oldest``: the first CPython that it can be
    built for. ``needs_gil``: as of a framework.
    """

    name: str
    story: str
    compile_flags: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    vocabulary: Vocabulary | None = None
    style: str = ""
    oldest: Version = OLDEST
    needs_gil: Quirk | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderPackage:
    """The origin of a framework's headers: a package of the index, or a checkout.

    ``folder`` is the folder of all headers, ``main_header`` one of them, both relative to an
    include folder. ``variable`` and ``second_variable`` name other
    folders to a script. ``mark``: what an extension made with these headers has in its file, as a
    header, the pattern of a number in it, and the text in the file with that number.
    """

    name: str
    oldest: str
    folder: str
    main_header: str
    wheel_include: str
    checkout_include: str
    variable: str
    second_variable: str
    mark: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashMarks:
    """The marks of a framework's crashes, as regular expressions.

    ``exceptions``: diagnostics by the type of an uncaught C++ exception. ``failure``: the beginning
    of its `std::runtime_error` messages. ``causes``, ``deaths`` and ``reports``: pairs of
    diagnostic and message, as in ``diagnosis/messages.py``; groups are the detail. ``namespace``:
    the beginning of its functions' names. ``gives_up``: functions that only throw or abort.
    ``accessors``: functions that ask for its internals. ``routes``: functions on routes to many
    defects.
    """

    exceptions: Mapping[str, str] = field(default_factory=dict)
    failure: str = ""
    causes: tuple[tuple[str, str], ...] = ()
    deaths: tuple[tuple[str, str], ...] = ()
    reports: tuple[tuple[str, str], ...] = ()
    namespace: str = ""
    gives_up: frozenset[str] = frozenset()
    accessors: str = ""
    routes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A framework or control.

    ``sources``: folders of ``child/extensions`` that its extension is compiled from, the one with
    ``module.cpp`` first; empty where finfuzz only recognizes the framework. ``python_module``: the
    module that takes an extension's place instead. ``controls``: targets that should survive, the
    one without any extension first. ``file_marks``: regular expressions of what every extension
    made with it has in its file, stripped or not; the one that says most first. ``vocabulary``: the
    words that its extension has code for.
    ``own_interpreters``: it can start subinterpreters by itself. ``has_internals``: the extension
    sees them created. ``import_hangs``: the quirk of a CPython on which its import in a
    subinterpreter hangs. ``needs_gil``: the quirk of a CPython whose free-threaded builds it can't
    be compiled for. ``is_package``: its targets are packages, each with a vocabulary of its own.
    """

    name: str
    summary: str = ""
    default: bool = False
    sources: tuple[str, ...] = ()
    python_module: str = ""
    policies: tuple[Policy, ...] = (Policy(RELEASED, "as released"),)
    headers: HeaderPackage | None = None
    compile_flags: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    file_marks: tuple[bytes, ...] = ()
    vocabulary: Vocabulary = EVERYTHING
    own_interpreters: bool = False
    has_internals: bool = False
    import_hangs: Quirk | None = None
    needs_gil: Quirk | None = None
    crashes: CrashMarks = field(default_factory=CrashMarks)
    is_package: bool = False

    @property
    def is_target(self) -> bool:
        """Whether it has an extension, or a module in its place, to fuzz."""
        return bool(self.sources or self.python_module or self.is_package)

    @property
    def is_control(self) -> bool:
        """Whether it is a control, whose crashes can't be a framework's."""
        return self.is_target and self.headers is None and not self.is_package

    @property
    def is_compiled(self) -> bool:
        return bool(self.sources)

    @property
    def policy_names(self) -> tuple[str, ...]:
        return tuple(policy.name for policy in self.policies)

    @property
    def forms(self) -> tuple[tuple[str, str], ...]:
        """The forms of its targets, each with its meaning."""
        if self.headers is None:
            return ((self.name, self.summary),)
        return (
            (f"{self.name}==VERSION", "a release"),
            (f"{self.name}==FIRST,SECOND", "two extensions in one process, a release each"),
            (f"{self.name}@PATH", "a checkout, or a folder with its headers"),
        )

    def story(self, policy: str) -> str:
        """Describe a policy, as the end of a sentence that begins with the release."""
        return next(one.story for one in self.policies if one.name == policy)
