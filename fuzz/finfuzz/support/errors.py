"""The one exception a user is meant to see."""


class UserError(Exception):
    """Bad input or a lacking machine: one line that says what is wrong, where, and what to do.

    The command line prints it as ``finfuzz: error: …`` and exits with 2.
    """
