"""The command `mlpcli summary`, and the layer table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlpcli.cli.options import CONFIG_PATH, Command, json_option, set_option
from mlpcli.cli.terminal import line, print_json, table

if TYPE_CHECKING:
    from mlpcli.model.shapes import LayerSize
    from mlpcli.workflows.summary import LayerRow, SummaryResult


@click.command(cls=Command)
@click.argument("config_or_model", type=CONFIG_PATH)
@set_option()
@json_option()
def summary(config_or_model: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Print the layers of a config, a model file or a run.

    Each with its name, type, output shape and parameters, as in Keras's summary.

    \b
    $ mlpcli summary configs/digits.yaml
    $ mlpcli summary runs/digits/model.keras
    """
    from mlpcli.workflows.summary import summary as run

    report(run(config_or_model, overrides), as_json)


def report(result: SummaryResult, as_json: bool) -> None:
    """Print the layers and totals, and the facts stored in a model file."""
    if as_json:
        print_json(_as_json(result))
        return
    print_layers(result.name, result.input_shape, result.layers)
    print_totals(result.trainable, result.non_trainable)
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
    return {
        "name": result.name,
        "input_shape": list(result.input_shape),
        "layers": layers,
        **totals,
        "facts": [{"about": word, "said": said} for word, said in result.facts],
        "metadata": result.metadata,
    }
