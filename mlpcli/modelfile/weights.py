"""The weights in a model file, read with zipfile and h5py alone, checked against the description and their digest.

A .keras has them in its member model.weights.h5, by position: layers/dense/vars/0, layers/dense_1/vars/0 and so on.
An .h5 has them by name: model_weights/<layer>/<weight>, with the order in attributes.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array
from mlpcli.errors import ModelFileError
from mlpcli.model.shapes import SavedLayer
from mlpcli.modelfile.container import WEIGHTS, Metadata, ModelFile, read_member
from mlpcli.modelfile.hdf5 import (
    MOST_OBJECTS,
    H5ContentError,
    h5_damage,
    h5_in,
    holds,
    is_group,
    read_array,
    read_names,
    step_into,
)
from mlpcli.modelfile.towers import Tower
from mlpcli.text import printable

Shape = tuple[int, ...]
LEAST_WEIGHTS_BYTES = 16 << 20
MOST_STATES = 8
"""The most bytes of a file, as a multiple of its weights: optimizers keep up to four values for each."""


@dataclass(frozen=True)
class ExpectedLayer:
    """What the model's description says of a layer's weights: their shapes in order, and their type."""

    name: str
    keras_class: str
    shapes: tuple[Shape, ...]
    weight_type: str = "float32"
    trained: tuple[bool, ...] = ()
    """Of each weight, whether training changes it: in an .h5, a tower's trained weights come before its others."""

    @property
    def size(self) -> int:
        """Bytes of all weights."""
        return sum(map(prod, self.shapes)) * np.dtype(self.weight_type).itemsize


ExpectedTower = tuple[str, Sequence[ExpectedLayer]]
"""The name of one of several networks in a file, and its layers; the name is "" where it is the whole file."""


def read_layer_weights(opened: ModelFile, towers: Sequence[ExpectedTower]) -> dict[str, list[Array]]:
    """Layer name to its weights, in the order of Keras's `layer.weights`; layers without weights have an empty list.

    Raises:
        ModelFileError: a layer's weights are missing, of another shape or type, or too many.
    """
    path, layers = opened.path, [layer for _, own in towers for layer in own]
    needed = sum(layer.size for layer in layers)
    alone = len(towers) == 1
    if opened.kind == "h5":
        if needed > path.stat().st_size:
            raise _too_small(path, layers)
        with opened.reading() as file:
            return dict(_from_h5(path, file, layers) if alone else _towers_from_h5(path, file, towers))
    with opened.reading() as archive:
        content = _weights_member(archive, path, layers, needed)
    with h5_in(path, io.BytesIO(content)) as file, h5_damage(path):
        return dict(_from_keras(path, file, layers) if alone else _towers_from_keras(path, file, towers))


def snake_case(keras_class: str) -> str:
    """The name that Keras gives to the group of a class: BatchNormalization to batch_normalization."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", keras_class)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _weights_member(archive: zipfile.ZipFile, path: Path, layers: Sequence[ExpectedLayer], needed: int) -> bytes:
    """The bytes of model.weights.h5, after checking that their number is plausible for these layers."""
    if WEIGHTS in archive.NameToInfo:
        size = archive.getinfo(WEIGHTS).file_size
        if size < needed:
            raise _too_small(path, layers)
        if size > max(LEAST_WEIGHTS_BYTES, MOST_STATES * needed):
            raise ModelFileError(
                f"{path}: its {WEIGHTS} has {size:,} bytes for {needed:,} of weights; it is not opened"
            )
    return read_member(archive, WEIGHTS, path)


def _from_keras(path: Path, file: Any, layers: Sequence[ExpectedLayer]) -> Iterator[tuple[str, list[Array]]]:
    groups = step_into(file, "layers") if holds(file, "layers") else None
    places, counts = {}, Counter[str]()
    for layer in layers:
        word = snake_case(layer.keras_class)
        places[f"{word}_{counts[word]}" if counts[word] else word] = layer
        counts[word] += 1
    extra = next((place for place in _members(groups) if place not in places and _count(groups, place)), None)
    if extra is not None:
        raise _misfit(path, extra, "the file has weights for it, but the model has no such layer")
    for place, layer in places.items():
        count = _count(groups, place)
        if count != len(layer.shapes):
            raise _misfit(path, layer.name, f"the file has {count} weights for it, but it needs {len(layer.shapes)}")
        group = step_into(groups, f"{place}/vars") if count else None
        yield layer.name, [_read(path, layer, group, str(index), index) for index in range(count)]


def _towers_from_keras(path: Path, file: Any, towers: Sequence[ExpectedTower]) -> Iterator[tuple[str, list[Array]]]:
    groups = step_into(file, "layers")
    places = [f"sequential_{number}" if number else "sequential" for number in range(len(towers))]
    extra = next((held for held in _members(groups) if held not in (*places, "input_layer", "average")), None)
    if extra is not None:
        raise _misfit(path, extra, "the file has weights for it, but the model has no such layer")
    for place, (_, layers) in zip(places, towers, strict=True):
        yield from _from_keras(path, step_into(groups, place), layers)


def _members(group: Any) -> list[str]:
    if group is None:
        return []
    if not is_group(group) or len(group) > MOST_OBJECTS:
        raise H5ContentError("it holds far more layers than the model, or none")
    return list(group)


def _count(groups: Any, place: str) -> int:
    """The number of a layer's own weights, without those of its parts, such as the random state of a Dropout."""
    layer = step_into(groups, place) if groups is not None and holds(groups, place) else None
    variables = step_into(layer, "vars") if layer is not None and holds(layer, "vars") else None
    return len(variables) if variables is not None and is_group(variables) else 0


