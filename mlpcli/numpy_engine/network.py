"""A network of NumPy layers, made from their descriptions: forward, backward, predictions, weights by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import LeftToKerasError, ModelFileError, NeedsKerasError
from mlpcli.model.shapes import SavedLayer, Shape
from mlpcli.numpy_engine.inference import BetweenZeros, InferencePlan, Step, between_zeros, steps_of
from mlpcli.numpy_engine.initializers import initial
from mlpcli.numpy_engine.layer import PROBABILITIES, Activation, Layer
from mlpcli.numpy_engine.losses import Penalty, Slopes
from mlpcli.numpy_engine.members import MeanOfMembers
from mlpcli.numpy_engine.noise import NoiseLayer
from mlpcli.numpy_engine.registry import LAYER_MAKERS, NO_STEP

NOISE_STREAM = 1_148_350_212
"""Keeps the draws of Dropout apart from others of the same seed, such as those of the initial weights."""


def quiet() -> np.errstate:
    """A context in which infinity and NaN raise no warnings; as in Keras, they are results."""
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")


class Network:
    """Layers one after the other; all arrays are of one type, float32 as in Keras or float64 for checks."""

    def __init__(
        self,
        layers: Sequence[Layer],
        input_shape: Shape,
        dtype: Any = np.float32,
        penalties: Penalties | None = None,
        loss_needs_keras: NeedsKerasError | None = None,
    ) -> None:
        """penalties: added to the loss; loss_needs_keras: why the loss cannot be computed in NumPy, if so."""
        self.layers, self.input_shape, self.dtype = list(layers), input_shape, np.dtype(dtype)
        self.penalties, self.loss_needs_keras = penalties or {}, loss_needs_keras
        self.logits: Array | None = None
        self.watch: Watch | None = None
        self.described: Sequence[SavedLayer] = ()
        for layer in self.layers:
            layer.input_gradient = layer is not self._first_learning

    @classmethod
    def of(
        cls,
        input_shape: Shape,
        described: Sequence[SavedLayer],
        weights: Weights = None,
        dtype: Any = np.float32,
        seed: int = 0,
    ) -> Network:
        """The network of layers as a plan or a model file describes them.

        Args:
            described: see `planned_layers` for those of a plan, `saved_layers` for those of a file.
            weights: by layer, or one list of all; None to draw them from `seed` as the layers say.
            seed: also that of Dropout and its relatives, each of which has draws of its own.

        Raises:
            NeedsKerasError: a layer, or an argument of one, is not supported here.
            ModelFileError: the weights do not fit the layers.
        """
        layers = list(build_layers(input_shape, described, WeightSupply(weights, dtype, seed)))
        for index, layer in enumerate(layers):
            if isinstance(layer, NoiseLayer):
                layer.draws = np.random.default_rng([NOISE_STREAM, seed, index])
        try:
            network = cls(layers, input_shape, dtype, penalties(described))
        except NeedsKerasError as error:
            network = cls(layers, input_shape, dtype, loss_needs_keras=error)
        network.described = described
        return network

    def astype(self, dtype: Any) -> Network:
        """A copy of a network that was built from described layers, with its numbers in another type."""
        return Network.of(self.input_shape, self.described, self.weights(), dtype)

    def weights(self) -> list[Array]:
        """All weights in the order of Keras's `model.get_weights()`."""
        return [array for layer in self.layers for array in (*layer.parameters.values(), *layer.statistics.values())]

    @property
    def parameters(self) -> dict[str, Array]:
        """The trainable weights, by "layer/parameter"."""
        return {path: layer.parameters[name] for path, layer, name in self._learning()}

    @property
    def gradients(self) -> dict[str, Array]:
        """The gradients computed by the last `backward`, by the same names."""
        return {path: layer.gradient_array(name) for path, layer, name in self._learning()}

    def forward(self, x: Array, training: bool = False) -> Array:
        """Outputs (n, units) of raw rows (n, *input_shape) of any number type; sets `logits`."""
        values = x.astype(self.dtype, copy=False)
        self.logits = None
        count, steps = (0, []) if self.watch is not None else self._front
        with quiet():
            for step in steps:
                values = step.run(values, None)
            for layer in self.layers[count:]:
                if layer is self._probabilities and (not training or layer is self.layers[-1]):
                    self.logits = values
                values = layer.forward(values, training)
                if self.watch is not None:
                    self.watch.outputs[layer] = values
        return values

    def backward(self, slopes: Slopes) -> None:
        """From the loss's gradients by outputs and logits, compute those by every parameter, penalties included."""
        by_outputs, by_logits = slopes
        gradient = by_outputs
        if self.watch is not None:
            self.watch.last = by_outputs
        with quiet():
            for layer in reversed(self.layers):
                if gradient is not None:
                    gradient = layer.backward(gradient)
                if layer is self._probabilities and by_logits is not None:
                    gradient = by_logits if gradient is None else gradient + by_logits
                if self.watch is not None and gradient is not None:
                    self.watch.slopes[layer] = gradient
                if layer is self._first_learning:
                    break
        if self.penalties:
            self._add_penalties()

    def predict(self, x: Array) -> Array:
        """Outputs (n, units) of raw rows of any number type, in batches that fit the processor's cache."""
        with quiet():
            return self.plan.run(x)

    def penalty(self) -> float:
        """The sum of all penalties; as in Keras, only of weights that are trained."""
        return sum(
            self.penalties[layer.name][name].value(layer.parameters[name])
            for _, layer, name in self._learning()
            if name in self.penalties.get(layer.name, {})
        )

    def noise(self, on: bool) -> list[str]:
        """Switch Dropout and other noise on or off in training; returns the names of those layers."""
        noisy = [layer for layer in self.layers if isinstance(layer, NoiseLayer)]
        for layer in noisy:
            layer.on = on
        return [layer.name for layer in noisy if layer.strength > 0]

    @cached_property
    def plan(self) -> InferencePlan:
        """The steps of a prediction, made from the weights at the first call."""
        return InferencePlan.of(self.layers, self.input_shape, self.dtype)

    @property
    def members_plan(self) -> InferencePlan:
        """The steps to the outputs of each member, (n, members, units); `plan` where the network is a single one."""
        if not any(isinstance(layer, MeanOfMembers) for layer in self.layers):
            return self.plan
        layers = [layer for layer in self.layers if not isinstance(layer, MeanOfMembers)]
        return InferencePlan.of(layers, self.input_shape, self.dtype)

    @cached_property
    def _front(self) -> tuple[int, list[Step]]:
        """How many of the first layers end in a smooth clip, and their steps, which are several times as fast."""
        for start in range(len(self.layers)):
            if self.layers[start].parameters or isinstance(self.layers[start], NoiseLayer):
                break
            if between_zeros(self.layers[start:]) is not None:
                count = start + BetweenZeros.LAYERS
                return count, steps_of(self.layers[:count], self.dtype)
        return 0, []

    @cached_property
    def _probabilities(self) -> Layer | None:
        """The softmax or sigmoid at the end, whose inputs are the logits."""
        ends = [layer for layer in self.layers if not layer.keeps_rows_when_predicting][-1:]
        return next((layer for layer in ends if isinstance(layer, Activation) and layer.kind in PROBABILITIES), None)

    @cached_property
    def _first_learning(self) -> Layer | None:
        return next((layer for layer in self.layers if layer.parameters and layer.trainable), None)

    def _learning(self) -> Iterator[tuple[str, Layer, str]]:
        for layer in self.layers:
            if layer.trainable:
                for name in layer.parameters:
                    yield f"{layer.name}/{name}", layer, name

    def _add_penalties(self) -> None:
        for _, layer, name in self._learning():
            penalty = self.penalties.get(layer.name, {}).get(name)
            if penalty is not None:
                penalty.add_slope(layer.parameters[name], layer.gradient_array(name))


