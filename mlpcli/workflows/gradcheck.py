"""`mlpcli gradcheck`: compare the gradients of each parameter, computed in three ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mlpcli.arrays import Array
    from mlpcli.config.losses import Labels
    from mlpcli.data.dataset import Part
    from mlpcli.model.objective import Described
    from mlpcli.model.shapes import SavedLayer, Shape
    from mlpcli.numpy_engine.gradient_check import GradientCheck


ROWS = 32
"""Training rows in the batch."""


@dataclass(frozen=True)
class GradcheckResult:
    """What was found.

    name: of the config or the model; engine: "numpy", or "keras" if its tape was used, too; rows: in the batch;
    noise_off: layers with noise, which were switched off; loss: the loss's name in a config.
    """

    name: str
    engine: str
    rows: int
    loss: str
    noise_off: list[str]
    check: GradientCheck


@dataclass(frozen=True)
class _Case:
    """What is checked, wherever it came from; weights: None to draw them; y: encoded targets of the batch."""

    name: str
    input_shape: Shape
    layers: list[SavedLayer]
    weights: Any
    loss: Described
    loss_weight: float
    x: Array
    y: Array
    seed: int


def gradcheck(
    config_or_model: str | Path,
    overrides: Sequence[str] = (),
    engine: Literal["keras", "numpy"] = "keras",
    rows: int = ROWS,
    entries: int = 20,
) -> GradcheckResult:
    """Compare the gradients of the loss on a few training rows.

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
    from mlpcli.numpy_engine.gradient_check import compare
    from mlpcli.numpy_engine.network import Network
    from mlpcli.numpy_engine.registry import make_loss
    from mlpcli.numpy_engine.step import Batch

    path = Path(config_or_model).expanduser()
    is_config = path.suffix.lower() in (".yaml", ".yml")
    case = _of_config(path, overrides, rows) if is_config else _of_model(path, rows)
    network = Network.of(case.input_shape, case.layers, case.weights, seed=case.seed)
    weights = network.weights()
    network = network.astype("float64")
    noise_off = network.noise(False)
    batch = Batch(case.x, case.y, make_loss(case.loss.component, case.loss.more), case.loss_weight)
    tape = _tape(case, weights, list(network.parameters)) if engine == "keras" else None
    check = compare(network, batch, tape, entries, case.seed)
    return GradcheckResult(case.name, engine, len(case.x), case.loss.component.tag, noise_off, check)


def _of_config(path: Path, overrides: Sequence[str], rows: int) -> _Case:
    from mlpcli.model.objective import Described, loss_weight
    from mlpcli.model.plan import planned_layers
    from mlpcli.workflows.prepare import prepare, read_config

    loaded = read_config(path, list(overrides))
    prepared = prepare(loaded)
    plan, target, seed = prepared.plan, prepared.target_scaling, loaded.config.seed
    weight = 1.0 if plan.target_scaling == "none" else loss_weight(plan.loss.tag, target.deviation)
    layers = planned_layers(plan, prepared.scaling, target)
    x, y = _batch(prepared.splits.train, plan.labels, len(plan.class_names or ()), rows, seed)
    return _Case(plan.name, plan.input_shape, layers, None, Described(plan.loss), weight, x, y, seed)


def _of_model(path: Path, rows: int) -> _Case:
    from mlpcli.errors import ModelFileError
    from mlpcli.modelfile.saved_model import open_model
    from mlpcli.workflows.evaluate import choose_rows

    saved = open_model(path)
    file, card, compilation = saved.path, saved.card, saved.compilation
    if saved.stock:
        raise ModelFileError(f"{file}: was not written by mlpcli, so its data is unknown; give a config instead")
    if compilation is None:
        raise ModelFileError(f"{file}: has no loss to take gradients of ({saved.uncompiled}); give a config instead")
    part = choose_rows(saved, None, "train").part
    plan, seed = card.plan, card.config.seed or 0
    x, y = _batch(part, plan.labels, len(plan.class_names or ()), rows, seed)
    weight = 1.0 if compilation.loss_weight is None else compilation.loss_weight
    layers = list(saved.layers)
    return _Case(card.name, saved.input_shape, layers, saved.weights, compilation.loss, weight, x, y, seed)


def _batch(part: Part, labels: Labels, classes: int, rows: int, seed: int) -> tuple[Array, Array]:
    """Some rows of a part, drawn from the seed, and their targets as the loss takes them."""
    import numpy as np

    from mlpcli.data.batches import encode_targets

    chosen = np.sort(np.random.default_rng(seed).permutation(part.indices)[:rows])
    return part.x[chosen], encode_targets(part.y[chosen], labels, classes)


def _tape(case: _Case, weights: list[Array], names: list[str]) -> dict[str, Array]:
    """Keras's gradients by parameter, for the same layers and weights, without noise."""
    from mlpcli.keras_engine.build import tape_gradients

    quiet = [replace(layer, component=_without_noise(layer.component)) for layer in case.layers]
    found = tape_gradients(case.input_shape, quiet, weights, (case.x, case.y), case.loss, case.loss_weight)
    return dict(zip(names, found, strict=True))


def _without_noise(component: Any) -> Any:
    names = {"gaussian_noise": "stddev", "dropout": "rate", "spatial_dropout2d": "rate"}
    names |= {"gaussian_dropout": "rate", "alpha_dropout": "rate"}
    noisy = names.get(component.tag)
    return component if noisy is None else component.model_copy(update={noisy: 0.0})
