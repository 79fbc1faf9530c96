"""The group that every command joins, and what a mistake looks like."""

from __future__ import annotations

import sys

import click

from finfuzz.executor import process
from finfuzz.support.errors import UserError


@click.group(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="finfuzz")
def cli() -> None:
    """A fuzzer for the end of a Python interpreter's life."""


def main() -> None:
    """Runs a command; bad input is one line and exit code 2."""
    process.ignore_alone()
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
    except OSError as error:  # a full disk, a folder taken away: nothing that a traceback explains
        _fail(f"{error.filename or 'the system'}: {error.strerror}", 2)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted", 130)


def _fail(message: str, code: int) -> None:
    click.echo(f"finfuzz: error: {message}", err=True)
    sys.exit(code)
