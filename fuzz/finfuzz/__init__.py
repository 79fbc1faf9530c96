"""finfuzz: a fuzzer for the end of a Python interpreter's life."""
