"""PyO3, extensions in Rust: not a target; they are recognized."""

from __future__ import annotations

from finfuzz.targets.frameworks.framework import Framework

FRAMEWORK = Framework(name="PyO3", file_marks=(rb"pyo3-\d+\.\d+\.\d+", rb"pyo3_runtime"))
