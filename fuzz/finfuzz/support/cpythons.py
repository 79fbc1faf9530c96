"""The CPythons that finfuzz supports, and each difference between them that finfuzz minds.

A caller asks for a difference by its name, `has(python, Quirk.FROM_CONFIG)`, and compares no
version itself. A version has two or three numbers. Two numbers mean the branch's first release:
3.13 still has a defect that 3.13.8 fixed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from packaging.version import Version as PackageVersion

Version = tuple[int, ...]

SUPPORTED: tuple[tuple[int, int], ...] = tuple((3, minor) for minor in range(9, 16))
OLDEST = SUPPORTED[0]

#: Where CPython's issues are, before the number; those before April 2022 have two numbers.
_ISSUES = "https://github.com/python/cpython/issues/"
_OLD_ISSUES = "https://bugs.python.org/issue"

#: A Python that has everything: what a program means where nothing is lacking.
NEWEST = (99, 0)


@dataclass(frozen=True, slots=True)
class QuirkFacts:
    """What is known about a quirk.

    ``issue``: CPython's, as `gh-1`, or a page of ours. ``fixed``: the first release without the
    quirk on each branch, oldest branch first; later branches than the last do not have it.
    """

    issue: str
    text: str
    since: Version = OLDEST
    fixed: tuple[Version, ...] = ()


class Quirk(Enum):
    """A feature that some CPythons lack, or a defect that some have."""

    FROM_CONFIG = QuirkFacts(
        "gh-104109",
        "`Py_NewInterpreterFromConfig` makes interpreters with their own GIL and limits",
        since=(3, 12),
    )
    INTERPRETERS_MODULE = QuirkFacts(
        "gh-76785",
        "`_interpreters` takes configurations; before, `_xxsubinterpreters` makes one kind",
        since=(3, 13),
    )
    CONCURRENT_INTERPRETERS = QuirkFacts(
        "gh-134939",
        "`concurrent.interpreters` and `InterpreterPoolExecutor`",
        since=(3, 14),
    )
    MONITORING = QuirkFacts("gh-103082", "`sys.monitoring`", since=(3, 12))
    REMOTE_DEBUGGING = QuirkFacts(
        "gh-131591",
        "a debugger can have a thread run a script (PEP 768)",
        since=(3, 14),
    )
    STDLIB_INTERPRETERS_ARE_STRICT = QuirkFacts(
        "gh-98610",
        "an interpreter of the standard library may not start threads",
        fixed=((3, 12),),
    )
    THREADING_KNOWS_ONE_STATE = QuirkFacts(
        "gh-114271",
        "`threading` takes the thread state that imports it for the main thread's",
        fixed=((3, 13),),
    )
    CTYPES_IS_OF_ONE_INTERPRETER = QuirkFacts(
        "gh-117142",
        "`_ctypes` belongs to one interpreter (single-phase initialization)",
        fixed=((3, 13),),
    )
    CTYPES_CRASHES_IN_A_SECOND_LIFE = QuirkFacts(
        "gh-113576",
        "_ctypes is initialized again in a second life of the interpreter",
        fixed=((3, 13),),
    )
    GIL_STATE_HANGS_IN_A_SUBINTERPRETER = QuirkFacts(
        "gh-59956",
        "`PyGILState_Ensure` in a subinterpreter waits for the GIL that its own thread holds",
        fixed=((3, 12),),
    )
    LEFT_SUBINTERPRETER_ABORTS = QuirkFacts(
        "gh-113433",
        "a subinterpreter left at the end aborts Py_FinalizeEx",
        fixed=((3, 13),),
    )
    LEFT_SUBINTERPRETER_HANGS = QuirkFacts(
        "gh-113146",
        "a left subinterpreter whose thread is not over hangs Py_FinalizeEx",
        since=(3, 13),
        fixed=((3, 14),),
    )
    JOIN_AT_THE_END_HANGS = QuirkFacts(
        "gh-123940",
        "a finalizer that joins a daemon thread waits for ever, as nothing can end that thread",
        since=(3, 13),
        fixed=((3, 14),),
    )
    RETURNING_THREAD_IS_UNWOUND = QuirkFacts(
        "gh-87135",
        "a thread that comes back during finalization is unwound through C++ destructors",
        fixed=((3, 13, 8), (3, 14)),
    )
    VECTORCALL_IN_THE_LIMITED_API = QuirkFacts(
        "gh-93274",
        "the limited API has vectorcalls of heap types",
        since=(3, 12),
    )
    LIMITED_API_NEEDS_A_GIL = QuirkFacts(
        "gh-111506",
        "a free-threaded build has no limited API",
        since=(3, 13),
        fixed=((3, 15),),
    )
    THREADING_EXIT_RAISES = QuirkFacts(
        "gh-113148",
        "an exception out of threading's exit functions leaves its threads running",
        fixed=((3, 14),),
    )
    INIT_RAISES_IN_A_SUBINTERPRETER = QuirkFacts(
        "gh-144601",
        "an exception that `PyInit_…` raises in a subinterpreter is an object of the main one",
        since=(3, 13),
        fixed=((3, 13, 13), (3, 14, 4)),
    )
    SHARED_OBJECTS_OUTLIVE_AN_INTERPRETER = QuirkFacts(
        "gh-116510",
        "objects that interpreters share stay in the collector's lists of one that ended",
        since=(3, 12),
        fixed=((3, 12, 7), (3, 13)),
    )
    STATIC_TYPES_SHARE_SUBCLASSES = QuirkFacts(
        "gh-94673",
        "interpreters with allocators of their own share the subclasses' dict of a static type",
        since=(3, 12),
    )
    ATEXIT_REGISTERED_TOO_LATE = QuirkFacts(
        "docs/found.md#cpython-atexitregister-in-the-last-collection",
        "`atexit.register` in an interpreter's last collection writes to a list that is freed",
        since=(3, 10),
    )
    THREAD_LOCAL_IN_A_CALLBACK = QuirkFacts(
        "docs/found.md#cpython-a-weak-reference-to-a-threadinglocal",
        "a threading.local is collected while a weak reference to it is called back",
    )

    @property
    def word(self) -> str:
        """The name as files write it: `from-config`."""
        return self.name.lower().replace("_", "-")

    @property
    def link(self) -> str:
        """Where to read on."""
        return self.value.issue.replace("gh-", _ISSUES)


def has(python: Version, quirk: Quirk) -> bool:
    """Whether that CPython has the feature or the defect."""
    return python >= quirk.value.since and not is_fixed(python, quirk)


def is_fixed(python: Version, quirk: Quirk) -> bool:
    """Whether that CPython is at or past the fix of its branch."""
    fixed = quirk.value.fixed
    on_branch = any(python[:2] == first[:2] and python >= first for first in fixed)
    return on_branch or (bool(fixed) and python >= fixed[-1])


def parse_version(text: str) -> Version:
    """The numbers of `3.13.0`."""
    return tuple(map(int, re.findall(r"\d+", text)[:3]))


def split_abiflags(text: str) -> tuple[str, str]:
    """Split the ABI flags off a version: `3.14.10d` is 3.14.10 and d."""
    number = text.rstrip("td")
    return number, text[len(number) :]


def make_sort_key(text: str) -> tuple[PackageVersion, str]:
    """Make a key that sorts `3.13.0`, `3.14.0rc1` and `3.14.10d` from old to new."""
    number, abiflags = split_abiflags(text)
    return PackageVersion(number), abiflags


def format_version(python: Version) -> str:
    """The version as `3.13` or `3.13.0`."""
    return ".".join(map(str, python))


def link_issue(subject: str) -> str:
    """Return the address of the issue that the subject of a commit to CPython names, or nothing.

    A subject begins with its issue, `gh-113055: …`, and ends with its pull request.
    """
    named = re.search(r"\b(gh|bpo)-(\d+)", subject, re.IGNORECASE)
    if named is None:
        return ""
    return (_ISSUES if named[1].lower() == "gh" else _OLD_ISSUES) + named[2]
