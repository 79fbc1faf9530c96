"""The group of all commands, and the printing of errors."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from types import FrameType
from typing import NoReturn

import click

from finfuzz.support.errors import UserError
from finfuzz.support.signals import ignore_alone, ignores

#: The commands: the module of ``cli`` that has each, and the first sentence of its help. `--help`
#: need not import them, which takes 0.5 s.
COMMANDS = {
    "attribute": (
        "attribute",
        "Run FINDINGS on their controls and under instruments, to find the owner of each defect.",
    ),
    "bisect": ("bisect", "Find the release or commit that introduced or fixed FINDING."),
    "check": ("check", "Run known scenarios on each TARGET, and print what becomes of each."),
    "corpus": ("corpus", "Manage a folder of programs: distill, import, stats."),
    "discover": (
        "discover",
        "Find out what the objects of TARGET, a package, hold, and write that as a recipe.",
    ),
    "doctor": (
        "machine",
        "Check that this machine has all that finfuzz needs; say how to get what is missing.",
    ),
    "exec": ("programs", "Run PROGRAM once in a fresh process and print the outcome."),
    "export": ("export", "Write FINDING as a test that fails as long as the crash happens."),
    "file": ("attribute", "Run PROGRAM, and file a finding of each failure as a campaign does."),
    "merge": (
        "findings",
        "State that FINDING is the same defect as INTO: later crashes are counted for INTO.",
    ),
    "rekey": ("findings", "Rename findings whose keys are of an older version."),
    "replay": (
        "replay",
        "Run known programs and findings on many builds and compare with the expected outcomes.",
    ),
    "report": (
        "report",
        "Write a campaign and its findings as one HTML file, or a finding for an issue tracker.",
    ),
    "run": ("campaign", "Fuzz targets for a while, and file each new defect as a finding."),
    "serve": ("report", "Serve the campaign's page live until Ctrl-C, to this machine only."),
    "show": ("findings", "Show one finding: what happens, the graph, the stack, the owner."),
    "sweep": (
        "sweep",
        "Say what a sweep of TARGET will run, how many programs that are, and how long it takes.",
    ),
    "steps": (
        "language",
        "Print the language of programs: all steps, their arguments, and where they are legal.",
    ),
    "targets": ("machine", "List the interpreters found and the targets that can be built here."),
    "triage": ("findings", "List findings, and suggest which of them may be one defect."),
}

#: Characters of a command's first sentence: more than any has.
_UNCUT = 1000


class Group(click.Group):
    """A group whose help has the first sentence of each command: click cuts it at the margin."""

    def summarize_commands(self, ctx: click.Context) -> dict[str, str]:
        """Return each command with the first sentence of its help."""
        found = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        return {
            name: command.get_short_help_str(_UNCUT) for name, command in found.items() if command
        }

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(self.summarize_commands(ctx).items()))


class LazyGroup(Group):
    """A group whose commands are imported when they are called."""

    group_class = Group

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            import_module(f"finfuzz.cli.{COMMANDS[cmd_name][0]}")
        return super().get_command(ctx, cmd_name)

    def summarize_commands(self, ctx: click.Context) -> dict[str, str]:  # noqa: ARG002
        return {name: sentence.rstrip(".") for name, (_, sentence) in COMMANDS.items()}


@click.group(
    cls=LazyGroup,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="finfuzz")
def cli() -> None:
    """Find crashes in compiled Python extensions when interpreters shut down.

    finfuzz runs an extension through object graphs, subinterpreters and shutdown, in child
    processes. It files each new crash with a script that reproduces it, and says whose defect it
    is. Start with `finfuzz doctor`, then `finfuzz run`.
    """


def main() -> None:
    """Run a command. Bad input prints one line and exits with 2."""
    ignore_alone()
    if not ignores(signal.SIGTERM):
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
    from finfuzz.support.processes import end_descendants  # noqa: PLC0415  (psutil takes 20 ms)

    signal.signal(number, signal.SIG_DFL)  # a second one does not wait for that
    end_descendants(os.getpid())
    sys.exit(128 + number)


def _fail(message: str, code: int) -> None:
    from finfuzz.support.terminal import say  # noqa: PLC0415  (rich takes 20 ms)

    say(f"finfuzz: error: {message}", err=True)
    sys.exit(code)
