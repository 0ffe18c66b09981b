"""data.scaling: the numbers of the model's first layer, from the training rows alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mlpcli.data.arrays import row_chunks
from mlpcli.data.dataset import Array, Part
from mlpcli.data.facts import DataFacts
from mlpcli.errors import DataError, SettingError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """The arguments of the Keras layer that scales.

    rescaling: x * scale + offset. normalization: (x - mean) / sqrt(variance), with one mean and one variance
    per position of `axis` (-1: per column or channel), or one for all values (None).
    """

    kind: Literal["none", "rescaling", "normalization"]
    scale: float = 1.0
    offset: float = 0.0
    axis: int | None = -1
    mean: tuple[float, ...] = ()
    variance: tuple[float, ...] = ()


def choose_scaling(facts: DataFacts, setting: str) -> str:
    """The data.scaling word that will be used: none, unit, standardize or minmax.

    auto: tables standardize; images unit, or none where their values lie in [0, 1] already, or standardize where
    nothing is known of their range.

    Raises:
        SettingError: unit on data without a pixel range.
    """
    if setting == "auto":
        if facts.pixel_max is None:
            return "standardize"
        return "none" if facts.pixel_max == 1 else "unit"
    if setting == "unit" and facts.kind == "table":
        raise SettingError(
            "data.scaling", f"unit is for pixels, but {facts.name} is a table; use standardize or minmax"
        )
    if setting == "unit" and facts.pixel_max is None:
        raise SettingError(
            "data.scaling", f"unit needs pixels of 0 to 255, but {facts.name} has others; use standardize or minmax"
        )
    return setting


def fit_scaling(facts: DataFacts, setting: str, train: Part) -> Scaling:
    """Fit the scaling to the training rows: float64, in chunks. Constant columns get variance 1, so they become 0.

    Raises:
        SettingError: as in `choose_scaling`.
        DataError: a column spreads so far that its variance is no 32-bit number.
    """
    word = choose_scaling(facts, setting)
    if word == "none":
        return Scaling("none")
    if word == "unit":
        return Scaling("rescaling", scale=1 / (facts.pixel_max or 1.0))
    mean, low, high = _mean_and_range(train)
    if word == "minmax":
        mean, variance = low, (high - low) ** 2
    else:
        variance = _variance(train, mean)
    variance = np.where(high == low, 1.0, variance)
    _check_spread(facts, variance)
    axis = None if train.x.ndim == 3 else -1
    return Scaling("normalization", axis=axis, mean=tuple(mean.tolist()), variance=tuple(variance.tolist()))


def _mean_and_range(train: Part) -> tuple[Floats, Floats, Floats]:
    sums, lows, highs = [], [], []
    for values in _flat_chunks(train):
        sums.append(values.sum(axis=0))
        lows.append(values.min(axis=0))
        highs.append(values.max(axis=0))
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    mean = np.sum(sums, axis=0) / (len(train) * _values_per_row(train.x))
    return mean, low, high


def _variance(train: Part, mean: Floats) -> Floats:
    squares = [((values - mean) ** 2).sum(axis=0) for values in _flat_chunks(train)]
    result: Floats = np.sum(squares, axis=0) / (len(train) * _values_per_row(train.x))
    return result


def _flat_chunks(train: Part) -> Iterator[Floats]:
    """The training rows as (values, columns): per column of a table, per channel, or one column for grey images."""
    columns = 1 if train.x.ndim == 3 else train.x.shape[-1]
    for chunk in row_chunks(train.x, len(train)):
        yield train.x[train.indices[chunk]].astype(np.float64).reshape(-1, columns)


def _values_per_row(x: Array) -> int:
    """How many values of one example share a mean: height x width of an image, 1 in a table."""
    return 1 if x.ndim == 2 else int(x.shape[1] * x.shape[2])


def _check_spread(facts: DataFacts, variance: Floats) -> None:
    wide = np.flatnonzero(variance > np.finfo(np.float32).max)
    if len(wide):
        name = facts.feature_names[wide[0]] if facts.feature_names else f"{wide[0]} (from 0)"
        raise DataError(
            f"{facts.name}: column {name} spreads over {variance[wide[0]] ** 0.5:.1e}, too far to be scaled in 32-bit"
            " numbers; divide it, or take its logarithm"
        )
