"""Scaling of x (the model's first layer) and of y, and class weights: numbers from the training rows alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array, Moments, class_counts, moments_of, row_chunks
from mlpcli.data.dataset import DataFacts, Part
from mlpcli.errors import DataError, SettingError
from mlpcli.text import did_you_mean, listed

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """The arguments of the Keras layer that scales; for robust, of the first (`model.input_layers` has the rest).

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
    """The data.scaling word that will be used: none, unit, standardize, minmax or robust.

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

    So do columns that pass through (`facts.pass_through`: one-hot columns, indicators, bins), with mean 0; for robust,
    they have the variance with which the clip keeps 0 and 1.

    Raises:
        SettingError: as in `choose_scaling`.
        DataError: the variance of a column is too large for a 32-bit number, or a value lies too far outside.
    """
    word = choose_scaling(facts, setting)
    if word == "none":
        return Scaling("none")
    if word == "unit":
        return Scaling("rescaling", scale=1 / (facts.pixel_max or 1.0))
    found = moments_of(train.x) or _moments(train)
    if word == "minmax":
        mean, variance = found.low, (found.high - found.low) ** 2
    elif word == "robust":
        mean, variance = _robust(facts, train, found)
    else:
        mean, variance = found.mean, found.variance
    passing = np.array(facts.pass_through or (False,) * len(mean))
    mean = np.where(passing, 0.0, mean)
    variance = np.where(found.high == found.low, 1.0, variance)
    variance = np.where(passing, KEPT_BY_THE_CLIP if word == "robust" else 1.0, variance)
    _check_spread(facts, variance)
    axis = None if train.x.ndim == 3 else -1
    return Scaling("normalization", axis=axis, mean=tuple(mean.tolist()), variance=tuple(variance.tolist()))


KEPT_BY_THE_CLIP = 8 / 9
"""1 / sqrt(8 / 9) = 3 / sqrt(8) is what x / sqrt(1 + (x / 3)^2) makes 1 of; between 0 and 1 it adds 0.023 at most."""
LEAST_WIDTH = 1e-7
"""By which Keras's Normalization divides at the least."""
FARTHEST = 1e33
"""From the median, by the width between the quartiles; the square of a value farther out is infinite in the clip."""


def _robust(facts: DataFacts, train: Part, found: Moments) -> tuple[Floats, Floats]:
    """The median of each column (columns,), and the square of the width between its quartiles.

    Where the quartiles are equal, half the range takes the place of that width (as in RealMLP).
    """
    passing = facts.pass_through or (False,) * len(found.low)
    column = _column_reader(train)
    quartiles = [(0, 0, 0) if passes else np.quantile(column(i), (0.25, 0.5, 0.75)) for i, passes in enumerate(passing)]
    lower, median, upper = np.array(quartiles, np.float64).T
    width = np.where(upper > lower, upper - lower, (found.high - found.low) / 2)
    reach = np.where(passing, 0, np.maximum(found.high - median, median - found.low))
    far = np.flatnonzero(reach > FARTHEST * np.maximum(width, LEAST_WIDTH))
    if len(far):
        raise DataError(
            f"{facts.name}: column {_named(facts, far[0])} has values {reach[far[0]]:.1e} from its median, but half of"
            f" them within {width[far[0]]:.1e}, too far apart for 32-bit numbers; correct them, or leave them out"
        )
    return median, width**2


MOST_SAMPLED = 1 << 24
"""Values, 64 MiB in float32: quartiles of pictures and of rows on disk are those of as many values at most."""
SAMPLE_SEED = 1_380_926_308


