"""The command `mlpcli trace`, and the tables of values and gradients that it prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlpcli.cli.options import CONFIG_PATH, Command, json_option, set_option
from mlpcli.cli.terminal import array_table, line, print_json

if TYPE_CHECKING:
    from mlpcli.arrays import Array
    from mlpcli.workflows.trace import TracedLayer, TraceResult


@click.command(cls=Command)
@click.argument("config_or_model", type=CONFIG_PATH)
@click.option(
    "--row", type=click.IntRange(0), default=0, show_default=True, help="The row of the training data, counted from 0."
)
@set_option()
@json_option()
def trace(config_or_model: Path, row: int, overrides: tuple[str, ...], as_json: bool) -> None:
    """Follow one row through a network, layer by layer.

    Prints what each layer makes of it, the loss, and the gradients that backpropagation finds: at the weights of a
    model, or the initial weights of a config, as the NumPy engine draws them. Long vectors are shortened; --json
    has every number.

    \b
    $ mlpcli trace configs/digits.yaml
    $ mlpcli trace runs/digits --row 5
    """
    from mlpcli.workflows.trace import trace as run

    report(run(config_or_model, row, overrides), as_json)


def report(result: TraceResult, as_json: bool) -> None:
    """Print the values, the loss and the gradients, or one JSON object."""
    if as_json:
        print_json(_as_json(result))
        return
    weights = "trained weights" if result.trained else f"initial weights of seed {result.seed}"
    line(f"{result.name}, {weights}, row {result.row} of {result.rows:,}")
    array_table("forward", _forward(result))
    _say_loss(result)
    array_table("backward: the gradient of the loss by", _backward(result))
    _say_what_is_off(result)


def _forward(result: TraceResult) -> list[tuple[str, Array]]:
    arrays = [("input", result.trace.input)]
    for layer, label in zip(result.trace.layers, _labels(result), strict=True):
        arrays += [(f"  {layer.name}/{name}", array) for name, array in layer.weights.items()]
        arrays.append((label, layer.output))
    return arrays


def _backward(result: TraceResult) -> list[tuple[str, Array]]:
    """From the output to the first layer that learns."""
    arrays = []
    for layer, label in reversed(list(zip(result.trace.layers, _labels(result), strict=True))):
        if layer.output_gradient is not None:
            arrays.append((label, layer.output_gradient))
        arrays += [(f"  {layer.name}/{name}", array) for name, array in layer.gradients.items()]
    return arrays


def _labels(result: TraceResult) -> list[str]:
    """The name of each layer; an activation within a layer has its own name, too."""
    layers = result.trace.layers
    before: Sequence[TracedLayer | None] = [None, *layers[:-1]]
    return [
        f"{layer.name}: {layer.step}" if last is not None and last.name == layer.name else layer.name
        for last, layer in zip(before, layers, strict=True)
    ]


def _say_loss(result: TraceResult) -> None:
    found = result.trace
    target = f'"{result.target}"' if isinstance(result.target, str) else f"{result.target}"
    line(f"target {target}")
    scaled = ""
    if result.loss_weight != 1:
        scaled = f" = {found.loss / result.loss_weight:.6g} x {result.loss_weight:.6g} (the target is standardized)"
    line(f"loss {found.loss:.6g}{scaled}  ({result.loss})")
    if found.penalty:
        line(f"with penalties {found.loss + found.penalty:.6g}; their gradients are in those of the weights")
    line("")


def _say_what_is_off(result: TraceResult) -> None:
    last = result.trace.layers[-1]
    if last.output_gradient is None:
        line(f"the loss is computed from the input of {last.step}, so backpropagation starts there")
    if result.noise_off:
        line(f"switched off, as in predictions: {', '.join(result.noise_off)}")
    averages = [layer.name for layer in result.trace.layers if layer.step == "BatchNormalization"]
    if averages:
        line(f"with its running averages, as in predictions: {', '.join(averages)}")


def _as_json(result: TraceResult) -> dict[str, Any]:
    found = result.trace
    layers = [
        {
            "name": layer.name,
            "step": layer.step,
            "weights": {name: array.tolist() for name, array in layer.weights.items()},
            "output": layer.output.tolist(),
            "output_gradient": None if layer.output_gradient is None else layer.output_gradient.tolist(),
            "gradients": {name: array.tolist() for name, array in layer.gradients.items()},
        }
        for layer in found.layers
    ]
    return {
        "name": result.name,
        "weights": "trained" if result.trained else "initial",
        "seed": result.seed,
        "row": result.row,
        "rows": result.rows,
        "input": found.input.tolist(),
        "target": result.target,
        "layers": layers,
        "loss": {"name": result.loss, "value": found.loss, "weight": result.loss_weight, "penalty": found.penalty},
        "noise_off": result.noise_off,
    }
