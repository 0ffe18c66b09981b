"""data.target_scaling: the mean and the spread of a number to predict, from the training rows alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlpcli.data.arrays import row_chunks
from mlpcli.data.dataset import Part
from mlpcli.errors import SettingError


@dataclass(frozen=True)
class TargetScaling:
    """target = mean + deviation * (what the network learns)."""

    mean: float = 0.0
    deviation: float = 1.0


def fit_target_scaling(setting: str, train: Part) -> TargetScaling:
    """Mean and standard deviation of the training targets (n,), in float64 and in chunks.

    Raises:
        SettingError: all targets are the same, so there is no spread to divide by.
    """
    if setting == "none":
        return TargetScaling()
    mean = sum(float(values.sum()) for values in _chunks(train)) / len(train)
    variance = sum(float(((values - mean) ** 2).sum()) for values in _chunks(train)) / len(train)
    if variance == 0:
        raise SettingError(
            "data.target_scaling", f"every training row has the target {mean:g}; there is nothing to learn"
        )
    return TargetScaling(mean, float(np.sqrt(variance)))


def _chunks(train: Part) -> Iterator[npt.NDArray[np.float64]]:
    for chunk in row_chunks(train.y, len(train)):
        yield train.y[train.indices[chunk]].astype(np.float64)
