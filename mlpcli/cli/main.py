"""The entry point: commands that are imported when they are called, and the one place where errors end."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from mlpcli import __version__
from mlpcli.errors import MlpcliError

COMMANDS = ("train", "evaluate", "plot", "validate", "summary")
"""Each is a file of its own beside this one, with a function of the same name."""


class LazyGroup(click.Group):
    """Imports a command's file when the command is asked for; the files themselves import nothing heavy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"mlpcli.cli.{cmd_name}"), cmd_name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from mlpcli.errors import did_you_mean

            near = did_you_mean(args[0], COMMANDS) if args else ""
            raise click.UsageError(f"{error.message.rstrip('.')}{near}", ctx) from None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mlpcli")
def cli() -> None:
    """Train multi-layer perceptrons with Keras, from YAML configs.

    \b
    $ mlpcli train configs/digits.yaml
    $ mlpcli evaluate runs/digits
    $ mlpcli plot runs/digits
    """


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit: 0 done, 1 it failed, 2 the input is wrong, 130 interrupted (143, 129 by a signal)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Hangul is no reason to fail
    sys.exit(_run(argv))


def _run(argv: Sequence[str] | None) -> int:
    try:
        result = cli.main(args=argv, prog_name="mlpcli", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:
        # The reader went away (`| head`): what was asked for is done, so leave without a word.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MlpcliError as error:
        click.echo(f"error: {error}", err=True)
        return error.exit_code
