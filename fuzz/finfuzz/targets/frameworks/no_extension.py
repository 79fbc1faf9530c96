"""The control without any extension: a stand-in for one, in plain Python."""

from __future__ import annotations

from finfuzz.program.vocabulary import EVERYTHING
from finfuzz.targets.frameworks.framework import Framework

FRAMEWORK = Framework(
    name="no-extension",
    summary="the control without any extension, in plain Python",
    python_module="no_extension.py",
    # Without the words that need C: it acts in these slots, and after Py_FinalizeEx.
    vocabulary=EVERYTHING.without(
        hooks=(
            *("traverse", "clear", "dealloc"),
            *("py-atexit", "static-destructor", "thread-local-destructor"),
        ),
        roots=("static-object", "native-thread-local"),
    ),
)
