"""The limits, scale and ticks of an axis, so that one extreme value does not flatten the curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mlpcli.errors import UserError
from mlpcli.language import say

LOG_FROM = 100.0  # highest over lowest value: two decades
WILD_FROM = 5.0  # first epochs over all the rest
FLAT = 0.1  # of the height; what spans less of it looks flat
LEAST_REST = 3  # epochs; fewer do not tell what is usual
LARGEST = 1e100  # beyond it a value counts as infinite: no axis can show it
_BOUNDED = ("accuracy", "acc", "auc", "precision", "recall", "f1", "iou")
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The y axis of one metric: linear or logarithmic, its limits, a remark for its label, and what leaves it."""

    low: float
    high: float
    log: bool = False
    remark: str = ""
    off_chart: str = ""


def choose_scale(
    metric: str,
    curves: Sequence[Sequence[float]],
    kept: Sequence[float] = (),
    asked: Literal["linear", "log"] | None = None,
) -> Scale | None:
    """The scale for one metric's curves, one value per epoch each; None where no value is finite.

    A metric between 0 and 1 (accuracy and its kin) stays linear. Others become logarithmic where they span more than
    two decades, or where the first epochs are over five times as large as all the rest. Where the first epochs would
    still leave all the rest under a tenth of the height, they leave the chart.

    kept: values that may not leave it. asked: the scale, whatever the values; all of them stay on the chart then.

    Raises:
        UserError: a logarithmic scale is asked for, and a value is not above 0.
    """
    values = _finite(curves)
    if values.size == 0:
        return None
    if asked == "log":
        if values.min() <= 0:
            raise UserError(f"--scale log: {metric} has values of 0 or less; leave it out, or use --metric loss")
        return _logarithmic(values)
    if asked == "linear":
        return _linear(values, 0.0, 1.0) if is_bounded(metric) else _linear(values)
    longest = max(len(curve) for curve in curves)
    start = max(1, longest // 20)
    rest = _finite([curve[start:] for curve in curves])
    whole = _scale(metric, values, rest)
    if longest - start < LEAST_REST or not 0 < _share(rest, whole) < FLAT:
        return whole
    usual = _usual(values, rest)
    narrow = _scale(metric, usual, usual)
    if any(not narrow.low <= value <= narrow.high for value in kept):
        return whole
    return replace(narrow, off_chart=_off_chart([curve[:start] for curve in curves], narrow))


def given_scale(
    metric: str,
    curves: Sequence[Sequence[float]],
    low: float,
    high: float,
    asked: Literal["linear", "log"] | None = None,
) -> Scale | None:
    """The scale within limits that a user gave, logarithmic where asked for or where they are over two decades apart.

    Raises:
        UserError: nothing is to be seen within them.
    """
    values = _finite(curves)
    if values.size == 0:
        return None
    lowest, highest = float(values.min()), float(values.max())
    if highest < low or lowest > high:
        there = f"they are between {lowest:.4g} and {highest:.4g}"
        raise UserError(f"--ylim: no value of {metric} is between {low:g} and {high:g}; {there}")
    if asked == "log" and low <= 0:
        raise UserError(f"--scale log: --ylim begins at {low:g}; give a lower limit above 0")
    wide = low > 0 and high / low > LOG_FROM and not is_bounded(metric)
    log = asked == "log" or (wide and asked is None)
    return Scale(low, high, log, say("log scale") if log else "")


def _scale(metric: str, values: Values, rest: Values) -> Scale:
    """For all of the values; the rest are those after the first epochs."""
    if is_bounded(metric):
        return _linear(values, bottom=0.0, top=1.0)
    wild = rest.size > 1 and np.abs(values).max() > WILD_FROM * np.abs(rest).max()
    if values.min() > 0 and (wild or values.max() / values.min() > LOG_FROM):
        return _logarithmic(values)
    return _linear(values)


def _logarithmic(values: Values) -> Scale:
    return Scale(float(values.min()) / 1.25, float(values.max()) * 1.25, log=True, remark=say("log scale"))


def _usual(values: Values, rest: Values) -> Values:
    """The values that are no further from the rest than the rest spans."""
    span = rest.max() - rest.min()
    usual: Values = values[(values >= rest.min() - span) & (values <= rest.max() + span)]
    return usual


def _share(values: Values, scale: Scale) -> float:
    """The share of the axis, from 0 to 1, between the lowest and the highest value."""
    ends = np.array([values.min(), values.max(), scale.low, scale.high])
    lowest, highest, bottom, top = np.log(ends) if scale.log else ends
    return float((highest - lowest) / (top - bottom))


def _off_chart(starts: Sequence[Sequence[float]], scale: Scale) -> str:
    """For example `epoch 1 is off the chart: 0.098`; of several epochs, the value that is farthest."""
    beyond = [
        (max(scale.low - value, value - scale.high), value, place)
        for start in starts
        for place, value in enumerate(start, start=1)
        if abs(value) < LARGEST and not scale.low <= value <= scale.high
    ]
    last = max(place for _, _, place in beyond)
    return say(
        "epoch 1 is off the chart: {value:.3g}"
        if last == 1
        else "of epochs 1 to {last}, some are off the chart: {value:.3g}",
        last=last,
        value=max(beyond)[1],
    )


def is_bounded(metric: str) -> bool:
    """Whether a metric is between 0 and 1, by its name."""
    return any(part in _BOUNDED for part in metric.lower().split("_"))


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
