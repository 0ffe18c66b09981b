"""The entry point: imports a command when it is called, and turns errors into messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from mlpcli import __version__
from mlpcli.cli.options import PrintsHelp
from mlpcli.cli.terminal import one_line, prepare_streams, say, say_how_to_resume, write_result
from mlpcli.errors import ConfigError, MlpcliError
from mlpcli.text import did_you_mean

COMMANDS = (
    "train",
    "sweep",
    "launch",
    "evaluate",
    "predict",
    "combine",
    "export",
    "package",
    "importance",
    "serve",
    "plot",
    "runs",
    "compare",
    "report",
    "reproduce",
    "validate",
    "init",
    "eject",
    "summary",
    "trace",
    "gradcheck",
    "recipes",
    "list",
)
"""Each is a file in this folder, with a function of the same name."""
_NO_ARGUMENTS: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""click's error that carries the help page; click 8.1 does not have it and prints the page itself."""


class LazyGroup(PrintsHelp, click.Group):
    """A group that imports the file of a command only when it is called, which keeps the start fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"mlpcli.cli.{cmd_name}"), cmd_name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args[:1] == ["help"]:  # `mlpcli help train`
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.Abort from None  # click would print an empty line first, which fails on a full disk

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = did_you_mean(args[0], COMMANDS) if args else ""
            raise click.UsageError(f"{error.message.rstrip('.')}{near}", ctx) from None


def _print_version(ctx: click.Context, option: click.Parameter, asked_for: bool) -> None:
    if asked_for and not ctx.resilient_parsing:
        write_result(f"mlpcli, version {__version__}\n")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-V", "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
    help="Show the version and exit.",
)  # fmt: skip
def cli() -> None:
    """Train multi-layer perceptrons with Keras, from YAML configs.

    \b
    $ mlpcli train configs/digits.yaml
    $ mlpcli evaluate runs/digits
    $ mlpcli plot runs/digits
    """


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit: 0 done, 1 failed, 2 wrong input, 130 interrupted (143 and 129 by other signals)."""
    prepare_streams()
    os.environ.pop("MPLBACKEND", None)  # windows are never opened here, and a wrong name would end matplotlib's import
    # pydantic would look into the metadata of everything that is installed for plugins, which watch its checks.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.exit(_run(argv))


def _run(argv: Sequence[str] | None) -> int:
    try:
        result = cli.main(args=argv, prog_name="mlpcli", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except _NO_ARGUMENTS as error:
        say(error.format_message(), lines=True)
        return 2
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        usage = f"{context.get_usage()}\n" if context is not None else ""
        say(f"{usage}error: {one_line(error.format_message())}", lines=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        say("interrupted")
        return 130
    except MlpcliError as error:
        say(f"error: {error}", lines=isinstance(error, ConfigError))
        if error.run is not None:
            say_how_to_resume(error.run)
        return error.exit_code
    except MemoryError as error:
        reason = f": {error}" if str(error) else ""
        say(f"error: there is not enough memory{reason}; close other programs, or allow more (ulimit -v)")
        return 1
