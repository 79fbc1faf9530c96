"""A finding as a script: plain Python, one C++ file, nothing of finfuzz."""
