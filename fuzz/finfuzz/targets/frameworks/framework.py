"""The record of one framework: all of its differences from others, as data.

A module of this package defines a record as ``FRAMEWORK``; nothing else in finfuzz names the
framework. A control is a framework too, without code of its own that could be at fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from packaging.version import Version

from finfuzz.program.vocabulary import EVERYTHING, Vocabulary
from finfuzz.support.cpythons import Quirk, has
from finfuzz.targets.switch import ASSERTS, Switch

#: Words that an extension has no code for, with the reason why, by their sort in a vocabulary.
Lacks = Mapping[str, Mapping[str, str]]

#: The policy of a target that names none: the framework as it is released.
RELEASED = "released"


@dataclass(frozen=True, slots=True)
class SideModule:
    """A module beside the extension that holds the framework's own code, which others may share.

    ``units``: its sources, relative to the root of a release.
    """

    name: str
    units: tuple[str, ...]
    compile_flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A variant of a framework: of its internals' end, or of how its extensions are compiled.

    ``story`` completes "FRAMEWORK VERSION, …" in a script's first lines. ``compile_flags`` and
    ``link_flags`` come after the framework's own, ``translate_flags`` go to its translator.
    ``sources``: folders in place of the framework's; ``lacks``: further words that its extension
    has no code for. ``style``: the control that is compiled in the same way, where that is not the
    framework's. ``side_module``: has the framework's own sources in place of the extension.
    ``is_ours``: no release has it; our extension does it in the framework's place. ``needs``: the
    feature of CPython without which it can't be built. ``since``: the first release that has it.
    ``needs_gil``: as of a framework.
    """

    name: str
    story: str
    compile_flags: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()
    translate_flags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    lacks: Lacks = field(default_factory=dict)
    style: str = ""
    side_module: SideModule | None = None
    is_ours: bool = False
    needs: Quirk | None = None
    since: str = ""
    needs_gil: Quirk | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePackage:
    """The origin of a framework's files: a package of the index, or a checkout.

    Each has a root, ``wheel_root`` or ``checkout_root``, with ``main_file`` in it. ``folders``:
    what is used of a root; ``includes``: the compiler's include folders; ``units``: sources to
    compile into each extension, with ``unit_flags``; all relative to the root. An include folder
    that a checkout lacks, since it is another project's, is taken from the newest release.
    ``header_folder``: the beginning of its headers' names. ``variable`` and ``second_variable``
    name other roots to a script. ``mark``: what an extension made with it has in its file, as a
    file of the release or a folder of files, the pattern of a number in it, and the text in the
    extension with that number; without a file, with the release, whose points are underscores.
    """

    name: str
    oldest: str
    wheel_root: str
    checkout_root: str
    main_file: str
    folders: tuple[str, ...]
    variable: str
    second_variable: str
    includes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    unit_flags: tuple[str, ...] = ()
    header_folder: str = ""
    mark: tuple[str, str, str] | None = None

    @property
    def checkout_paths(self) -> tuple[str, ...]:
        """What is used of a checkout, relative to it."""
        if self.checkout_root:
            return (self.checkout_root,)
        return self.folders


