"""Several networks in one file, as `mlpcli combine` makes it: towers on one input, and the average of their outputs.

Each tower is a Sequential model inside a Functional one, so that it is read as a model of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpcli.errors import ModelFileError
from mlpcli.model.shapes import SavedLayer, Shape
from mlpcli.modelfile.description import (
    LayerJson,
    ends_of,
    first_output,
    history_of,
    precision_of,
    saved_layers,
    source_of,
)
from mlpcli.modelfile.keras_objects import ArgumentError
from mlpcli.modelfile.vocabulary import first_stranger
from mlpcli.text import printable

MOST_TOWERS = 100
TOWER_CLASS, AVERAGE = "Sequential", "Average"


@dataclass(frozen=True)
class Tower:
    """One of the networks; name: of the model in the file, "" where it is the whole file."""

    name: str
    layers: Sequence[SavedLayer]


def saved_towers(path: Path, architecture: dict[str, Any]) -> tuple[Shape, list[Tower]]:
    """The input shape and the networks of a file: one, as a rule, or several whose outputs are averaged.

    Raises:
        ModelFileError: as `saved_layers`, and where the towers do not fit together.
    """
    if not _has_average(architecture):
        shape, layers = saved_layers(path, architecture)
        return shape, [Tower("", layers)]
    described = _checked(path, architecture)
    towers: list[Tower] = []
    shapes: list[Shape] = []
    for layer in described:
        own = {key: value for key, value in layer.items() if key not in ("inbound_nodes", "name")}
        shape, layers = saved_layers(path, own)
        towers.append(Tower(layer["name"], layers))
        shapes.append(shape)
    _check_fit(path, towers, shapes)
    return shapes[0], towers


def _has_average(architecture: dict[str, Any]) -> bool:
    config = architecture.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    functional = architecture.get("class_name") in ("Functional", "Model") and isinstance(layers, list)
    return functional and any(isinstance(layer, dict) and layer.get("class_name") == AVERAGE for layer in layers or [])


def _checked(path: Path, architecture: dict[str, Any]) -> list[LayerJson]:
    """The towers in order, after checking the graph around them."""
    config = architecture["config"]
    layers = config["layers"]
    if len(layers) > MOST_TOWERS + 2:
        raise ModelFileError(
            f"{path}: averages {len(layers) - 2:,} networks, and mlpcli opens files with up to {MOST_TOWERS}"
        )
    if not all(isinstance(layer, dict) and isinstance(layer.get("config"), dict) for layer in layers):
        raise ModelFileError(f"{path}: its description lists no layers; it is damaged, or not a Keras model")
    first, *towers, last = layers if len(layers) > 2 else [{}, {}]
    start, end = first.get("name"), last.get("name")
    fits = (
        len(towers) > 1
        and (first.get("class_name"), last.get("class_name")) == ("InputLayer", AVERAGE)
        and all(tower.get("class_name") == TOWER_CLASS and isinstance(tower.get("name"), str) for tower in towers)
        and isinstance(start, str)
        and all(source_of(tower) == start and tower["config"].get("name") == tower["name"] for tower in towers)
        and _averaged(last) == [tower["name"] for tower in towers]
        and (ends_of(config.get("input_layers")), ends_of(config.get("output_layers"))) == (start, end)
    )
    if not fits:
        raise ModelFileError(f"{path}: {_NOT_TOWERS}; mlpcli opens such files where mlpcli combine wrote them")
    _check_objects(path, architecture, first, last)
    return towers


_NOT_TOWERS = "has an Average layer, but not right behind Sequential models that all take the input"


def _averaged(layer: LayerJson) -> list[str | None]:
    """The names of the layers whose outputs are averaged."""
    nodes = layer.get("inbound_nodes")
    node = nodes[0] if isinstance(nodes, list) and len(nodes) == 1 else None
    tensors = node.get("args") if isinstance(node, dict) and not node.get("kwargs") else None
    listed = tensors[0] if isinstance(tensors, list) and len(tensors) == 1 else None
    return [first_output(history_of(tensor)) for tensor in listed] if isinstance(listed, list) else []


def _check_objects(path: Path, architecture: dict[str, Any], first: LayerJson, last: LayerJson) -> None:
    """Refuse every object outside the towers that is not in the schema; those have their own check."""
    outside = {**architecture, "config": {**architecture["config"], "layers": [first]}}
    own = {key: value for key, value in last.items() if key not in ("class_name", "module", "registered_name")}
    stranger = first_stranger(outside) or first_stranger(own)
    named = (last.get("module") or "keras.layers", last.get("registered_name") or AVERAGE)
    if stranger is None and named != ("keras.layers", AVERAGE):
        stranger = f"{printable(named[0])}.{printable(named[1])}"
    if stranger is not None:
        raise ModelFileError(
            f"{path}: it names {stranger}, which mlpcli does not open: a model file from a stranger could run code"
            " that way; if it is your own, load it with Keras"
        )
    try:
        precision = precision_of(last["config"].get("dtype"))
    except ArgumentError as error:
        raise ModelFileError(f"{path}: layer {AVERAGE} does not fit: {error}") from error
    if precision != "float32":
        raise ModelFileError(f"{path}: averages in {precision}, and only float32 is supported")


def _check_fit(path: Path, towers: Sequence[Tower], shapes: Sequence[Shape]) -> None:
    outputs = [tower.layers[-1].size.output_shape if tower.layers else () for tower in towers]
    for number, (shape, output) in enumerate(zip(shapes, outputs, strict=True)):
        if (shape, output) != (shapes[0], outputs[0]):
            where = printable(towers[number].name)
            raise ModelFileError(
                f"{path}: {where} turns {shape} into {output}, but {printable(towers[0].name)} {shapes[0]} into"
                f" {outputs[0]}; the file is damaged"
            )
    names = [*(tower.name for tower in towers), *(layer.name for tower in towers for layer in tower.layers)]
    twice = next(_twice(names), None)
    if twice is not None:
        raise ModelFileError(f"{path}: has two layers called {printable(twice)}; save it again with mlpcli combine")


def _twice(names: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)
