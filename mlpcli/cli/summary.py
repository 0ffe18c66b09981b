"""The command `mlpcli summary`, and the layer table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlpcli.cli.options import CONFIG_PATH, Command, json_option, set_option
from mlpcli.cli.terminal import array_table, line, print_json, table
from mlpcli.text import display_width

if TYPE_CHECKING:
    from mlpcli.model.shapes import LayerSize
    from mlpcli.workflows.summary import LayerRow, NamedWeights, SummaryResult


@click.command(cls=Command)
@click.argument("config_or_model", type=CONFIG_PATH)
@set_option()
@click.option(
    "--weights", is_flag=True,
    help="Also print the weights of a model, and what it computes in the units of the data, as in y = a x + b.",
)  # fmt: skip
@json_option()
def summary(config_or_model: Path, overrides: tuple[str, ...], weights: bool, as_json: bool) -> None:
    """Print the layers of a config, a model file or a run.

    Each with its name, type, output shape and parameters, as in Keras's summary.

    \b
    $ mlpcli summary configs/digits.yaml
    $ mlpcli summary runs/digits/model.keras
    $ mlpcli summary runs/houses --weights
    """
    from mlpcli.workflows.summary import summary as run

    report(run(config_or_model, overrides, weights), as_json)


def report(result: SummaryResult, as_json: bool) -> None:
    """Print the layers and totals, and the facts stored in a model file."""
    if as_json:
        print_json(_as_json(result))
        return
    print_layers(result.name, result.input_shape, result.layers)
    print_totals(result.trainable, result.non_trainable)
    if result.members > 1:
        line(f"{result.members} members share the hidden layers; the prediction is the mean of their outputs")
    if result.weights is not None:
        _print_weights(result.weights)
    if result.facts:
        _print_facts(result.facts)


def print_layers(name: str, input_shape: tuple[int, ...], layers: Sequence[LayerRow]) -> None:
    """One row per layer: name (type), output shape, parameters and how they are computed."""
    rows = [
        [f"{layer.name} ({layer.keras_class})", shown_shape(layer.size), _parameters(layer.size)] for layer in layers
    ]
    table(f"{name}, input {_with_batch(input_shape)}", ["layer (type)", "output shape", "parameters"], rows, left=2)


def print_totals(trainable: int, non_trainable: int) -> None:
    """Total, trainable and non-trainable, with the bytes that float32 takes."""
    total = trainable + non_trainable
    line(f"total parameters: {total:,} ({total * 4 / 1024:,.1f} KiB)")
    line(f"trainable {trainable:,}, non-trainable {non_trainable:,}")


def shown_shape(size: LayerSize) -> str:
    """(None, 10) as Keras prints it."""
    return _with_batch(size.output_shape)


def _with_batch(shape: tuple[int, ...]) -> str:
    return f"({', '.join(['None', *map(str, shape)])})"


def _parameters(size: LayerSize) -> str:
    return f"{size.arithmetic} = {size.parameters:,}" if size.arithmetic else f"{size.parameters:,}"


MOST_INPUTS, MOST_OUTPUTS = 20, 10
"""Of a formula that is printed; --json has those of every size."""


def _print_weights(weights: NamedWeights) -> None:
    line("")
    array_table("weights", weights.arrays.items())
    form = weights.form
    if form is None or len(weights.inputs) > MOST_INPUTS or len(weights.outputs) > MOST_OUTPUTS:
        return
    before = f", before {form.ends}," if form.ends else ""
    what = f"{form.layer}, before its activation," if form.ends == "more" else f"the network{before}"
    line(f"{what} in the units of the data")
    for output, coefficients, constant in zip(weights.outputs, form.coefficients.T, form.constants, strict=True):
        name = {"log-odds": f'log-odds of "{output}"', "score": f'score of "{output}"'}.get(weights.stand_for, output)
        for text in formula(name, coefficients.tolist(), weights.inputs, float(constant)):
            line(text)


def formula(output: str, coefficients: Sequence[float], inputs: Sequence[str], constant: float) -> list[str]:
    """`weight = 2 x height + 1` in one line for one input, else in one line for each, below one another."""
    first, *others = (f"{value:.6g} x {name}" for value, name in zip(coefficients, inputs, strict=True))
    terms = [term if term.startswith("-") else f"+{term}" for term in (*others, f"{constant:.6g}")]
    spaced = [f"{term[0]} {term[1:]}" for term in terms]
    if len(spaced) == 1:
        return [f"{output} = {first} {spaced[0]}"]
    indent = " " * (display_width(output) + 1)
    return [f"{output} = {first}", *(f"{indent}{term}" for term in spaced)]


def _print_facts(facts: Sequence[tuple[str, str]]) -> None:
    line("")
    width = max(len(word) for word, _ in facts)
    for word, said in facts:
        line(f"{word.ljust(width)}  {said}")


def _as_json(result: SummaryResult) -> dict[str, object]:
    layers = [
        {
            "name": layer.name,
            "type": layer.keras_class,
            "output_shape": list(layer.size.output_shape),
            "parameters": layer.size.parameters,
        }
        for layer in result.layers
    ]
    totals = {"trainable": result.trainable, "non_trainable": result.non_trainable}
    found = {"weights": _weights_as_json(result.weights)} if result.weights is not None else {}
    return {
        "name": result.name,
        "input_shape": list(result.input_shape),
        "layers": layers,
        **totals,
        "members": result.members,
        **found,
        "facts": [{"about": word, "said": said} for word, said in result.facts],
        "metadata": result.metadata,
    }


def _weights_as_json(weights: NamedWeights) -> dict[str, object]:
    form = weights.form
    formulas = [
        {
            "output": output,
            "stands_for": weights.stand_for,
            "coefficients": dict(zip(weights.inputs, coefficients.tolist(), strict=True)),
            "constant": float(constant),
        }
        for output, coefficients, constant in (
            zip(weights.outputs, form.coefficients.T, form.constants, strict=True) if form is not None else ()
        )
    ]
    return {"arrays": {name: array.tolist() for name, array in weights.arrays.items()}, "formulas": formulas}
