"""What the layers of a network are like on some rows: histograms, dead and saturated units, norms of gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import gcd, prod

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.layers import Conv2D, Dense, ReLU
from mlpcli.config.layers import Layer as Component
from mlpcli.model.members import OWN_OUTPUT, EinsumDense
from mlpcli.model.shapes import SavedLayer, Shape
from mlpcli.numpy_engine.layer import Activation, PReLU
from mlpcli.numpy_engine.network import Network, Weights, quiet
from mlpcli.numpy_engine.step import Batch, gradients
from mlpcli.runs.layer_file import MOST_LAYERS, LayerNumbers, UnitPictures, Values

BINS = 40
MOST_VALUES = 1 << 16
"""In a histogram; of more values, some evenly spread ones."""
FAR_OUT = 0.001
"""The share of values on each side that may be left out of a histogram."""
RECTIFIERS = ("relu", "relu6")
LIMITS = {"sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "hard_tanh": (-1.0, 1.0)}
RANGES = {**LIMITS, "softmax": (0.0, 1.0)}
"""Where the outputs of an activation lie, whatever the rows."""
NEAR = 0.01
"""Of the distance between the limits; the slope is below 4 % of the steepest there."""
NEARLY_ALL = 0.95
"""Of the rows."""


@dataclass(frozen=True)
class _Seen:
    """A layer with a kernel, its place among all layers, and its outputs (n, ..., units) behind its activation."""

    place: int
    kernel: Array
    activation: str | None
    outputs: Array


def layer_numbers(
    input_shape: Shape, described: Sequence[SavedLayer], names: Sequence[str], weights: Weights, x: Array
) -> tuple[tuple[LayerNumbers, ...], int]:
    """Each layer with a kernel, and how many more there are beyond MOST_LAYERS, which are left out evenly.

    Args:
        described: see `Network.of`; so for `weights`.
        names: what people call these layers.
        x: raw rows (n, *input_shape).

    Raises:
        NeedsKerasError: a layer, or an argument of one, is not supported here.
    """
    network = Network.of(input_shape, described, weights)
    places = kernel_places(described)
    shown = set(places if len(places) <= MOST_LAYERS else _spread(places))
    found = tuple(
        _numbers(seen, names[seen.place], output=seen.place == places[-1])
        for seen in _walk(network, described, x)
        if seen.place in shown
    )
    return found, len(places) - len(shown)


def kernel_places(described: Sequence[SavedLayer]) -> list[int]:
    """Where the dense and convolutional layers stand; the factors of an ensemble's members are none."""
    return [place for place, layer in enumerate(described) if _has_kernel(layer.component)]


def _has_kernel(component: Component) -> bool:
    own = isinstance(component, EinsumDense) and component.equation == OWN_OUTPUT
    return own or isinstance(component, (Dense, Conv2D))


def _spread(places: Sequence[int]) -> list[int]:
    """MOST_LAYERS of them, the first and the last among them."""
    chosen = np.linspace(0, len(places) - 1, MOST_LAYERS).round().astype(int)
    return [places[index] for index in chosen]


def _walk(network: Network, described: Sequence[SavedLayer], x: Array) -> Iterator[_Seen]:
    """The layers with kernels in order; only the outputs of one are in memory."""
    components = {layer.name: (place, layer.component) for place, layer in enumerate(described)}
    values, waiting = x.astype(network.dtype, copy=False), None
    for name, layers in groupby(network.layers, key=lambda layer: layer.name):
        place, component = components[name]
        if _has_kernel(component) and waiting is not None:
            yield waiting
            waiting = None
        for layer in layers:
            with quiet():
                values = layer.forward(values)
            if "kernel" in layer.parameters and _has_kernel(component):
                waiting = _Seen(place, layer.parameters["kernel"], None, values)
            elif isinstance(layer, (Activation, PReLU)) and waiting is not None:
                yield _Seen(waiting.place, waiting.kernel, _word(component), values)
                waiting = None
    if waiting is not None:
        yield waiting


def _word(component: Component) -> str:
    """What the activation is called; a leaky one may be written as relu with a slope."""
    if isinstance(component, ReLU):
        return "leaky_relu" if component.negative_slope else "relu"
    return getattr(component, "activation", None) or component.tag


def _numbers(seen: _Seen, name: str, output: bool) -> LayerNumbers:
    word, units = seen.activation, seen.outputs.shape[-1]
    rows = seen.outputs.reshape(-1, units)
    dead = int((rows == 0).all(axis=0).sum()) if word in RECTIFIERS else None
    saturated, share = None, None
    if word in LIMITS and not output:  # where an output is, it is sure of its answer
        near = _at_limit(rows, *LIMITS[word]).mean(axis=0)
        saturated, share = int((near >= NEARLY_ALL).sum()), float(near.mean())
    outputs = summary(rows, RANGES.get(word or ""), word in RECTIFIERS)
    return LayerNumbers(name, word, units, output, summary(seen.kernel), outputs, dead, saturated, share)