def _from_h5(path: Path, file: Any, layers: Sequence[ExpectedLayer]) -> Iterator[tuple[str, list[Array]]]:
    root = step_into(file, "model_weights")
    expected = {layer.name: layer for layer in layers}
    tops = {name.split("/")[0] for name in expected}
    extra = next((held for held in _members(root) if held not in tops and _weight_names(root, held)), None)
    if extra is not None:
        raise _misfit(path, extra, "the file has weights for it, but the model has no such layer")
    for name, layer in expected.items():
        names = _weight_names(root, name)
        if len(names) != len(layer.shapes):
            raise _misfit(path, name, f"the file has {len(names)} weights for it, but it needs {len(layer.shapes)}")
        group = step_into(root, name) if names else None
        yield name, [_read(path, layer, group, weight, index) for index, weight in enumerate(names)]


def _towers_from_h5(path: Path, file: Any, towers: Sequence[ExpectedTower]) -> Iterator[tuple[str, list[Array]]]:
    """Each tower has one list of weights, those that training changes first."""
    root, known = step_into(file, "model_weights"), {name for name, _ in towers}
    extra = next((held for held in _members(root) if held not in known and _weight_names(root, held)), None)
    if extra is not None:
        raise _misfit(path, extra, "the file has weights for it, but the model has no such layer")
    for tower, layers in towers:
        names, places = _weight_names(root, tower), tower_order(layers)
        if len(names) != len(places):
            raise _misfit(path, tower, f"the file has {len(names)} weights for it, but it needs {len(places)}")
        group = step_into(root, tower) if names else None
        found = {
            place: _read(path, layers[place[0]], group, name, place[1])
            for place, name in zip(places, names, strict=True)
        }
        for number, layer in enumerate(layers):
            yield layer.name, [found[number, index] for index in range(len(layer.shapes))]


def tower_order(layers: Sequence[ExpectedLayer]) -> list[tuple[int, int]]:
    """The weights of a model within an .h5, as (layer, weight): those that training changes, then the others."""
    places = [(number, index) for number, layer in enumerate(layers) for index in range(len(layer.shapes))]
    return sorted(places, key=lambda place: not layers[place[0]].trained[place[1]])


def _weight_names(root: Any, layer: str) -> list[str]:
    try:
        group = step_into(root, layer)
    except KeyError:
        return []
    return read_names(group, "weight_names") if "weight_names" in group.attrs else []


def _read(path: Path, layer: ExpectedLayer, group: Any, weight: str, index: int) -> Array:
    counter = layer.keras_class == "Normalization" and layer.shapes[index] == () and index == 2
    try:
        values = read_array(step_into(group, weight), layer.shapes[index], "iuf" if counter else "f")
    except H5ContentError as error:
        raise _misfit(path, layer.name, f"weight {index}: {error}") from error
    except KeyError as error:
        raise _misfit(path, layer.name, f"weight {index} is missing") from error
    with np.errstate(over="ignore"):  # what becomes infinite is refused later, by name
        return values if counter else values.astype(layer.weight_type, copy=False)


def _too_small(path: Path, layers: Sequence[ExpectedLayer]) -> ModelFileError:
    count = sum(prod(shape) for layer in layers for shape in layer.shapes)
    return ModelFileError(f"{path}: names {count:,} parameters but is too small to hold them; it is damaged")


def _misfit(path: Path, layer: str, found: str) -> ModelFileError:
    return ModelFileError(f"{path}: layer {printable(layer)}: {found}; the weights are not those of this model")


Weights = dict[str, list[npt.NDArray[Any]]]
"""Layer name in the description to its arrays, in the order of Keras's `layer.weights`."""


def expected(layer: SavedLayer) -> ExpectedLayer:
    """What a layer's description says of its weights."""
    trained = tuple(name not in layer.size.tracked for name in layer.size.weights)
    return ExpectedLayer(layer.name, layer.keras_class, layer.weights, layer.weight_type, trained)


def checked_weights(opened: ModelFile, towers: Sequence[Tower], metadata: Metadata | None) -> Weights:
    """The weights of every layer of the networks in a file.

    NaN is an error in files of stock Keras, too: a ReLU can turn it into a plausible number that no one would notice.

    Raises:
        ModelFileError: they do not fit this model, have changed since they were saved, or are not finite.
    """
    path = opened.path
    described = [(tower.name, [expected(layer) for layer in tower.layers]) for tower in towers]
    weights = read_layer_weights(opened, described)
    saved = (metadata or {}).get("weights")
    if saved is not None and saved != weights_digest(array for arrays in weights.values() for array in arrays):
        raise ModelFileError(f"{path}: its weights have changed since they were saved; restore the file or train again")
    for name, arrays in weights.items():
        if not all(np.isfinite(array).all() for array in arrays):
            raise ModelFileError(
                f"{path}: layer {name} has weights that are NaN or infinite, so the model cannot predict; train again"
            )
    return weights


def weights_digest(weights: Iterable[np.ndarray[Any, Any]]) -> str:
    """`sha256:...` over all weights in order, needed because an .h5 has no checksum of its own."""
    digest = hashlib.sha256()
    for array in weights:
        digest.update(repr((array.shape, array.dtype.name)).encode("ascii"))
        digest.update(np.ascontiguousarray(array).tobytes())
    return f"sha256:{digest.hexdigest()}"