def _column_reader(train: Part) -> Callable[[int], Floats]:
    """From a column to its values, float64 (n,); a table in memory gives all, others those of a sample of rows."""
    held: object = train.x
    if train.x.ndim == 2 and isinstance(held, np.ndarray):
        return lambda column: train.x[train.indices, column].astype(np.float64)
    rows, most = len(train), max(1, MOST_SAMPLED // math.prod(train.x.shape[1:]))
    drawn = np.zeros(rows, bool)
    drawn[np.random.default_rng(SAMPLE_SEED).choice(rows, min(rows, most), replace=False)] = True
    columns = 1 if train.x.ndim == 3 else train.x.shape[-1]
    chunks = [train.x[train.indices[chunk]][drawn[chunk]] for chunk in row_chunks(train.x, rows)]
    values = np.concatenate(chunks).reshape(-1, columns)
    return lambda column: values[:, column].astype(np.float64)


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
        raise DataError(
            f"{facts.name}: column {_named(facts, wide[0])} spreads over {variance[wide[0]] ** 0.5:.1e}, too far to be"
            " scaled in 32-bit numbers; divide it, or take its logarithm"
        )


def _named(facts: DataFacts, column: int) -> str:
    return facts.feature_names[column] if facts.feature_names else f"{column} (from 0)"


@dataclass(frozen=True)
class TargetScaling:
    """target = mean + deviation * (what the network learns); of several targets, a number for each."""

    mean: float | tuple[float, ...] = 0.0
    deviation: float | tuple[float, ...] = 1.0

    def as_rescaling(self) -> dict[str, float | list[float]]:
        """The arguments of the layer that gives the targets their own units back."""
        numbers = {"scale": self.deviation, "offset": self.mean}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in numbers.items()}


def fit_target_scaling(setting: str, train: Part) -> TargetScaling:
    """Mean and standard deviation of the training targets (n,) or (n, k), in float64 and in chunks.

    Raises:
        SettingError: all rows have the same target.
    """
    if setting == "none":
        return TargetScaling()
    mean = np.asarray(sum(values.sum(axis=0) for values in _chunks(train)) / len(train))
    variance = np.asarray(sum(((values - mean) ** 2).sum(axis=0) for values in _chunks(train)) / len(train))
    if (variance == 0).any():
        first = int(np.argmin(variance))
        which = "the target" if variance.ndim == 0 else f"in target {first + 1} of {variance.size} the value"
        raise SettingError(
            "data.target_scaling",
            f"every training row has {which} {np.atleast_1d(mean)[first]:g}; there is nothing to learn",
        )
    deviation = np.sqrt(variance)
    if mean.ndim == 0:
        return TargetScaling(float(mean), float(deviation))
    return TargetScaling(tuple(mean.tolist()), tuple(deviation.tolist()))


def _chunks(train: Part) -> Iterator[npt.NDArray[np.float64]]:
    for chunk in row_chunks(train.y, len(train)):
        yield train.y[train.indices[chunk]].astype(np.float64)


KEY = "data.class_weight"


def class_weights(
    setting: str | Mapping[str, float] | None, y_train: Array, class_names: tuple[str, ...] | None
) -> npt.NDArray[np.float32] | None:
    """One float32 weight per class, in the order of class_names, or None where classes count alike.

    "balanced": rows / (classes * rows of the class), so that each class has the same weight in all.

    Raises:
        SettingError: on regression, a class that is missing, unknown or has no training row, a bad weight.
    """
    if setting is None:
        return None
    if class_names is None:
        raise SettingError(KEY, "the target is a number and has no classes to weight; remove it")
    if isinstance(setting, Mapping):
        return _given(setting, class_names)
    if setting != "balanced":
        raise SettingError(KEY, f'must be null, "balanced" or a weight for each class (got "{setting}")')
    return _balanced(y_train, class_names)


def _balanced(y_train: Array, class_names: tuple[str, ...]) -> npt.NDArray[np.float32]:
    counts = class_counts(y_train, len(class_names))
    empty = [name for name, count in zip(class_names, counts, strict=True) if count == 0]
    if empty:
        raise SettingError(KEY, f"balanced is not possible: no training row has the class {_listed(empty)}")
    return (len(y_train) / (len(class_names) * counts)).astype(np.float32)


def _given(weights: Mapping[str, float], class_names: tuple[str, ...]) -> npt.NDArray[np.float32]:
    for name, weight in weights.items():
        if name not in class_names:
            hint = did_you_mean(name, class_names)
            raise SettingError(KEY, f'unknown class "{name}"; the classes are {_listed(class_names)}{hint}')
        if not (math.isfinite(weight) and weight >= 0):
            raise SettingError(KEY, f'the weight of "{name}" is {weight:g}; it must be a finite number of at least 0')
    missing = [name for name in class_names if name not in weights]
    if missing:
        raise SettingError(KEY, f"every class needs a weight; missing: {_listed(missing)}")
    if not any(weights.values()):
        raise SettingError(KEY, "all weights are 0, so nothing can be learnt; give at least one class a weight above 0")
    return np.array([weights[name] for name in class_names], np.float32)


def _listed(names: list[str] | tuple[str, ...]) -> str:
    return listed([f'"{name}"' for name in names], 20)
