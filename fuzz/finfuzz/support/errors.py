"""The exception whose message a user reads."""


class UserError(Exception):
    """Bad input, or a machine that lacks something, in one line: what, where and what to do.

    The command line prints the message as ``finfuzz: error: …`` and exits with 2.
    """