@dataclass(eq=False)
class Watch:
    """What went through a network: the outputs of each layer, and the gradients of the loss by its inputs.

    last: the gradient by the outputs of the network; None where that by the logits took its place.
    """

    outputs: dict[Layer, Array] = field(default_factory=dict)
    slopes: dict[Layer, Array] = field(default_factory=dict)
    last: Array | None = None


Penalties = dict[str, dict[str, Penalty]]
"""By layer and parameter: the regularizer whose penalty is added to the loss."""


def build_layers(input_shape: Shape, described: Sequence[SavedLayer], supply: WeightSupply) -> Iterator[Layer]:
    """The layers in order; an activation within a layer becomes one of its own.

    Raises:
        NeedsKerasError: a layer, or an argument of one, is not supported here.
        ModelFileError: the weights do not fit.
    """
    shape = input_shape
    for layer in described:
        try:
            yield from _steps(layer, shape, supply)
        except LeftToKerasError as error:
            raise NeedsKerasError(f"layer {layer.name}", str(error)) from error
        shape = layer.size.output_shape


def penalties(described: Sequence[SavedLayer]) -> Penalties:
    """The regularizers of the layers, by layer and parameter.

    Raises:
        NeedsKerasError: a penalty is not supported, such as one on the outputs of a layer.
    """
    found: Penalties = {}
    for layer in described:
        component = layer.component
        if getattr(component, "activity_regularizer", None) is not None or _on_outputs(component):
            raise NeedsKerasError(f"layer {layer.name}", "a penalty on its outputs")
        for key in type(component).model_fields:
            if key.endswith("_regularizer"):
                try:
                    penalty = Penalty.of(getattr(component, key))
                except LeftToKerasError as error:
                    raise NeedsKerasError(f"layer {layer.name}", str(error)) from error
                if penalty is not None:
                    found.setdefault(layer.name, {})[key.removesuffix("_regularizer")] = penalty
    return found


