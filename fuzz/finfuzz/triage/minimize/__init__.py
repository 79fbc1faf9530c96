"""A simpler program in the same bucket: what is simpler says ``program/simpler.py``."""

from finfuzz.triage.minimize.flaky import repeatedly
from finfuzz.triage.minimize.search import minimize

__all__ = ["minimize", "repeatedly"]
