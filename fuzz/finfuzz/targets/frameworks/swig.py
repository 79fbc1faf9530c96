"""SWIG: not a target; its extensions are recognized."""

from __future__ import annotations

from finfuzz.targets.frameworks.framework import Framework

FRAMEWORK = Framework(name="SWIG", file_marks=(rb"swig_runtime_data\d*",))
