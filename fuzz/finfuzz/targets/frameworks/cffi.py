"""cffi: not a target; what it generates is recognized, and its own backend with it."""

from __future__ import annotations

from finfuzz.targets.frameworks.framework import Framework

FRAMEWORK = Framework(name="cffi", file_marks=(rb"_cffi_backend",))
