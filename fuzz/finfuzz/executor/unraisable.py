"""Exceptions that CPython could not raise anywhere, as they stand on standard error."""

from __future__ import annotations

import re

_MARK = "Exception ignored "
# A traceback is indented but for its first line; the exception itself stands behind it.
_EXCEPTION = r"(?:Traceback \(.*\n|[ \t].*\n)*([\w.<>]+(?:: .*)?)$"
_CHAINED = r"(?:During handling of|The above exception was) .*\n\n"
_IGNORED = re.compile(
    rf"^{_MARK}.*\n(?:(?:Traceback \(.*\n|[ \t].*\n)*\S.*\n\n{_CHAINED})*{_EXCEPTION}", re.MULTILINE
)

#: What the steps of a program raise by themselves, and what CPython answers to the rest of them
#: when it is too late for an import, a thread or a name.
_EXPECTED = re.compile(
    r"""ValueError:\ a\ hook\ raises
    |KeyboardInterrupt|MemoryError
    |ImportError:\ (sys\.meta_path\ is\ None|__import__\ not\ found)
    |ModuleNotFoundError:\ import\ of\ \S+\ halted;\ None\ in\ sys\.modules
    |(RuntimeError|PythonFinalizationError):\ can't\ (create\ new|start\ new|register\ atexit)
    |RuntimeError:\ lost\ sys\.std
    |(TypeError|AttributeError):\ 'NoneType'\ object
    |NameError:\ name\ """,
    re.VERBOSE,
)


def unraisable(stderr: str) -> tuple[str, ...]:
    """The exceptions that no step accounts for: type and message, each once, in order."""
    if _MARK not in stderr:
        return ()
    found = dict.fromkeys(match[1] for match in _IGNORED.finditer(stderr))
    return tuple(line for line in found if not _EXPECTED.match(line))
