"""The layers of a saved model one after another, from Keras's description of a Sequential or a plain Functional model.

A Functional model is a graph; where it is a chain, each layer taking what the one before it gives, it is the same as a
Sequential one. Keras 2 writes the graph as [[["dense", 0, 0, {}]]], Keras 3 as {"args": [tensor], "kwargs": {...}}.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlpcli.artifacts.printable import printable
from mlpcli.config.model import MOST_LAYERS
from mlpcli.errors import ModelFileError

LayerJson = dict[str, Any]
"""{"class_name": ..., "config": {...}, ...}"""

_SAVE_SEQUENTIAL = "mlpcli opens Sequential models, and Functional ones whose layers follow one another"


def chain(path: Path, architecture: dict[str, Any]) -> list[LayerJson]:
    """Every layer in order; the first may be an InputLayer.

    Raises:
        ModelFileError: it is another kind of model, or its layers do not follow one another.
    """
    kind = architecture.get("class_name")
    if kind not in ("Sequential", "Functional", "Model"):
        raise ModelFileError(f"{path}: is a {printable(kind)} model; {_SAVE_SEQUENTIAL}")
    config = architecture.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    if (
        not isinstance(config, dict)
        or not isinstance(layers, list)
        or not all(isinstance(layer, dict) and isinstance(layer.get("config"), dict) for layer in layers)
    ):
        raise ModelFileError(f"{path}: its description lists no layers; it is damaged, or no Keras model")
    if len(layers) > MOST_LAYERS + 1:
        raise ModelFileError(f"{path}: has {len(layers):,} layers, and mlpcli opens models of up to {MOST_LAYERS:,}")
    return layers if kind == "Sequential" else _in_order(path, config, layers)


def _in_order(path: Path, config: dict[str, Any], layers: list[LayerJson]) -> list[LayerJson]:
    """The layers of a graph from its input on, each the only one that takes what the last one gives."""
    after: dict[str, LayerJson] = {}
    first = None
    for layer in layers:
        source = _source(layer)
        if source is None and layer.get("class_name") == "InputLayer" and first is None:
            first = layer
        elif source is None or source in after:
            raise _no_chain(path, layer)
        else:
            after[source] = layer
    ordered: list[LayerJson] = [] if first is None else [first]
    while ordered and (following := after.pop(str(ordered[-1].get("name")), None)) is not None:
        ordered.append(following)
    if len(ordered) != len(layers) or not ordered:
        raise _no_chain(path, layers[-1] if layers else {})
    if _ends(config.get("input_layers")) != ordered[0].get("name") or (
        _ends(config.get("output_layers")) != ordered[-1].get("name")
    ):
        raise _no_chain(path, ordered[-1])
    return ordered


def _source(layer: LayerJson) -> str | None:
    """The name of the one layer that this one takes its input from, once and plainly; None where there is none."""
    nodes = layer.get("inbound_nodes")
    node = nodes[0] if isinstance(nodes, list) and len(nodes) == 1 else None
    if isinstance(node, dict):
        options, tensors = node.get("kwargs"), node.get("args")
        tensor = tensors[0] if isinstance(tensors, list) and len(tensors) == 1 else None
        inside = tensor.get("config") if isinstance(tensor, dict) else None
        history = inside.get("keras_history") if isinstance(inside, dict) else None
    else:
        history = node[0] if isinstance(node, list) and len(node) == 1 else None
        options = history[3] if isinstance(history, list) and len(history) == 4 else {}
    plain = isinstance(options, dict) and all(value is None or value is False for value in options.values())
    return _first_output(history) if plain else None


def _first_output(history: Any) -> str | None:
    """The name in ["dense", 0, 0]: a layer that is called once, and its first output."""
    if isinstance(history, list) and len(history) >= 3 and isinstance(history[0], str) and history[1:3] == [0, 0]:
        return history[0]
    return None


def _ends(named: Any) -> str | None:
    """The one input or output, which versions write as ["x", 0, 0] or [["x", 0, 0]]."""
    return _first_output(named[0] if isinstance(named, list) and len(named) == 1 else named)


def _no_chain(path: Path, layer: LayerJson) -> ModelFileError:
    where = f"layer {printable(layer.get('name'))}"
    return ModelFileError(f"{path}: is a Functional model that branches or joins at {where}; {_SAVE_SEQUENTIAL}")
