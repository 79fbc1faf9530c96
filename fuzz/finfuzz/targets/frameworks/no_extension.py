"""The control without any extension: a stand-in for one, in plain Python."""

from __future__ import annotations

from finfuzz.targets.frameworks.framework import Framework

FRAMEWORK = Framework(
    name="no-extension",
    summary="the control without any extension, in plain Python",
    python_module="no_extension.py",
)
