"""The learning rate as a function of the steps done, with Keras's formulas in float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mlpcli.config.base import Component
from mlpcli.errors import NeedsKerasError

Float = np.float32
Schedule = Callable[[int], Float]
"""From the number of steps that are done to the rate of the next one."""


def make_schedule(settings: Component, start: float) -> Schedule:
    """The schedule that a component describes; `start` is the optimizer's learning rate.

    Raises:
        NeedsKerasError: the NumPy engine lacks the schedule.

    >>> from mlpcli.config.schedules import CosineDecay
    >>> rate = make_schedule(CosineDecay(decay_steps=10), start=0.1)
    >>> [round(float(rate(step)), 3) for step in (0, 5, 10)]
    [0.1, 0.05, 0.0]
    """
    if settings.tag not in SCHEDULES:
        raise NeedsKerasError(f"the schedule {settings.tag}", f"the NumPy engine has {', '.join(SCHEDULES)}")
    formula = SCHEDULES[settings.tag]

    def rate(step: float) -> Float:
        with np.errstate(over="ignore", invalid="ignore"):  # a rate that grows without bound is infinite in the end
            return Float(formula(settings, Float(start), Float(step)))

    return rate


def _exponential(settings: Any, start: Float, step: Float) -> Any:
    return start * Float(settings.decay_rate) ** _periods(settings, step)


def _inverse_time(settings: Any, start: Float, step: Float) -> Any:
    return start / (Float(1) + Float(settings.decay_rate) * _periods(settings, step))


def _periods(settings: Any, step: Float) -> Any:
    periods = step / Float(settings.decay_steps)
    return np.floor(periods) if settings.staircase else periods


def _polynomial(settings: Any, start: Float, step: Float) -> Any:
    """With `cycle`, the decay is extended to the next multiple of `decay_steps` each time it ends."""
    steps, end = Float(settings.decay_steps), Float(settings.end_learning_rate)
    if settings.cycle:
        steps *= np.ceil(step / steps) if step > 0 else Float(1)
    share = min(step, steps) / steps
    return (start - end) * (Float(1) - share) ** Float(settings.power) + end


def _cosine(settings: Any, start: Float, step: Float) -> Any:
    warmup = Float(0)
    if settings.warmup_target is not None:
        warmup, target = Float(settings.warmup_steps), Float(settings.warmup_target)
        if step < warmup:
            return (target - start) * (step / warmup) + start
        start = target
    share = min(step - warmup, Float(settings.decay_steps)) / Float(settings.decay_steps)
    return start * _half_wave(share, Float(1), Float(settings.alpha))


def _cosine_restarts(settings: Any, start: Float, step: Float) -> Any:
    """Each period is `t_mul` times as long as the one before, and begins `m_mul` times as high."""
    done, growth = step / Float(settings.first_decay_steps), Float(settings.t_mul)
    if growth == 1:
        restarts = np.floor(done)
        done -= restarts
    else:
        restarts = np.floor(np.log(Float(1) - done * (Float(1) - growth)) / np.log(growth))
        before = (Float(1) - growth**restarts) / (Float(1) - growth)
        done = (done - before) / growth**restarts
    return start * _half_wave(done, Float(settings.m_mul) ** restarts, Float(settings.alpha))


def _half_wave(share: Any, height: Any, floor: Float) -> Any:
    wave = Float(0.5) * height * (Float(1) + np.cos(Float(np.pi) * share))
    return (Float(1) - floor) * wave + floor


def _piecewise(settings: Any, start: Float, step: Float) -> Any:
    """A boundary itself still has the rate before it."""
    return settings.values[int(np.searchsorted(settings.boundaries, step, side="left"))]


SCHEDULES: dict[str, Callable[[Any, Float, Float], Any]] = {
    "exponential_decay": _exponential,
    "inverse_time_decay": _inverse_time,
    "polynomial_decay": _polynomial,
    "cosine_decay": _cosine,
    "cosine_decay_restarts": _cosine_restarts,
    "piecewise_constant_decay": _piecewise,
}
"""By the schema's tags."""
