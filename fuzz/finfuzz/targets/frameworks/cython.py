"""Cython: not a target; its extensions are recognized."""

from __future__ import annotations

from finfuzz.targets.frameworks.framework import Framework

FRAMEWORK = Framework(
    name="Cython", file_marks=(rb"_cython_\d\w+", rb"cython_runtime", rb"__pyx_capi__")
)
