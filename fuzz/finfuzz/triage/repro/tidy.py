"""Tidy a file that was joined from several, so that it reads as if one person had written it."""

from __future__ import annotations

import re

from finfuzz.targets.frameworks import FRAMEWORKS

#: Standard headers, with the names of each that our sources use: a header stays if one is there.
_STANDARD = {
    "Python.h": "Py",
    "structmember.h": "T_INT",
    "dlfcn.h": "dlopen|dlsym",
    "pthread.h": "pthread_",
    "fcntl.h": "O_RDONLY",
    "signal.h": "SIGINT|SIG_DFL",
    "sys/types.h": r"\bpid_t\b",
    "unistd.h": "getpid|gettid|usleep|pause",
    "atomic": "std::atomic",
    "chrono": "std::chrono",
    "condition_variable": "std::condition_variable",
    "cstdint": r"u?int\d+_t|uintptr_t",
    "cstdio": r"stderr|std::snprintf",
    "cstdlib": r"exit\(|unsetenv|std::strtoul",
    "cstring": r"std::str\w+\(",
    "functional": "std::function",
    "list": "std::list",
    "memory": "_ptr<|std::make_(shared|unique)",
    "mutex": "std::mutex",
    "new": r"new \(",
    "set": "std::set",
    "stdexcept": "std::runtime_error|std::exception",
    "string": "std::w?string",
    "system_error": "std::system_error",
    "thread": "std::thread|std::this_thread",
    "type_traits": "std::remove_",
    "utility": r"std::move|std::exchange|std::integer_sequence",
    "vector": "std::vector",
}
_INCLUDE = re.compile(r"#include <(.+)>")
_NAMESPACE = r"namespace( finfuzz)? \{\n"
_CLOSED = r"\}  // namespace\1\n"

#: Beginnings of the includes of frameworks' headers.
_FRAMEWORKS = tuple(
    f"{one.releases.header_folder}/"
    for one in FRAMEWORKS.values()
    if one.releases and one.releases.header_folder
)


def tidy_source(lines: list[str]) -> str:
    """Put the needed headers on top, each once, and join namespaces."""
    wanted = dict.fromkeys(match[1] for line in lines if (match := _INCLUDE.fullmatch(line)))
    text = "\n".join(line for line in lines if not _INCLUDE.fullmatch(line)) + "\n"
    text = _join_namespaces(text)
    needed = [header for header in wanted if re.search(_STANDARD.get(header, ""), text)]
    return f"{_sort_includes(needed)}\n{text.lstrip()}"


def tidy_lines(lines: list[str]) -> str:
    """Join the lines of a source that is not C++, without empty ones in a row."""
    text = "\n".join(lines).strip() + "\n"
    return re.sub(r"\n{4,}", "\n\n\n", text)


def _join_namespaces(text: str) -> str:
    """Remove namespaces that are empty, or closed and opened again at once."""
    before = ""
    while text != before:
        before = text
        text = re.sub(r"\n{3,}", "\n\n", text)
        text = re.sub(rf"^{_NAMESPACE}\n*{_CLOSED}", "", text, flags=re.MULTILINE)
        text = re.sub(
            r"^\}  // namespace( finfuzz)?\n\n*namespace(?(1) finfuzz) \{\n\n?",
            "",
            text,
            flags=re.MULTILINE,
        )
    return text


def _sort_includes(headers: list[str]) -> str:
    """Write the includes: the framework's or Python's own first, then the others by name."""
    first = [header for header in headers if header.startswith(_FRAMEWORKS)]
    if not first:
        first = [header for header in headers if header == "Python.h"]
    rest = sorted(header for header in headers if header not in (*first, "Python.h"))
    blocks = [[f"#include <{header}>" for header in block] for block in (sorted(first), rest)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"
