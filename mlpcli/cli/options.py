"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mlpcli.cli.terminal import write_result

PATH = click.Path(path_type=Path)
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class PrintsHelp(click.Command):
    """A command whose help page is written as all results are; click's own `echo` fails on a full disk."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _print_help
        return option


class Command(PrintsHelp):
    """The class of all commands that are not groups."""


def _print_help(ctx: click.Context, option: click.Parameter, asked_for: bool) -> None:
    if asked_for and not ctx.resilient_parsing:
        write_result(f"{ctx.get_help()}\n")
        ctx.exit()


def set_option() -> Decorator:
    """`-s key=value`, any number of times."""
    return click.option(
        "-s", "--set", "overrides", multiple=True, metavar="KEY=VALUE",
        help="Set one key of the config, such as training.epochs=5; the value is YAML. May be repeated.",
    )  # fmt: skip


def engine_option() -> Decorator:
    """`--engine`."""
    return click.option(
        "--engine", type=click.Choice(["auto", "numpy", "keras"]), default="auto", show_default=True,
        help="auto: NumPy, which starts faster, or Keras for layers that only Keras supports.",
    )  # fmt: skip


def stock_options() -> Decorator:
    """`--classes` and `--divide-by`, for models without mlpcli's metadata."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        classes = click.option(
            "--classes", metavar="A,B,...", help="Class names, for a model that mlpcli did not write."
        )
        divide = click.option(
            "--divide-by", type=click.FloatRange(min=0, min_open=True), default=1.0, metavar="N",
            help="For such a model: divide its inputs by N first, as in x / 255.",
        )  # fmt: skip
        return classes(divide(command))

    return decorate


def told_of(classes: str | None, divide_by: float) -> Any:
    """The values of --classes and --divide-by as a `modelfile.card.Told`."""
    from mlpcli.modelfile.card import Told

    return Told(tuple(name.strip() for name in classes.split(",")) if classes else None, divide_by)


def json_option() -> Decorator:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