@dataclass(frozen=True, slots=True)
class Translator:
    """A program of the release that translates the extension's source into C++.

    ``script``: relative to the root of a release; it is run by finfuzz's own Python, or by the one
    that ``variable`` names to a finding's script. ``flags``: with `{module}` for the name of the
    module; the names of output and source follow.
    """

    script: str
    flags: tuple[str, ...]
    variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashMarks:
    """The marks of a framework's crashes, as regular expressions.

    ``exceptions``: diagnostics by the type of an uncaught C++ exception. ``failure``: the beginning
    of its `std::runtime_error` messages. ``causes``, ``deaths`` and ``reports``: pairs of
    diagnostic and message, as in ``diagnosis/messages.py``; groups are the detail. A report lists
    objects that are left; ``leaked``: the name of such an object's type in it. ``namespace``: the
    beginning of its functions' names. ``gives_up``: functions that only throw or abort.
    ``generated``: functions that it writes for each type or module, with the common part of their
    names as the group, which matches nothing for those of the user's code. ``accessors``: functions
    that ask for its internals. ``routes``: functions on routes to many defects. ``ways_out``:
    functions that C calls and that let the user's exceptions out, with their name as the group.
    ``serves_one_interpreter``: of several that import an extension, its internals are of one.
    """

    exceptions: Mapping[str, str] = field(default_factory=dict)
    failure: str = ""
    causes: tuple[tuple[str, str], ...] = ()
    deaths: tuple[tuple[str, str], ...] = ()
    reports: tuple[tuple[str, str], ...] = ()
    leaked: str = ""
    namespace: str = ""
    gives_up: frozenset[str] = frozenset()
    generated: str = ""
    accessors: str = ""
    routes: str = ""
    ways_out: str = ""
    serves_one_interpreter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A framework or control.

    ``sources``: folders of ``child/extensions`` that its extension is compiled from, the one with
    ``main_source`` first; empty where finfuzz only recognizes the framework. That folder's
    ``words.toml`` has words of its own. ``python_module``: the module that takes an extension's
    place instead. ``controls``: targets that should survive, the one without any extension first.
    ``styles``: the control that is compiled in the same way as the extensions of a release, where
    that is not the last of ``controls``: first releases with theirs, in order.
    ``file_marks``: regular expressions of what every extension made with it has in its file,
    stripped or not; the one that says most first. ``lacks``: the words that its extension has
    no code for. ``own_interpreters``: it can start subinterpreters by itself. ``has_internals``:
    the extension sees them created. ``import_hangs``: the quirk of a CPython on which its import in
    a subinterpreter hangs. ``needs_gil``: the quirk of a CPython whose free-threaded builds it
    can't be compiled for; ``free_threaded_flags``: compile flags for those builds. ``is_package``:
    its targets are packages, each with a vocabulary of its own. ``own_switches``: of its builds,
    beside `ASSERTS`.
    """

    name: str
    summary: str = ""
    default: bool = False
    sources: tuple[str, ...] = ()
    python_module: str = ""
    policies: tuple[Policy, ...] = (Policy(RELEASED, "as released"),)
    releases: ReleasePackage | None = None
    main_source: str = "module.cpp"
    translator: Translator | None = None
    compile_flags: tuple[str, ...] = ()
    free_threaded_flags: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    styles: tuple[tuple[str, str], ...] = ()
    file_marks: tuple[bytes, ...] = ()
    lacks: Lacks = field(default_factory=dict)
    own_interpreters: bool = False
    has_internals: bool = False
    import_hangs: Quirk | None = None
    needs_gil: Quirk | None = None
    crashes: CrashMarks = field(default_factory=CrashMarks)
    is_package: bool = False
    own_switches: tuple[Switch, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def is_target(self) -> bool:
        """Whether it has an extension, or a module in its place, to fuzz."""
        return bool(self.sources or self.python_module or self.is_package)

    @property
    def is_control(self) -> bool:
        """Whether it is a control, whose crashes can't be a framework's."""
        return self.is_target and self.releases is None and not self.is_package

    def hangs_on(self, python: tuple[int, ...]) -> bool:
        """Whether each import in a subinterpreter hangs on a CPython."""
        return self.import_hangs is not None and has(python, self.import_hangs)

    @property
    def is_compiled(self) -> bool:
        return bool(self.sources)

    @property
    def policy_names(self) -> tuple[str, ...]:
        return tuple(policy.name for policy in self.policies)

    def find_policy(self, name: str) -> Policy:
        """Find a policy by its name. Raise KeyError."""
        return {policy.name: policy for policy in self.policies}[name]

    @property
    def switches(self) -> Mapping[str, Switch]:
        """The build switches of its targets, by name; those of packages have none."""
        return {one.name: one for one in (*self.own_switches, ASSERTS) if self.is_compiled}

    def list_compile_flags(
        self, policy: str, switches: Iterable[str] = (), *, is_free_threaded: bool
    ) -> tuple[str, ...]:
        """List the flags of each source of an extension with a policy and build switches."""
        own = self.find_policy(policy).compile_flags
        more = (*self._list_free_threaded(is_free_threaded), *self._list_switched(switches))
        return (*self.compile_flags, *own, *more)

    def list_side_flags(
        self, policy: str, switches: Iterable[str] = (), *, is_free_threaded: bool
    ) -> tuple[str, ...]:
        """List the flags of each source of a policy's side module; none where it has none."""
        side = self.find_policy(policy).side_module
        if side is None or self.releases is None:
            return ()
        own = (*self._list_free_threaded(is_free_threaded), *self._list_switched(switches))
        return (*self.releases.unit_flags, *side.compile_flags, *own)

    def _list_switched(self, switches: Iterable[str]) -> Iterator[str]:
        for name in switches:
            yield from self.switches[name].compile_flags

    def list_translate_flags(self, policy: str, module: str) -> tuple[str, ...]:
        """List the translator's flags for a module of that name; none where there is none."""
        flags = self.translator.flags if self.translator else ()
        own = self.find_policy(policy).translate_flags
        return (*(flag.format(module=module) for flag in flags), *own)

    def _list_free_threaded(self, is_free_threaded: bool) -> tuple[str, ...]:
        return self.free_threaded_flags if is_free_threaded else ()

    def find_lacks(self, policy: str) -> Lacks:
        """Find the words that an extension with a policy has no code for, with the reasons."""
        more = self.find_policy(policy).lacks
        return {
            sort: {**self.lacks.get(sort, {}), **more.get(sort, {})}
            for sort in dict.fromkeys((*self.lacks, *more))
        }

    def find_vocabulary(self, policy: str) -> Vocabulary:
        """Find the words of the language that an extension with a policy has code for."""
        return EVERYTHING.without(**self.find_lacks(policy))

    def find_style(self, version: str | None, policy: str) -> str:
        """Find the control of the same style, for a release or a checkout; empty where plain."""
        if own := self.find_policy(policy).style:
            return own
        passed = [
            style
            for first, style in self.styles
            if version is None or Version(version) >= Version(first)
        ]
        return passed[-1] if passed else ""

    @property
    def forms(self) -> tuple[tuple[str, str], ...]:
        """The forms of its targets, each with its meaning."""
        if self.releases is None:
            styles = [one for one in self.policies if one.name != RELEASED]
            return (
                (self.name, self.summary),
                *((f"{self.name}+{one.name}", one.story) for one in styles),
            )
        switches = ", ".join(self.switches)
        return (
            (f"{self.name}==VERSION", "a release"),
            (f"{self.name}==VERSION{{SWITCH,…}}", f"a release, built with {switches}"),
            (f"{self.name}==FIRST,SECOND", "two extensions in one process, a release each"),
            (f"{self.name}@PATH", "a checkout, or a folder with its headers"),
        )

    def story(self, policy: str, switches: Iterable[str] = ()) -> str:
        """Describe a policy, as the end of a sentence that begins with the release."""
        built = " and ".join(self.switches[name].story for name in switches)
        return self.find_policy(policy).story + (f", built {built}" if built else "")
