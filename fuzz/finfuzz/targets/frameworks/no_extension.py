"""The control without any extension: a stand-in for one, in plain Python."""

from __future__ import annotations

from finfuzz.targets.frameworks.framework import Framework

_AFTER_THE_END = "no Python runs after `Py_FinalizeEx`"

FRAMEWORK = Framework(
    name="no-extension",
    summary="the control without any extension, in plain Python",
    python_module="no_extension.py",
    lacks={
        "hooks": {
            **dict.fromkeys(("traverse", "clear", "dealloc"), "no Python runs in a type's slots"),
            **dict.fromkeys(
                ("py-atexit", "static-destructor", "thread-local-destructor"), _AFTER_THE_END
            ),
        },
        "roots": dict.fromkeys(("static-object", "native-thread-local"), _AFTER_THE_END),
    },
)
