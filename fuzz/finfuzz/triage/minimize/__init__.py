"""Minimizing: a simpler program in the same bucket, by the order of ``simplicity.py``."""

from finfuzz.triage.minimize.flaky import repeatedly, surely
from finfuzz.triage.minimize.search import minimize

__all__ = ["minimize", "repeatedly", "surely"]
