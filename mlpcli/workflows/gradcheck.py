"""`mlpcli gradcheck`: compare the gradients of each parameter, computed in three ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mlpcli.arrays import Array
    from mlpcli.numpy_engine.gradient_check import GradientCheck
    from mlpcli.numpy_engine.step import Batch
    from mlpcli.workflows.gradient_case import GradientCase


ROWS = 32
"""Training rows in the batch."""


@dataclass(frozen=True)
class GradcheckResult:
    """How the gradients of each parameter compare.

    name: of the config or the model; engine: "numpy", or "keras" if its tape was used, too; rows: in the batch;
    noise_off: layers with noise, which were switched off; loss: the loss's name in a config.
    """

    name: str
    engine: str
    rows: int
    loss: str
    noise_off: list[str]
    check: GradientCheck


def gradcheck(
    config_or_model: str | Path,
    overrides: Sequence[str] = (),
    engine: Literal["keras", "numpy"] = "keras",
    rows: int = ROWS,
    entries: int = 20,
) -> GradcheckResult:
    """Compare gradients on a few training rows: backpropagation, central differences, and Keras's GradientTape.

    Args:
        config_or_model: a config, whose network gets initial weights; or a model file or run directory.
        overrides: for a config, as in `train`.
        engine: "numpy" leaves out Keras's GradientTape, and never imports TensorFlow.
        rows: training rows in the batch.
        entries: weights of each parameter that are moved for the central differences.

    Raises:
        ConfigError, DataError: as `train` would.
        ModelFileError: the file cannot be used.
        NeedsKerasError: the NumPy engine does not support a layer, an argument or the loss.
    """
    import numpy as np

    from mlpcli.numpy_engine.gradient_check import compare
    from mlpcli.workflows.gradient_case import gradient_case

    case = gradient_case(config_or_model, overrides)
    network = case.network()
    weights = network.weights()
    network = network.astype("float64")
    noise_off = network.noise(False)
    batch = case.batch(np.sort(np.random.default_rng(case.seed).permutation(case.part.indices)[:rows]))
    tape = _tape(case, batch, weights, list(network.parameters)) if engine == "keras" else None
    check = compare(network, batch, tape, entries, case.seed)
    return GradcheckResult(case.name, engine, len(batch.x), case.loss.component.tag, noise_off, check)


def _tape(case: GradientCase, batch: Batch, weights: list[Array], names: list[str]) -> dict[str, Array]:
    """Keras's gradients by parameter, for the same layers and weights, without noise."""
    from mlpcli.keras_engine.build import tape_gradients

    quiet = [replace(layer, component=_without_noise(layer.component), precision="float64") for layer in case.layers]
    found = tape_gradients(case.input_shape, quiet, weights, (batch.x, batch.y), case.loss, case.units)
    return dict(zip(names, found, strict=True))


def _without_noise(component: Any) -> Any:
    names = {"gaussian_noise": "stddev", "dropout": "rate", "spatial_dropout2d": "rate"}
    names |= {"gaussian_dropout": "rate", "alpha_dropout": "rate"}
    noisy = names.get(component.tag)
    return component if noisy is None else component.model_copy(update={noisy: 0.0})
