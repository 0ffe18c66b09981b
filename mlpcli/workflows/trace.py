"""`mlpcli trace`: one example followed through a network, layer by layer, there and back. No TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlpcli.numpy_engine.trace import Trace
    from mlpcli.workflows.gradient_case import GradientCase


@dataclass(frozen=True)
class TraceResult:
    """What was found.

    name: of the config or the model. trained: whether the weights are a model's; otherwise they are drawn from `seed`.
    row, rows: which row of how many. target: the class, or the number or numbers. loss: its name in a config;
    loss_weight: a factor of it. noise_off: layers that add noise in training, and not here.
    """

    name: str
    trained: bool
    seed: int
    row: int
    rows: int
    target: str | float | list[float]
    loss: str
    loss_weight: float
    noise_off: list[str]
    trace: Trace


def trace(config_or_model: str | Path, row: int = 0, overrides: Sequence[str] = ()) -> TraceResult:
    """Follow one row through a network: every output, the loss, and every gradient, computed in float64 by NumPy.

    Args:
        config_or_model: a config, whose network gets the initial weights of its seed with the NumPy engine; or a model
            file or run directory.
        row: of the data that the training rows are drawn from, counted from 0.
        overrides: for a config, as in `train`.

    Raises:
        ConfigError, DataError: as `train` would.
        ModelFileError: the file cannot be used.
        UserError: there is no such row; or the NumPy engine does not support a layer, an argument or the loss.
    """
    import numpy as np

    from mlpcli.errors import NeedsKerasError, UserError
    from mlpcli.numpy_engine.trace import trace as follow
    from mlpcli.workflows.gradient_case import gradient_case

    case = gradient_case(config_or_model, overrides)
    rows = len(case.part.y)
    if not 0 <= row < rows:
        raise UserError(f"--row {row}: the data has {rows:,} rows, 0 to {rows - 1:,}")
    try:
        network = case.network().astype("float64")
        noise_off = network.noise(False)
        found = follow(network, case.batch(np.array([row])))
    except NeedsKerasError as error:
        found_out = f"{error.layer} needs Keras ({error.why})"
        raise UserError(f"{config_or_model}: trace shows what NumPy computes, and {found_out}") from error
    return TraceResult(
        case.name, case.weights is not None, case.seed, row, rows, _target(case, row), case.loss.component.tag,
        case.units.weight, noise_off, found,
    )  # fmt: skip


def _target(case: GradientCase, row: int) -> str | float | list[float]:
    found = case.part.y[row]
    if case.class_names is not None:
        return case.class_names[int(found)]
    return [float(value) for value in found] if found.ndim else float(found)
