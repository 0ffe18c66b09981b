"""The command `mlpcli gradcheck`, and the table and verdict that it prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from mlpcli.cli.options import CONFIG_PATH, Command, json_option, set_option
from mlpcli.cli.terminal import line, print_json, table

if TYPE_CHECKING:
    from mlpcli.numpy_engine.gradient_check import ParameterCheck
    from mlpcli.workflows.gradcheck import GradcheckResult


@click.command(cls=Command)
@click.argument("config_or_model", type=CONFIG_PATH)
@set_option()
@click.option(
    "--engine", type=click.Choice(["keras", "numpy"]), default="keras", show_default=True,
    help="numpy: skip Keras's GradientTape, and with it the time to load TensorFlow.",
)  # fmt: skip
@click.option(
    "--rows", type=click.IntRange(1, 4096), default=32, show_default=True, help="Number of training rows to use."
)
@json_option()
def gradcheck(
    config_or_model: Path, overrides: tuple[str, ...], engine: Literal["keras", "numpy"], rows: int, as_json: bool
) -> int:
    """Check the gradients of a network, parameter by parameter.

    Compares backpropagation in NumPy, central differences of the loss, and Keras's GradientTape on a few training
    rows, at the weights of a model or the initial weights of a config. Exits with 1 if they disagree.

    \b
    $ mlpcli gradcheck configs/digits.yaml --engine numpy
    $ mlpcli gradcheck runs/digits
    """
    from mlpcli.workflows.gradcheck import gradcheck as run

    result = run(config_or_model, overrides, engine, rows)
    report(result, as_json)
    return 0 if result.check.agrees else 1


def report(result: GradcheckResult, as_json: bool) -> None:
    """Print the table and the verdict, or one JSON object."""
    if as_json:
        print_json(_as_json(result))
        return
    with_tape = result.engine == "keras"
    columns = ["parameter", "shape", "largest gradient", "NumPy / differences"]
    columns += ["NumPy / Keras"] if with_tape else []
    rows = [_row(parameter, with_tape) for parameter in result.check.parameters]
    table(f"{result.name}: gradients of {result.loss}, {result.rows} training rows", [*columns, "verdict"], rows, 2)
    _explain(result, with_tape)


def _row(parameter: ParameterCheck, with_tape: bool) -> list[str]:
    cells = [parameter.path, "x".join(map(str, parameter.shape)), f"{parameter.largest:.2e}"]
    cells += [f"{parameter.differences:.1e}"]
    cells += [f"{parameter.tape:.1e}"] if with_tape and parameter.tape is not None else []
    return [*cells, "agrees" if parameter.agrees else "DIFFERS"]


def _explain(result: GradcheckResult, with_tape: bool) -> None:
    from mlpcli.numpy_engine.gradient_check import AGREE, AGREE_KERAS

    line("largest relative error of each parameter: |a - b| / max(|a|, |b|)")
    line(f"NumPy: backpropagation, float64. Differences: (L(w+h) - L(w-h)) / 2h; at most {AGREE:.0e} is rounding.")
    if with_tape:
        line(f"Keras: GradientTape, float64; at most {AGREE_KERAS:.0e} is rounding.")
    if result.noise_off:
        line(f"switched off, because they make the loss random: {', '.join(result.noise_off)}")
    wrong = [parameter.path for parameter in result.check.parameters if not parameter.agrees]
    if wrong:
        line(f"the gradients DIFFER in {', '.join(wrong)}")
        line("a derivative is wrong there or in a later layer; or the loss has a kink, as with ReLU at 0")
    else:
        line(f"all {len(result.check.parameters)} agree: the gradients are right")


def _as_json(result: GradcheckResult) -> dict[str, Any]:
    parameters = [
        {
            "parameter": parameter.path,
            "shape": list(parameter.shape),
            "checked": parameter.checked,
            "largest_gradient": parameter.largest,
            "numpy_against_differences": parameter.differences,
            "numpy_against_keras": parameter.tape,
            "agrees": parameter.agrees,
        }
        for parameter in result.check.parameters
    ]
    return {
        "name": result.name,
        "engine": result.engine,
        "rows": result.rows,
        "loss": {"name": result.loss, "value": result.check.loss},
        "noise_off": result.noise_off,
        "agrees": result.check.agrees,
        "parameters": parameters,
    }
