"""The limits, scale and ticks of an axis, so that one extreme value does not flatten the curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOG_FROM = 100.0  # highest over lowest value: two decades
WILD_FROM = 5.0  # first epochs over all the rest
LARGEST = 1e100  # beyond it a value counts as infinite: no axis can show it
_BOUNDED = ("accuracy", "acc", "auc", "precision", "recall", "f1", "iou")
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The y axis of one metric: linear or logarithmic, its limits, and a remark for its label."""

    low: float
    high: float
    log: bool = False
    remark: str = ""


def choose_scale(metric: str, curves: Sequence[Sequence[float]]) -> Scale | None:
    """The scale for one metric's curves, one value per epoch each; None where no value is finite.

    A metric between 0 and 1 (accuracy and its kin) stays linear. Others become logarithmic where they span more than
    two decades, or where the first epochs are over five times as large as all the rest; if that cannot be, because
    a value is zero or negative, such first epochs leave the chart. The axis label says either.
    """
    values = _finite(curves)
    if values.size == 0:
        return None
    if is_bounded(metric):
        return _linear(values, bottom=0.0, top=1.0)
    start = max(1, max(len(curve) for curve in curves) // 20)
    rest = _finite([curve[start:] for curve in curves])
    wild = rest.size > 1 and np.abs(values).max() > WILD_FROM * np.abs(rest).max()
    if values.min() > 0 and (wild or values.max() / values.min() > LOG_FROM):
        return Scale(float(values.min()) / 1.25, float(values.max()) * 1.25, log=True, remark="log scale")
    return _without_start(values, rest, start) if wild else _linear(values)


def is_bounded(metric: str) -> bool:
    """Whether a metric is between 0 and 1, by its name."""
    return any(part in _BOUNDED for part in metric.lower().split("_"))


def _without_start(values: Values, rest: Values, start: int) -> Scale:
    """A linear scale without the first `start` epochs, whose most extreme value goes into the label."""
    scale = _linear(rest)
    epochs = "epoch 1" if start == 1 else f"first {start} epochs"
    wildest = float(values[np.abs(values).argmax()])
    return Scale(scale.low, scale.high, remark=f"{epochs} off the chart: {wildest:.3g}")


def _linear(values: Values, bottom: float = -np.inf, top: float = np.inf) -> Scale:
    """Limits with a margin of 5 % on both sides; a bounded metric gets almost none beyond its bounds."""
    low, high = float(values.min()), float(values.max())
    air = 0.05 * (high - low) or 0.05 * abs(high) or 0.05
    beyond = 0.2 * air  # so that a line at the bound itself is seen whole
    return Scale(max(low - air, min(low, bottom) - beyond), min(high + air, max(high, top) + beyond))


def epoch_ticks(first: int, last: int, most: int) -> list[int]:
    """The first epoch and round ones after it, at most `most` (at least 3) if the first is 1: 1, 5, 10, 15."""
    steps = (digit * 10**power for power in range(10) for digit in (1, 2, 5) if digit * 10**power != 2)
    step = next((step for step in steps if last // step + (step > 1) <= most), last)
    ticks = [first, *(tick for tick in range(step, last + 1, step) if tick - first > step / 2)]
    return ticks if len(ticks) > 1 or last == first else [first, last]


def drawable(values: Values) -> NDArray[np.bool_]:
    """Which values are finite and can be drawn (boolean, same shape)."""
    there: NDArray[np.bool_] = np.abs(values) < LARGEST
    return there


def _finite(curves: Sequence[Sequence[float]]) -> Values:
    values = np.array([value for curve in curves for value in curve], dtype=np.float64)
    return values[drawable(values)]
