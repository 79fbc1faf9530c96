"""`python -m fuzz` is `finfuzz`."""

from fuzz.cli import main

main()
