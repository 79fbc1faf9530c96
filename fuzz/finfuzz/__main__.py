"""`python -m finfuzz` is `finfuzz`."""

from finfuzz.cli import main

main()
