"""Boost.Python: not a target; its extensions are recognized by the names of its C++ types."""

from __future__ import annotations

from finfuzz.targets.frameworks.framework import Framework

FRAMEWORK = Framework(name="Boost.Python", file_marks=(rb"N5boost6python",))
