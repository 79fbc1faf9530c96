"""Manage a folder of programs: distill it, import programs into it, report what it uses."""