def _on_outputs(component: object) -> bool:
    named = getattr(component, "tag", "") == "activity_regularization"
    return named and bool(getattr(component, "l1", 0) or getattr(component, "l2", 0))


def _steps(described: SavedLayer, shape: Shape, supply: WeightSupply) -> Iterator[Layer]:
    """A layer, and its activation."""
    if described.precision != "float32":
        raise LeftToKerasError(f"it computes in {described.precision}")
    if described.component.tag not in NO_STEP:
        yield _layer(described, shape, supply)
    activation = Activation.named(getattr(described.component, "activation", None))
    if activation is not None:
        activation.name = described.name
        yield activation


def _layer(described: SavedLayer, shape: Shape, supply: WeightSupply) -> Layer:
    make = LAYER_MAKERS.get(described.component.tag)
    if make is None:
        raise LeftToKerasError(f"the NumPy engine has no {described.keras_class}")
    weights = supply.take(described)
    layer = make(described.component, shape, weights)
    layer.name, layer.trainable = described.name, described.trainable
    window = weights["kernel"][..., 0].size if described.component.tag == "conv2d" else 1
    layer.values_per_row = max(prod(shape), prod(described.size.output_shape) * window)
    return layer


Weights = Mapping[str, Sequence[Array]] | Sequence[Array] | None
"""By layer in the order of Keras's `layer.weights`; or one list for all layers; or None, to draw them."""


class WeightSupply:
    """Gives each layer its weights, after checking their shapes against its description."""

    def __init__(self, weights: Weights, dtype: Any, seed: int) -> None:
        self.by_layer = weights if isinstance(weights, Mapping) else None
        self.in_order: Iterator[Array] | None = None
        if weights is not None and not isinstance(weights, Mapping):
            self.in_order = iter(weights)
        self.dtype, self.seed = np.dtype(dtype), seed

    @cached_property
    def draws(self) -> np.random.Generator:
        """What weights are drawn from; weights that are given do without the import of numpy.random."""
        return np.random.default_rng(self.seed)

    def take(self, layer: SavedLayer) -> dict[str, Array]:
        """A copy of each weight of a layer, by name.

        Raises:
            ModelFileError: one is missing, or has another shape.
            LeftToKerasError: its initializer is not supported.
        """
        if self.by_layer is None and self.in_order is None:
            arrays = [initial(layer.component, *named, self.draws) for named in layer.size.weights.items()]
        else:
            arrays = self._given(layer)
        with np.errstate(over="ignore"):  # a draw around 3e38 may become infinite, which the first loss then says
            return {name: np.array(array, self.dtype) for name, array in zip(layer.size.weights, arrays, strict=True)}

    def _given(self, layer: SavedLayer) -> list[Array]:
        if self.by_layer is not None:
            found = list(self.by_layer.get(layer.name, ()))
        else:
            assert self.in_order is not None
            found = [array for _, array in zip(layer.weights, self.in_order, strict=False)]
        shapes = tuple(np.shape(array) for array in found)
        if shapes != layer.weights:
            raise ModelFileError(
                f"layer {layer.name}: has weights of the shapes {list(shapes)}, but takes {list(layer.weights)};"
                " the weights are not those of this model"
            )
        return found
