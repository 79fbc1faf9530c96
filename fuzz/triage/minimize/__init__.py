"""A simpler program in the same bucket: what is simpler says ``program/simpler.py``."""

from fuzz.triage.minimize.flaky import repeatedly
from fuzz.triage.minimize.search import minimize

__all__ = ["minimize", "repeatedly"]
