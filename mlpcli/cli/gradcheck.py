"""`mlpcli gradcheck`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from mlpcli.cli.options import PATH, json_option, set_option


@click.command()
@click.argument("config_or_model", type=PATH)
@set_option()
@click.option(
    "--engine", type=click.Choice(["keras", "numpy"]), default="keras", show_default=True,
    help="numpy: without Keras's GradientTape, and without the wait for TensorFlow.",
)  # fmt: skip
@click.option("--rows", type=click.IntRange(1, 4096), default=32, show_default=True, help="Training rows in the batch.")
@json_option()
def gradcheck(
    config_or_model: Path, overrides: tuple[str, ...], engine: Literal["keras", "numpy"], rows: int, as_json: bool
) -> int:
    """Check the gradients of a network, parameter by parameter.

    Compares backpropagation in NumPy, central differences of the loss, and Keras's GradientTape on a few training
    rows: the weights of a model, or the initial ones of a config. Exits with 1 where they disagree.

    \b
    $ mlpcli gradcheck configs/digits.yaml --engine numpy
    $ mlpcli gradcheck runs/digits
    """
    from mlpcli.cli.gradcheck_report import report
    from mlpcli.workflows.gradcheck import gradcheck as run

    result = run(config_or_model, overrides, engine, rows)
    report(result, as_json)
    return 0 if result.check.agrees else 1