def _at_limit(values: Array, low: float, high: float) -> Array:
    margin = NEAR * (high - low)
    return (values < low + margin) | (values > high - margin)


def summary(values: Array, limits: tuple[float, float] | None = None, rectified: bool = False) -> Values:
    """Histogram, mean and standard deviation of values of any shape.

    limits: of the histogram; by default see `_range`. rectified: zeros are counted apart.
    """
    mean, deviation = _moments(values)
    some = _some(values)
    finite = some[np.isfinite(some)]
    shown = finite[finite != 0] if rectified else finite
    zeros = 1 - len(shown) / len(finite) if rectified and len(finite) else 0.0
    low, high = limits or _range(shown)
    return Values(low, high, _counts(shown, low, high), mean, deviation, zeros)


def _range(values: Array) -> tuple[float, float]:
    """From the lowest to the highest; without a few that lie so far out that the others would share a bin or two."""
    if not len(values):
        return 0.0, 0.0
    low, high = float(values.min()), float(values.max())
    most_low, most_high = (float(value) for value in np.quantile(values, (FAR_OUT, 1 - FAR_OUT)))
    return (most_low, most_high) if high - low > 2 * (most_high - most_low) > 0 else (low, high)


def _moments(values: Array) -> tuple[float | None, float | None]:
    """Mean and standard deviation, in float64 where that matters."""
    with quiet():
        mean = float(values.mean(dtype=np.float64))
        flat = np.subtract(values, mean, dtype=values.dtype).ravel()
        deviation = float(np.sqrt(float(flat @ flat) / max(1, flat.size)))
    return (mean, deviation) if np.isfinite(mean) and np.isfinite(deviation) else (None, None)


def _some(values: Array) -> Array:
    """At most MOST_VALUES of them (n,): every k-th, with a k that comes by all units."""
    flat, step = values.ravel(), -(-values.size // MOST_VALUES)
    while gcd(step, values.shape[-1]) > 1:
        step += 1
    return flat[::step]


def _counts(values: Array, low: float, high: float) -> tuple[int, ...]:
    """Of the bins; `np.histogram` takes several times as long."""
    if not len(values):
        return ()
    scale = BINS / (high - low) if high > low else np.inf
    if not np.isfinite(scale):
        return (len(values),)
    with quiet():
        places = ((values[(values >= low) & (values <= high)] - low) * scale).astype(np.int32)
    return tuple(np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS).tolist())


def gradient_norms(network: Network, batch: Batch) -> dict[str, float]:
    """The Euclidean norm of the gradient of each layer with a kernel, bias included, by the layers' names in order.

    The network's statistics, such as BatchNorm's means, are changed as by a step of training.

    Raises:
        NeedsKerasError: as `gradients`.
    """
    squares: dict[str, float] = {}
    kernels = {network.described[place].name for place in kernel_places(network.described)}
    for path, gradient in gradients(network, batch)[1].items():
        name = path.rpartition("/")[0]
        if name in kernels:
            with quiet():
                squares[name] = squares.get(name, 0.0) + float(np.square(gradient, dtype=np.float64).sum())
    return {name: float(np.sqrt(square)) for name, square in squares.items()}


MOST_UNITS = 36
LONGEST_SIDE = 48
"""Larger pictures are made smaller: the file stays within some 300 KB."""


def unit_pictures(
    input_shape: Shape, described: Sequence[SavedLayer], names: Sequence[str], weights: Sequence[Array]
) -> UnitPictures | None:
    """The strongest units of a first layer that is dense and takes the pixels of a picture; None for any other.

    weights: all of the network, in Keras's order.
    """
    places, shape = kernel_places(described), input_shape if len(input_shape) == 3 else (*input_shape, 1)
    if len(shape) != 3 or shape[2] not in (1, 3) or not places:
        return None
    before = sum(len(layer.weights) for layer in described[: places[0]])
    kernel = weights[before]
    if not isinstance(described[places[0]].component, Dense) or kernel.shape[0] != prod(shape):
        return None
    norms = np.linalg.norm(kernel, axis=0)
    if not np.isfinite(norms).all():
        return None
    shown = np.argsort(-norms, kind="stable")[:MOST_UNITS]
    pictures = _smaller(kernel[:, shown].T.reshape(len(shown), *shape))
    return UnitPictures.of(names[places[0]], kernel.shape[1], shown.tolist(), pictures)


def _smaller(pictures: Array) -> Array:
    """Pictures (n, height, width, channels) in means of squares of pixels, where they are large."""
    count, height, width, channels = pictures.shape
    size = -(-max(height, width) // LONGEST_SIDE)
    tall, wide = min(size, height), min(size, width)
    rows, columns = height // tall, width // wide
    cut = pictures[:, : rows * tall, : columns * wide]
    return cut.reshape(count, rows, tall, columns, wide, channels).mean(axis=(2, 4))
