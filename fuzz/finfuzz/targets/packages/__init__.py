"""Targets that are packages: installed for a CPython, and described."""
