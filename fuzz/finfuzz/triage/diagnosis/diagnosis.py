"""The diagnostics, and the record of one diagnosis."""

from __future__ import annotations

import msgspec

from finfuzz.triage.diagnosis import bucket as buckets

#: Diagnostics, with the evidence for each.
DIAGNOSTICS = {
    "internals-recreated": "the framework's guard against it says so",
    "internals-recreated-silently": "the runtime saw internals made where there were some already",
    "foreign-internals": "the framework's internals serve one interpreter, and several have "
    "initialized the extension; the framework crashed",
    "capsule-lost": "a checker found another capsule, or none, where one should be",
    "cast-error": "an uncaught error of the framework's cast",
    "framework-failure": "the framework itself gave up, and said why",
    "fatal-python-error": "CPython's `Fatal Python error`",
    "assertion-failure": "any other assertion: CPython's (debug builds), C's or the C++ library's",
    "negative-refcount": "CPython's debug build: an object's reference count is below zero",
    "gc-invariant": "CPython's debug build: an assertion of the garbage collector's",
    "inconsistent-object": "CPython's debug build: its check of a str, dict, tuple or type",
    "uncaught-cxx-exception": "std::terminate after a C++ exception that nobody caught",
    "terminate-without-exception": "std::terminate, and nothing thrown: a thread not joined, say",
    "heap-corruption": "glibc's malloc or free found its heap damaged, or crashed in it",
    "pymalloc-check": "CPython's debug allocator found a block damaged",
    "stack-smashing": "glibc: a function wrote over its own return address",
    "buffer-overflow": "glibc: a checked copy would not fit",
    "address-sanitizer": "a report of ASan's",
    "thread-sanitizer": "a report of TSan's",
    "undefined-behaviour": "a report of UBSan's",
    "leak-report": "LSan's, of a process that ended by itself; the framework's, where the program "
    "keeps nothing to the end and the control without a framework leaves no object",
    "stack-overflow": "a fault beside the stack pointer: mostly a recursion without end",
    "memory-ceiling": "the child reached the memory it may use",
    "hang": "the child did not end by its deadline",
    "wrong-answer": "a self-check of the extension got another answer than in every other life",
    "raises": "a step raises an exception, and neither on the control nor earlier in the program",
    "left-alive": "C++ objects are left at the end, though the program keeps none, or something "
    "unseen by the collector keeps a type, and on the control less",
    "hook-not-run": "the action of a hook was never performed, and it was on the control",
    "api-after-finalization": "an extension calls CPython's C API after `Py_FinalizeEx`",
    "api-without-thread-state": "an extension calls the C API in a thread without a thread state",
    "unraisable-exception": "CPython reports an exception that no step of the program accounts for",
    "none": "a signal, and nothing that explains it",
}


class Diagnosis(msgspec.Struct, frozen=True):
    """A crash or misbehaviour, with its evidence.

    ``signal``: NONE without a crash. ``phase``: as fine as known; the bucket's is coarser.
    ``detail``: the message, if there is one. ``frames``: the telling frames, innermost first, of
    which the key is made. ``stack``: all functions, `?` for one without a name, to recognize known
    defects.
    ``interpreter``: the flavour of the one that crashed. ``fault``: the kernel's words for it.
    ``route``: the telling frames of this crash, where the key names only their cause.
    """

    signal: str
    diagnostic: str
    phase: str
    detail: str
    frames: tuple[str, ...]
    stack: tuple[str, ...] = ()
    interpreter: str = ""
    fault: str = ""
    route: tuple[str, ...] = ()

    @property
    def bucket(self) -> str:
        """The key that crashes of one defect share: 12 hex digits."""
        return buckets.compute_bucket(self.signal, self.diagnostic, self.phase, self.frames)

    @property
    def coarse_phase(self) -> str:
        """The bucket's phase: `running`, `ending` or `exited`."""
        return buckets.coarsen_phase(self.phase)

    def __str__(self) -> str:
        return f"{self.signal}/{self.diagnostic}"
