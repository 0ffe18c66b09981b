"""The command `mlpcli eject`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from mlpcli.cli.options import CONFIG_PATH, PATH, Command, set_option
from mlpcli.cli.terminal import line, write_result


@click.command(cls=Command)
@click.argument("config", type=CONFIG_PATH)
@click.option("--output", "-o", type=PATH, help="The script to write; without this option, it is printed.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@set_option()
def eject(config: Path, output: Path | None, force: bool, overrides: tuple[str, ...]) -> None:
    """Write CONFIG as a stand-alone Keras script.

    The script is short, meant to be read and changed, and does without mlpcli: data, model, compile, fit, evaluate,
    plot, save, with every auto decided. It trains on the same rows in the same order, from the same initial
    weights, so its history is that of mlpcli train, up to rounding. What a short script cannot do is refused.

    \b
    $ mlpcli eject digits
    $ mlpcli eject people.yaml -o people.py -s training.epochs=5
    """
    from mlpcli.workflows.eject import eject as run

    result = run(config, output, overrides, force)
    if result.path is None:
        write_result(result.text)
        return
    line(f"wrote     {result.path}")
    line(f"next      python {shlex.quote(str(result.path))}")
