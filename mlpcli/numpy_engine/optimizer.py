"""An optimizer: a rule, the learning rate and its schedule, and what Keras does before and after each step."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlpcli.config.base import Component
from mlpcli.data.dataset import Array
from mlpcli.numpy_engine.flat_parameters import FlatParameters
from mlpcli.numpy_engine.needs_keras import NeedsKerasError
from mlpcli.numpy_engine.optimizers import make_rule
from mlpcli.numpy_engine.schedules import Schedule, make_schedule

NOT_HERE = ("gradient_accumulation_steps", "loss_scale_factor")
"""Arguments of Keras's optimizers that are left to Keras."""


class Optimizer:
    """Steps on the parameters of one network; `iterations` counts them."""

    def __init__(self, settings: Any, flat: FlatParameters, schedule: Component | None = None) -> None:
        """settings: the schema's component; schedule: one that takes the place of its learning rate.

        Raises:
            NeedsKerasError: the optimizer, an argument or the schedule is not known here.
        """
        for name in NOT_HERE:
            if getattr(settings, name) is not None:
                raise NeedsKerasError(f"the optimizer {settings.tag}", f"its {name} is not known here")
        self.settings, self.flat = settings, flat
        self.rule = make_rule(settings, flat.values)
        self.schedule: Schedule | None = make_schedule(schedule, settings.learning_rate) if schedule else None
        self.iterations = 0
        self._rate = np.float32(settings.learning_rate)
        self.average = np.zeros_like(flat.values) if settings.use_ema else None

    @property
    def learning_rate(self) -> np.float32:
        """Of the next step, in float32 as Keras has it; it can be set where there is no schedule."""
        return self._rate if self.schedule is None else self.schedule(self.iterations)

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._rate = np.float32(rate)

    def step(self) -> None:
        """Change the parameters by the gradients that the network has now."""
        values, gradients, rate = self.flat.values, self.flat.gradients, self.learning_rate
        self._clip(gradients)
        if self.settings.weight_decay is not None:
            values -= (values * self.settings.weight_decay) * rate
        self.rule.step(values, gradients, values.dtype.type(rate), self.iterations + 1)
        if self.average is not None:
            self._follow(self.average, values)
        self.iterations += 1

    def finish(self) -> None:
        """What Keras does when training has come to its end: averaged weights take the place of the last ones."""
        if self.average is not None and self.iterations:
            self.flat.values[...] = self.average

    @property
    def variables(self) -> list[Array]:
        """What Keras stores of such an optimizer, in its order: steps, rate, and what is remembered of each weight."""
        rate = [] if self.schedule is not None else [np.asarray(self._rate)]
        averages = () if self.average is None else ((self.average,),)
        slots = [
            vector[place].reshape(shape)
            for group in (*averages, *self.rule.slots)
            for place, shape in zip(self.flat.slices, self.flat.shapes, strict=True)
            for vector in group
        ]
        return [np.asarray(self.iterations, np.int64), *rate, *slots]

    def _clip(self, gradients: Array) -> None:
        """In place. `clipnorm` looks at each parameter by itself, `global_clipnorm` at all together."""
        settings = self.settings
        if settings.clipvalue is not None:
            np.clip(gradients, -settings.clipvalue, settings.clipvalue, out=gradients)
        if settings.clipnorm is not None:
            for place in self.flat.slices:
                gradients[place] *= settings.clipnorm / max(_norm(gradients[place]), settings.clipnorm)
        if settings.global_clipnorm is not None:
            norm = _norm(gradients)
            gradients *= settings.global_clipnorm / max(norm, settings.global_clipnorm) if np.isfinite(norm) else np.nan

    def _follow(self, average: Array, values: Array) -> None:
        """The average of the weights; the first step begins it, and every so often it becomes the weights."""
        momentum = self.settings.ema_momentum if self.iterations else 0.0
        average *= momentum
        average += (1 - momentum) * values
        every = self.settings.ema_overwrite_frequency
        if every is not None and (self.iterations + 1) % every == 0:
            values[...] = average


def _norm(values: Array) -> float:
    return float(np.sqrt(np.dot(values, values)))
