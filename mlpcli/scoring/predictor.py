"""Predictors for model files: NumPy where it can, else Keras."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mlpcli.arrays import Array
from mlpcli.data.batches import encode_targets
from mlpcli.data.dataset import Part
from mlpcli.errors import ModelFileError, NeedsKerasError, OutputError, UserError
from mlpcli.model.members import trained_layers
from mlpcli.model.memory import values_in_forward
from mlpcli.modelfile.saved_model import SavedModel, open_model, usual_compilation
from mlpcli.numpy_engine.numpy_predictor import NumpyPredictor

if TYPE_CHECKING:
    from mlpcli.numpy_engine.numpy_objective import NumpyObjective

EngineName = Literal["auto", "numpy", "keras"]


class Predictor(Protocol):
    """A network with its weights."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example, without the batch dimension."""

    def predict(self, part: Part) -> Array:
        """Outputs (n, units), float32, of all rows at once."""

    def members(self, x: Array) -> Array:
        """Outputs (towers, n, units) of each network of the file for rows x (n, *input_shape); see `load_members`."""

    def batches(self, part: Part) -> Iterator[tuple[Array, Array]]:
        """Rows (n,) of the source, and outputs (n, units) for them, a batch at a time."""

    def logits(self, part: Part) -> Iterator[tuple[Array, Array]]:
        """As `batches`, with what goes into the softmax or sigmoid of the last layer instead of what comes out.

        Of a network with members, what goes into that of each: (n, members, units).
        """

    def losses(
        self, part: Part, targets: Array, seen: Callable[[Array, Array], None] | None = None
    ) -> dict[str, float]:
        """Loss and metrics over a part; `targets` belong to the source's whole arrays.

        seen: takes rows (n,) of the source and their outputs (n, units), a batch at a time. It must not keep the
        outputs: the next batch overwrites them.
        """


def load_predictor(
    saved: SavedModel, engine: EngineName = "auto", scored: bool = False, rows: int | None = None
) -> Predictor:
    """The network of a model file.

    Args:
        saved: the model. One that mlpcli did not write and that has no loss is scored by the usual loss, in NumPy.
        engine: auto uses NumPy where it can and is the faster one for so many rows, else Keras.
        scored: whether loss and metrics are needed as well.
        rows: how many it will be asked about, where that is known.

    Raises:
        ModelFileError: scores are needed, but the file has no loss.
        UserError: engine is numpy, and NumPy does not support the model.
    """
    path = saved.path
    slow = engine == "auto" and saved.compilation is not None and _is_slow(saved, rows or 0)
    if saved.compilation is None and saved.stock and engine != "keras":
        saved = replace(saved, compilation=usual_compilation(saved.card.plan.task))
    if scored and saved.compilation is None:
        raise ModelFileError(f"{path}: has no loss to score with: {saved.uncompiled}; compile and save it with Keras")
    if engine != "keras" and not slow:
        try:
            return _in_numpy(saved, scored)
        except NeedsKerasError as error:
            if engine == "numpy":
                raise UserError(f"{path}: {error}; use --engine auto or keras") from error
    from mlpcli.keras_engine.build import rebuild
    from mlpcli.keras_engine.keras_predictor import KerasPredictor

    return KerasPredictor(rebuild(saved), values_in_forward(saved.input_shape, saved.layers))


def load_members(
    saved: SavedModel, engine: EngineName = "auto", rows: int | None = None
) -> Callable[[Array], Array] | None:
    """What gives the outputs (members, n, units) of every member for rows x (n, *input_shape).

    The members are the networks of a combined file, or those of one network (`model.members`); None for a model that is
    no ensemble. Arguments as of `load_predictor`.
    """
    if len(saved.towers) > 1:
        return load_predictor(saved, engine, rows=rows).members
    if saved.members == 1:
        return None
    apart = replace(saved, towers=[replace(saved.towers[0], layers=trained_layers(saved.layers))])
    members = load_predictor(apart, engine, rows=rows).members
    return lambda x: members(x)[0].transpose(1, 0, 2)


CONVOLUTIONS = ("Conv1D", "Conv2D", "DepthwiseConv2D", "SeparableConv2D")
MOST_PRODUCTS = 2e9
"""Multiplications in convolutions that NumPy does in about the time that importing TensorFlow takes."""


def _is_slow(saved: SavedModel, rows: int) -> bool:
    """Whether NumPy would take longer for the convolutions of so many rows than Keras, its import included."""
    products = 0
    for layer in saved.layers:
        if layer.keras_class in CONVOLUTIONS:
            places = math.prod(layer.size.output_shape[:-1])
            products += places * sum(math.prod(shape) for shape in layer.weights if len(shape) > 1)
    return rows * products > MOST_PRODUCTS


def _in_numpy(saved: SavedModel, scored: bool) -> NumpyPredictor:
    from mlpcli.numpy_engine.ensemble import Ensemble
    from mlpcli.numpy_engine.network import Network

    networks = [Network.of(saved.input_shape, tower.layers, saved.weights) for tower in saved.towers]
    network, plan = networks[0] if len(networks) == 1 else Ensemble(networks), saved.card.plan

    def objective() -> NumpyObjective:
        from mlpcli.numpy_engine.numpy_objective import NumpyObjective  # with all losses and metrics

        assert saved.compilation is not None  # asked for at `scored` only
        return NumpyObjective.of_compilation(saved.compilation, plan.labels, plan.threshold)

    if scored:
        objective()  # raises now what it does not support
        if network.loss_needs_keras is not None:
            raise network.loss_needs_keras
    return NumpyPredictor(network, objective)


TOLERANCE = 1e-5
"""Relative; sums of float32 in another order differ by less."""


def check_reload(
    path: Path, chosen: dict[str, Any], part: Part, expected: dict[str, float], engine: str = "keras"
) -> None:
    """Load the file and compare loss and metrics on `part` with those from before saving.

    `engine`: what trained the model; "numpy" also loads it, anything else is Keras.

    Raises:
        OutputError: a number differs; the file cannot be trusted.
    """
    targets = encode_targets(part.y, chosen["labels"], len(chosen["class_names"] or ()))
    found = load_predictor(open_model(path), "numpy" if engine == "numpy" else "keras", scored=True)
    losses = found.losses(part, targets)
    for name, value in expected.items():
        if not _same(losses.get(name), value):
            raise OutputError(
                f"{path}: after reloading, {name} is {losses.get(name)}, not {value}; the disk may be failing,"
                " so train again with another --runs-dir"
            )


def _same(found: float | None, value: float) -> bool:
    """Whether two values agree; NaN equals NaN, since a metric may be undefined on some data."""
    if found is None:
        return False
    both_nan = math.isnan(found) and math.isnan(value)
    return both_nan or math.isclose(found, value, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
