"""The title of a finding: the words that a maintainer would put on an issue."""

from __future__ import annotations

import re
from typing import NamedTuple

from finfuzz.program.text import parse
from finfuzz.triage.diagnosis.bucket import (
    DESTROYED,
    JUDGED,
    LOST,
    NAMED,
    OF_ANOTHER,
    OF_TYPE,
)
from finfuzz.triage.diagnosis.sanitizer import SANITIZERS
from finfuzz.triage.diagnosis.telling import TARGET_HOOK, normalize_function
from finfuzz.triage.findings.cause import read_cause
from finfuzz.triage.findings.moment import describe_moment
from finfuzz.triage.findings.record import Finding

#: Characters of a title. Trackers allow some 250, which a prefix of the maintainer's may need.
LONGEST = 200
#: Characters that are read of a text in a finding: somebody else may have written megabytes.
_READ = 1000

#: Words for a diagnostic. `{signal}`: the signal and, near null, the address; `{framework}`: the
#: target's. A place and a message may follow.
HEADS = {
    "internals-recreated": "{framework} internals used after they were destroyed",
    "internals-recreated-silently": "{framework} internals created again",
    "foreign-internals": "{framework} internals of another interpreter used",
    "capsule-lost": "{framework} internals capsule lost",
    "cast-error": "uncaught cast error",
    "framework-failure": "abort",
    "fatal-python-error": "fatal Python error",
    "assertion-failure": "assertion failure",
    "negative-refcount": "negative reference count",
    "gc-invariant": "broken invariant of the garbage collector",
    "inconsistent-object": "inconsistent object",
    "uncaught-cxx-exception": "uncaught C++ exception",
    "terminate-without-exception": "std::terminate",
    "heap-corruption": "heap corruption",
    "pymalloc-check": "damaged memory block",
    "stack-smashing": "stack smashing",
    "buffer-overflow": "buffer overflow",
    "address-sanitizer": "memory error",
    "thread-sanitizer": "data race",
    "undefined-behaviour": "undefined behaviour",
    "leak-report": "leak",
    "stack-overflow": "stack overflow",
    "memory-ceiling": "memory limit reached",
    "hang": "hang",
    "wrong-answer": "wrong answer",
    "raises": "exception raised",
    "left-alive": "C++ objects left alive",
    "hook-not-run": "hook not run",
    "api-after-finalization": "C API called after Py_FinalizeEx",
    "api-without-thread-state": "C API called without a thread state",
    "unraisable-exception": "unraisable exception",
    "none": "{signal}",
}

#: Diagnostics whose words explain no crash by themselves: the signal and its place follow.
_CRASHES_LATER = frozenset({"internals-recreated-silently", "foreign-internals"})
#: Diagnostics whose message names the function that reports, not the place of the defect.
_PLACELESS = frozenset({"fatal-python-error", "assertion-failure", "capsule-lost"})
#: Diagnostics whose message says no more: where Python was, and the words of one assertion.
_SAYS_NO_MORE = frozenset({"none", "negative-refcount", "stack-smashing", "buffer-overflow"})
#: Telling frames that are no functions.
_NO_FUNCTIONS = frozenset({TARGET_HOOK, *DESTROYED, *LOST, *OF_ANOTHER})
_NAMELESS = re.compile(r"\+0x[0-9a-f]+$")
#: Functions of CPython's: their caller is what a maintainer of an extension knows.
_CPYTHON = re.compile(r"_?Py[A-Z_]|_Py")
#: A compiled module's file, for one CPython or for many.
_MODULE = re.compile(r"^(\w+)\.(?:cpython-[\w-]+|abi3|abi3t)\.so$")
_PYTHON_FILE = re.compile(r"(lib)?python")
_STRIPPED_CPYTHON = re.compile(r"(lib)?python[\w.-]*\+0x")
_NEAR_NULL = re.compile(r" at (0x[0-9a-f]+), near null")
#: Parts of pybind11's messages that tell no defect: advice, and the function with a failed guard.
_NOISE = re.compile(r" \(#define [^()]*\)|^[\w:]+\(\) FAILED: ")
_RAISES = re.compile(
    r"raises [\w.]+(?:: )?(.*?)(?:; (?:on \S+ it|as step \d+ it) does not)?$", re.S
)


class _Parts(NamedTuple):
    """``head``: the kind of misbehaviour; ``place``: a function or a file; ``message``: if any."""

    head: str
    place: str = ""
    message: str = ""


