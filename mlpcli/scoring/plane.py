"""A model with two inputs, asked about the whole plane that its rows lie in, and its hidden units with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from math import isqrt

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.batches import take_rows
from mlpcli.data.dataset import Part, Splits
from mlpcli.data.plane_inputs import PlaneInputs, plane_inputs
from mlpcli.errors import NeedsKerasError
from mlpcli.modelfile.saved_model import SavedModel
from mlpcli.numpy_engine.layer import Activation, Dense
from mlpcli.numpy_engine.network import Network, Watch
from mlpcli.runs.plane import MOST_CLASSES, Answers, HiddenLayer, Plane, Points
from mlpcli.scoring.predictor import load_predictor
from mlpcli.scoring.probabilities import gives_probabilities, predicted_classes

SIDE, SMALLEST_SIDE = 100, 40
"""Cells of the grid along each axis; fewer for many classes or large networks."""
MOST_OUTPUTS, MOST_PRODUCTS = 120_000, 1e9
MOST_POINTS = 1000
"""Of a part."""
MARGIN = 0.08
"""Of the range of the points, on each side."""
MOST_LAYERS, MOST_UNITS, TILE = 5, 8, 40
"""Tiles of hidden units: columns, rows, and cells along each side."""
Ask = Callable[[Array], Array]
"""Outputs (n, units) for rows x (n, width)."""


def plane_of(saved: SavedModel, splits: Splits) -> Plane | None:
    """The plane of a model and the rows that it was trained with.

    None where a row is not two numbers, several numbers or more than MOST_CLASSES classes are predicted, or an output
    is not finite. Asks the network as `predict` does, so that the classes are the same.
    """
    meaning, inputs = saved.meaning, plane_inputs(saved.card.layout)
    if inputs is None or len(meaning.class_names or ()) > MOST_CLASSES:
        return None
    predictor = load_predictor(saved)

    def ask(x: Array) -> Array:
        return predictor.predict(Part(x, np.zeros(len(x), np.int64), np.arange(len(x))))

    named = {"train": splits.train, "test": splits.test}
    if splits.test is None and splits.validation is not None:
        named = {"train": splits.train, "validation": splits.validation}
    classes, threshold = meaning.class_names, meaning.threshold
    points = tuple(
        _points(name, part, inputs, ask, threshold if classes else None) for name, part in named.items() if part
    )
    parameters = sum(array.size for arrays in saved.weights.values() for array in arrays)
    x, y = grid_axes(np.concatenate([some.xy for some in points]), side_for(meaning.outputs, parameters))
    answers = ask_plane(ask, inputs, x, y, threshold if classes else None)
    if not np.isfinite(answers.outputs).all() or not all(np.isfinite(some.predicted).all() for some in points):
        return None
    preprocessing = saved.card.layout.preprocessing
    units = preprocessing.target_units if preprocessing is not None else ()
    plane = Plane(
        inputs.names, inputs.units, classes, next(iter(meaning.targets), ""), next(iter(units), ""), threshold,
        gives_probabilities(saved.activation, meaning.outputs), x, y, answers, points,
    )  # fmt: skip
    hidden, layers = hidden_layers(saved, inputs, x, y)
    return replace(plane, hidden=hidden, layers=layers)


def side_for(outputs: int, parameters: int) -> int:
    """Cells along each side of the grid."""
    cells = min(SIDE * SIDE, MOST_OUTPUTS // outputs, int(MOST_PRODUCTS / max(1, parameters)))
    return max(SMALLEST_SIDE, isqrt(cells))


def grid_axes(points: Array, side: int) -> tuple[Array, Array]:
    """Both axes (side,) float32, ascending: the range of the points (n, 2), and some more."""
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    span = np.where(high > low, high - low, np.maximum(1.0, np.abs(high)))
    first, last = low - MARGIN * span, high + MARGIN * span
    x, y = (np.linspace(first[axis], last[axis], side).astype(np.float32) for axis in (0, 1))
    return x, y


def ask_plane(ask: Ask, inputs: PlaneInputs, x: Array, y: Array, threshold: float | None) -> Answers:
    """What a network says to every cell; threshold: of classes, None where it predicts a number."""
    outputs = ask(inputs.encode(grid_points(x, y)))
    shape = (len(y), len(x))
    classes = None if threshold is None else predicted_classes(outputs, threshold).astype(np.int16).reshape(shape)
    return Answers(outputs.reshape(*shape, -1).astype(np.float32), classes)


def grid_points(x: Array, y: Array) -> Array:
    """The cells (rows * columns, 2), row by row."""
    across, up = np.meshgrid(x, y)
    return np.stack([across.ravel(), up.ravel()], axis=1)


def _points(name: str, part: Part, inputs: PlaneInputs, ask: Ask, threshold: float | None) -> Points:
    places = np.linspace(0, len(part) - 1, min(len(part), MOST_POINTS)).astype(int)
    rows = np.array([part.indices[place] for place in places.tolist()])  # of rows on disk, one at a time is allowed
    x = take_rows(part.x, rows)
    outputs, y = ask(x), take_rows(part.y, rows)
    if threshold is None:
        true, predicted = y.reshape(len(y)).astype(np.float32), outputs[:, 0].astype(np.float32)
    else:
        true, predicted = y.astype(np.int16), predicted_classes(outputs, threshold).astype(np.int16)
    return Points(name, len(part), inputs.points(x), true, predicted)


def hidden_layers(saved: SavedModel, inputs: PlaneInputs, x: Array, y: Array) -> tuple[tuple[HiddenLayer, ...], int]:
    """The first units of the first hidden layers over the plane, and how many hidden layers there are.

    A hidden layer is what stands between two dense ones; what the next one gets from it is its output. () where NumPy
    does not support a layer, or the network is several.
    """
    if len(saved.towers) > 1 or saved.members > 1:
        return (), 0
    try:
        network = Network.of(saved.input_shape, saved.layers, saved.weights)
    except NeedsKerasError:
        return (), 0
    network.watch = watch = Watch()
    across, up = (np.linspace(axis[0], axis[-1], TILE) for axis in (x, y))
    network.forward(inputs.encode(grid_points(across, up)))
    dense = [place for place, layer in enumerate(network.layers) if isinstance(layer, Dense)]
    found = []
    for first, following in pairwise(dense[: MOST_LAYERS + 1]):
        words = [layer.kind for layer in network.layers[first:following] if isinstance(layer, Activation)]
        outputs = watch.outputs[network.layers[following - 1]]
        found.append(_tiles(words[-1] if words else "", outputs))
    return tuple(found), max(0, len(dense) - 1)


def _tiles(activation: str, outputs: Array) -> HiddenLayer:
    """From outputs (cells, units)."""
    shown = np.nan_to_num(outputs[:, :MOST_UNITS].T.astype(np.float64)).reshape(-1, TILE, TILE)
    largest = np.abs(shown).max(axis=(1, 2))
    tiles = np.rint(shown * (127 / np.where(largest > 0, largest, 1))[:, np.newaxis, np.newaxis])
    return HiddenLayer(activation, outputs.shape[1], tiles.astype(np.int8), largest)
