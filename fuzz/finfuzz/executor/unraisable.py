"""Unraisable exceptions: CPython could only report them on standard error."""

from __future__ import annotations

import re

_MARK = "Exception ignored "
# All lines of a traceback but the first are indented; the exception itself follows.
_EXCEPTION = r"(?:Traceback \(.*\n|[ \t].*\n)*([\w.<>]+(?:: .*)?)$"
_CHAINED = r"(?:During handling of|The above exception was) .*\n\n"
_IGNORED = re.compile(
    rf"^{_MARK}.*\n(?:(?:Traceback \(.*\n|[ \t].*\n)*\S.*\n\n{_CHAINED})*{_EXCEPTION}", re.MULTILINE
)

#: Exceptions that steps raise on purpose, and CPython's answers to steps that come too late for an
#: import, a thread or a name.
_EXPECTED = re.compile(
    r"""ValueError:\ a\ hook\ raises
    |KeyboardInterrupt|MemoryError
    |ImportError:\ (sys\.meta_path\ is\ None|__import__\ not\ found)
    |ImportError:\ .*(subinterpreters|more\ than\ once|once\ per|Interpreter\ change)  # a refusal
    |ModuleNotFoundError:\ import\ of\ \S+\ halted;\ None\ in\ sys\.modules
    |(RuntimeError|PythonFinalizationError):\ (can't|cannot)\ (create\ new|start\ new|join|register)
    |RuntimeError:\ (lost\ sys\.std|sys\.excepthook\ is\ None)
    |(TypeError|AttributeError):\ 'NoneType'\ object
    |TypeError:\ .*'NoneType'
    |TypeError:\ catching\ classes\ that\ do\ not\ inherit  # `except module.Error`, which is None
    |TypeError:\ is(instance|subclass)\(\)\ arg\ 2\ must  # the class is None
    |NameError:\ name\ """,
    re.VERBOSE,
)


def find_unraisable(stderr: str) -> tuple[str, ...]:
    """Find the exceptions that no step explains: type and message, each once, in order."""
    if _MARK not in stderr:
        return ()
    found = dict.fromkeys(match[1] for match in _IGNORED.finditer(stderr))
    return tuple(line for line in found if not _EXPECTED.match(line))
