"""Targets: their specs, the CPythons of this machine, and builds in a cache."""
