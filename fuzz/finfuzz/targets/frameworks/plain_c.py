"""The control without a framework: the same extension against the C API alone."""

from __future__ import annotations

from finfuzz.targets.frameworks.framework import Framework

FRAMEWORK = Framework(
    name="plain-c",
    summary="the control, without a framework",
    sources=("plain_c",),
    controls=("no-extension",),
)