def make_title(finding: Finding) -> str:
    """Make one line of at most 200 characters: what, where, when, and the message if there is one.

    An instrument's report of the cause comes before the frame that crashed: "heap-use-after-free in
    pybind11::object::object, in the second life". The program is minimized, so the defect needs
    each interpreter and each life in it. Raise ParseError where the program is none.
    """
    parts = _explain(finding)
    place = f" in {parts.place}" if parts.place else ""
    moments = describe_moment(finding, parse(finding.program))
    title = "".join([parts.head, place, *(f", {moment}" for moment in moments)])
    message = _NOISE.sub("", parts.message[:_READ]).removeprefix(f"{parts.place}: ")
    line = " ".join((f"{title}: {message}" if message else title).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _explain(finding: Finding) -> _Parts:
    cause = read_cause(finding.escalation)
    if cause.kind and finding.diagnostic not in SANITIZERS:
        return _Parts(cause.kind, _qualify(finding, cause.function) or _find_place(finding))
    if finding.diagnostic in _OF_THEIR_OWN:
        return _OF_THEIR_OWN[finding.diagnostic](finding)
    head = HEADS.get(finding.diagnostic, finding.diagnostic).format(
        signal=_describe_signal(finding), framework=finding.target.framework
    )
    crashed = finding.signal != "NONE"
    if crashed and finding.diagnostic in _CRASHES_LATER:
        head = f"{head}, {_describe_signal(finding)}"
    if crashed and finding.diagnostic == "none" and cause.broken:
        head = f"{cause.broken}, {head}"
    if finding.diagnostic in _PLACELESS:
        return _Parts(head, "", finding.detail)
    place = _qualify(finding, cause.function) or _find_place(finding)
    return _Parts(head, place, "" if finding.diagnostic in _SAYS_NO_MORE else finding.detail)


def _explain_raises(finding: Finding) -> _Parts:
    kind, _, operation = (*finding.frames, "", "", "")[:3]
    said = _RAISES.search(finding.detail[:_READ])
    step = f"{operation} raises {kind}" if operation else HEADS["raises"]
    return _Parts(step, "", said[1] if said else finding.detail)


def _explain_left(finding: Finding) -> _Parts:
    first = "".join(finding.frames[:1])
    if first.startswith(OF_TYPE):
        return _Parts(f"{first} kept alive unseen by the garbage collector")
    return _Parts(finding.detail[:_READ] or HEADS["left-alive"])


def _explain_silence(finding: Finding) -> _Parts:
    hook, _, kind = (*finding.frames, "", "", "")[:3]
    return _Parts(f"{hook} hook of a {kind} not run" if kind else HEADS["hook-not-run"])


def _explain_leak(finding: Finding) -> _Parts:
    """Explain a report on leaks: a framework's has the first type, LeakSanitizer's functions."""
    kept = f" of {finding.frames[1]}" if len(finding.frames) > 1 else ""
    if finding.frames and " " not in finding.frames[0]:
        return _Parts(HEADS["leak-report"], finding.frames[0], finding.detail)
    return _Parts(HEADS["leak-report"], "", finding.detail[:_READ] + kept)


def _name_call(finding: Finding) -> _Parts:
    name, module = (*finding.frames, "", "")[:2]
    rule = HEADS[finding.diagnostic].removeprefix("C API ")
    return _Parts(f"{name} {rule}, by {module}" if module else HEADS[finding.diagnostic])


def _explain_report(finding: Finding) -> _Parts:
    """Explain a sanitizer's own report: its first words are the kind."""
    kind, _, said = finding.detail.partition(": ")
    undefined = finding.diagnostic == "undefined-behaviour"
    head = HEADS[finding.diagnostic] if undefined or not kind else kind
    head = head.removeprefix("attempting ")
    return _Parts(head, _find_place(finding), said if undefined else "")


def _explain_message(finding: Finding) -> _Parts:
    return _Parts(HEADS[finding.diagnostic], "", finding.detail)


_OF_THEIR_OWN = {
    "raises": _explain_raises,
    "left-alive": _explain_left,
    "hook-not-run": _explain_silence,
    **dict.fromkeys(JUDGED, _name_call),
    **dict.fromkeys(SANITIZERS, _explain_report),
    "leak-report": _explain_leak,
    **dict.fromkeys(("wrong-answer", "unraisable-exception"), _explain_message),
}


def _describe_signal(finding: Finding) -> str:
    """Name the signal; an address tells only near null, elsewhere it differs from run to run."""
    if finding.signal == "NONE":
        return "misbehaviour"
    near = _NEAR_NULL.search(finding.fault)
    return f"{finding.signal} at {near[1]}" if near else finding.signal


def _find_place(finding: Finding) -> str:
    """Find the innermost telling function, or the stripped module that it is in.

    Of a function of CPython's, name the caller too.
    """
    # keys of some diagnostics begin as the message does: with a check, or a kind of misuse
    head = finding.detail.partition(": ")[0] if finding.diagnostic in NAMED else ""
    frames = [
        one
        for one in finding.frames
        if one not in _NO_FUNCTIONS and one != head and not _STRIPPED_CPYTHON.match(one)
    ]
    if not frames:
        frames = _list_named(finding) if _NO_FUNCTIONS.intersection(finding.frames) else []
    if not frames:
        return ""
    innermost, caller = (
        _MODULE.sub(r"module \1", _NAMELESS.sub("", one)) for one in (*frames, "")[:2]
    )
    calls = _CPYTHON.match(innermost) and caller in _list_own_functions(finding)
    return f"{innermost} called by {caller}" if calls else innermost


def _list_named(finding: Finding) -> list[str]:
    """List the framework's functions on the stack: for keys that name a cause, not a function."""
    namespace = f"{finding.target.framework}::"
    return [name for name in _list_functions(finding) if name.startswith(namespace)]


def _list_own_functions(finding: Finding) -> set[str]:
    """List the functions on the stack that are in no file of CPython's."""
    own = (frame for frame in finding.stack if not _PYTHON_FILE.match(frame.module))
    return {normalize_function(frame.function[:_READ]) for frame in own}


def _qualify(finding: Finding, function: str) -> str:
    """Complete a function's name: debuggers leave out the namespaces of static functions."""
    known = (*finding.frames, *_list_functions(finding))
    return next((name for name in known if name.endswith(f"::{function}")), function)


def _list_functions(finding: Finding) -> list[str]:
    return [normalize_function(frame.function[:_READ]) for frame in finding.stack]
