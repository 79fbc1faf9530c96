"""The parts of tools/bench.py: a module a command, and what they share."""
