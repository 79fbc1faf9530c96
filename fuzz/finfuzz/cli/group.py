"""The group of all commands, and the printing of errors."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from finfuzz.executor import process
from finfuzz.support.errors import UserError
from finfuzz.support.terminal import say


@click.group(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="finfuzz")
def cli() -> None:
    """Find crashes in compiled Python extensions when interpreters shut down.

    finfuzz runs an extension through object graphs, subinterpreters and shutdown, in child
    processes. It files each new crash with a script that reproduces it, and says whose defect it
    is. Start with `finfuzz doctor`, then `finfuzz run`.
    """


def main() -> None:
    """Run a command. Bad input prints one line and exits with 2."""
    process.ignore_alone()
    if not process.ignores(signal.SIGTERM):
        signal.signal(signal.SIGTERM, _end_in_order)
    try:
        cli(standalone_mode=False)
    except UserError as error:
        _fail(str(error), 2)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.UsageError as error:
        hint = f" (see `{error.ctx.command_path} --help`)" if error.ctx else ""
        _fail(error.format_message() + hint, 2)
    except click.ClickException as error:
        _fail(error.format_message(), 2)
    except OSError as error:  # a full disk, a removed folder: a traceback would not explain it
        _fail(f"{error.filename or 'the system'}: {error.strerror}", 2)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted", 130)


def _end_in_order(number: int, _: FrameType | None) -> NoReturn:
    """Leave as by Ctrl-C, which a terminal sends to compilers too: what is half-written goes."""
    signal.signal(number, signal.SIG_DFL)  # a second one does not wait for that
    process.end_descendants(os.getpid())
    sys.exit(128 + number)


def _fail(message: str, code: int) -> None:
    say(f"finfuzz: error: {message}", err=True)
    sys.exit(code)
