"""data.scaling: the numbers of the model's first layer, from the training rows alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np
import numpy.typing as npt

from mlpcli.data.arrays import row_chunks
from mlpcli.data.dataset import Part
from mlpcli.data.facts import DataFacts
from mlpcli.data.streaming.moments import Moments, moments_of
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
    """Fit the scaling to the training rows: float64, in one pass, in chunks. Constant columns get variance 1.

    So do columns that pass through (`facts.pass_through`: one-hot and indicator columns), with mean 0.

    Raises:
        SettingError: as in `choose_scaling`.
        DataError: a column spreads so far that its variance is no 32-bit number.
    """
    word = choose_scaling(facts, setting)
    if word == "none":
        return Scaling("none")
    if word == "unit":
        return Scaling("rescaling", scale=1 / (facts.pixel_max or 1.0))
    found = moments_of(train.x) or _moments(train)
    if word == "minmax":
        mean, variance = found.low, (found.high - found.low) ** 2
    else:
        mean, variance = found.mean, found.variance
    passing = np.array(facts.pass_through or (False,) * len(mean))
    mean = np.where(passing, 0.0, mean)
    variance = np.where(passing | (found.high == found.low), 1.0, variance)
    _check_spread(facts, variance)
    axis = None if train.x.ndim == 3 else -1
    return Scaling("normalization", axis=axis, mean=tuple(mean.tolist()), variance=tuple(variance.tolist()))


def _moments(train: Part) -> Moments:
    return reduce(Moments.merged, (Moments.of(values) for values in _flat_chunks(train)))


def _flat_chunks(train: Part) -> Iterator[Floats]:
    """The training rows as (values, columns): per column of a table, per channel, or one column for grey images."""
    columns = 1 if train.x.ndim == 3 else train.x.shape[-1]
    for chunk in row_chunks(train.x, len(train)):
        yield train.x[train.indices[chunk]].astype(np.float64).reshape(-1, columns)


def _check_spread(facts: DataFacts, variance: Floats) -> None:
    wide = np.flatnonzero(variance > np.finfo(np.float32).max)
    if len(wide):
        name = facts.feature_names[wide[0]] if facts.feature_names else f"{wide[0]} (from 0)"
        raise DataError(
            f"{facts.name}: column {name} spreads over {variance[wide[0]] ** 0.5:.1e}, too far to be scaled in 32-bit"
            " numbers; divide it, or take its logarithm"
        )
