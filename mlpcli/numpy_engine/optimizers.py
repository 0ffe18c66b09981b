"""SGD, Adagrad, RMSprop and Adam with Keras's formulas, on one flat vector of all parameters.

All arithmetic is in the type of the parameters, the powers of Adam's betas too: Keras computes them in float32, where
1 - 0.999 has lost some digits, and so the steps are the same.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, TypedDict

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.base import Component
from mlpcli.errors import NeedsKerasError
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.schedules import Schedule, make_schedule


class Rule:
    """An update rule. `settings`: the schema's component; `slots`: its state for each parameter.

    slots: vectors as long as the parameters', in groups; Keras stores the vectors of a group in turns, parameter by
        parameter, and the groups one after the other.
    """

    def __init__(self, settings: Any, parameters: Array) -> None:
        self.settings = settings
        self.slots: tuple[tuple[Array, ...], ...] = ()
        self.scratch, self.other = np.empty_like(parameters), np.empty_like(parameters)

    def step(self, parameters: Array, gradient: Array, rate: Any, count: int) -> None:
        """Change the parameters in place; `rate` is of their type, `count` the number of steps with this one.

        Both arrays are vectors of the same length; the gradient is not written into.
        """
        raise NotImplementedError


class SGD(Rule):
    """w -= rate * g; with momentum the steps add up and fade, and Nesterov's looks one step ahead."""

    def __init__(self, settings: Any, parameters: Array) -> None:
        super().__init__(settings, parameters)
        if settings.momentum:
            self.velocity = np.zeros_like(parameters)
            self.slots = ((self.velocity,),)

    def step(self, parameters: Array, gradient: Array, rate: Any, count: int) -> None:
        move = np.multiply(gradient, rate, out=self.scratch)
        if not self.settings.momentum:
            parameters -= move
            return
        velocity = self.velocity
        velocity *= self.settings.momentum
        velocity -= move
        if self.settings.nesterov:
            ahead = np.multiply(velocity, self.settings.momentum, out=self.other)
            ahead -= move
            parameters += ahead
        else:
            parameters += velocity


class Adagrad(Rule):
    """Each weight's steps shrink with the sum of its squared gradients so far."""

    def __init__(self, settings: Any, parameters: Array) -> None:
        super().__init__(settings, parameters)
        self.sum = np.full_like(parameters, settings.initial_accumulator_value)
        self.slots = ((self.sum,),)

    def step(self, parameters: Array, gradient: Array, rate: Any, count: int) -> None:
        self.sum += np.multiply(gradient, gradient, out=self.scratch)
        root = np.add(self.sum, self.settings.epsilon, out=self.scratch)
        np.sqrt(root, out=root)
        move = np.multiply(gradient, rate, out=self.other)
        move /= root
        parameters -= move


class RMSprop(Rule):
    """As Adagrad, with a running average; `centered` subtracts the square of the mean gradient from it."""

    def __init__(self, settings: Any, parameters: Array) -> None:
        super().__init__(settings, parameters)
        self.squares = np.zeros_like(parameters)
        self.velocity = np.zeros_like(parameters) if settings.momentum else None
        self.mean = np.zeros_like(parameters) if settings.centered else None
        self.slots = tuple((slot,) for slot in (self.squares, self.velocity, self.mean) if slot is not None)

    def step(self, parameters: Array, gradient: Array, rate: Any, count: int) -> None:
        rho, epsilon = self.settings.rho, self.settings.epsilon
        self._forget(self.squares, rho, np.multiply(gradient, gradient, out=self.scratch))
        if self.mean is None:
            root = np.add(self.squares, epsilon, out=self.scratch)
        else:
            np.copyto(self.scratch, gradient)
            self._forget(self.mean, rho, self.scratch)
            root = np.multiply(self.mean, self.mean, out=self.scratch)
            np.subtract(self.squares, root, out=root)
            root += epsilon
        np.sqrt(root, out=root)
        move = np.multiply(gradient, rate, out=self.other)
        move /= root
        if self.velocity is not None:
            self.velocity *= self.settings.momentum
            self.velocity += move
            move = self.velocity
        parameters -= move

    @staticmethod
    def _forget(average: Array, rho: float, now: Array) -> None:
        average *= rho
        now *= 1 - rho
        average += now


class Adam(Rule):
    """Running averages of the gradients and of their squares, corrected for their start at 0."""

    def __init__(self, settings: Any, parameters: Array) -> None:
        super().__init__(settings, parameters)
        self.mean, self.squares = np.zeros_like(parameters), np.zeros_like(parameters)
        self.largest = np.zeros_like(parameters) if settings.amsgrad else None
        self.slots = ((self.mean, self.squares), *([(self.largest,)] if self.largest is not None else []))

    def step(self, parameters: Array, gradient: Array, rate: Any, count: int) -> None:
        beta_1, beta_2, number = self.settings.beta_1, self.settings.beta_2, parameters.dtype.type
        begun_1, begun_2 = (number(1) - number(beta) ** number(count) for beta in (beta_1, beta_2))
        alpha = rate * np.sqrt(begun_2) / begun_1
        change = np.subtract(gradient, self.mean, out=self.scratch)
        change *= 1 - beta_1
        self.mean += change
        np.multiply(gradient, gradient, out=change)
        change -= self.squares
        change *= 1 - beta_2
        self.squares += change
        if self.largest is None:
            root = np.sqrt(self.squares, out=change)
        else:
            np.maximum(self.largest, self.squares, out=self.largest)
            root = np.sqrt(self.largest, out=change)
        root += self.settings.epsilon
        move = np.multiply(self.mean, alpha, out=self.other)
        move /= root
        parameters -= move


RULES: dict[str, type[Rule]] = {"sgd": SGD, "adagrad": Adagrad, "rmsprop": RMSprop, "adam": Adam, "adamw": Adam}
"""By the schema's tags; adamw is adam, with a weight decay of its own among the common arguments."""


NOT_HERE = ("gradient_accumulation_steps", "loss_scale_factor")
"""Arguments of Keras's optimizers that are left to Keras."""


class OptimizerState(TypedDict):
    """steps: taken so far; rate: of the next one, where no schedule gives it; slots and average: see `Optimizer`."""

    steps: int
    rate: float
    slots: list[Array]
    average: Array | None


def check_optimizer(settings: Any, schedule: Component | None = None) -> None:
    """Check what an `Optimizer` needs, without parameters; arguments as for it.

    Raises:
        NeedsKerasError: the optimizer, an argument or the schedule is not supported.
    """
    for name in NOT_HERE:
        if getattr(settings, name) is not None:
            raise NeedsKerasError(f"the optimizer {settings.tag}", f"its {name} is not supported")
    if settings.tag not in RULES:
        raise NeedsKerasError(f"the optimizer {settings.tag}", f"the NumPy engine has {', '.join(RULES)}")
    if schedule is not None:
        make_schedule(schedule, settings.learning_rate)


class Optimizer:
    """Steps on the parameters of one network; `iterations` counts them."""

    def __init__(self, settings: Any, flat: FlatParameters, schedule: Component | None = None) -> None:
        """settings: the schema's component; schedule: one that takes the place of its learning rate.

        Raises:
            NeedsKerasError: the optimizer, an argument or the schedule is not supported.
        """
        check_optimizer(settings, schedule)
        self.settings, self.flat = settings, flat
        self.rule = RULES[settings.tag](settings, flat.values)
        self.schedule: Schedule | None = make_schedule(schedule, settings.learning_rate) if schedule else None
        self.iterations = 0
        self._rate = np.float32(settings.learning_rate)
        self.average = np.zeros_like(flat.values) if settings.use_ema else None

    @property
    def learning_rate(self) -> np.float32:
        """The rate of the next step, in float32 as in Keras; it can be set if there is no schedule."""
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
        """After training, as in Keras: with `use_ema` the averaged weights replace the last ones."""
        if self.average is not None and self.iterations:
            self.flat.values[...] = self.average

    def get_state(self) -> OptimizerState:
        """Copies of the optimizer's slots and its step count, without the weights themselves."""
        slots = [np.array(vector) for group in self.rule.slots for vector in group]
        average = None if self.average is None else np.array(self.average)
        return {"steps": self.iterations, "rate": float(self._rate), "slots": slots, "average": average}

    def set_state(self, state: OptimizerState) -> None:
        """The reverse of `get_state`, for an optimizer of the same settings and as many weights."""
        self.iterations, self._rate = state["steps"], np.float32(state["rate"])
        own = [vector for group in self.rule.slots for vector in group]
        for vector, values in zip(own, state["slots"], strict=True):
            vector[...] = values
        if self.average is not None:
            self.average[...] = state["average"]

    @property
    def variables(self) -> list[Array]:
        """The variables that Keras stores of it, in Keras's order: steps, rate, slots of each weight."""
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
        """Update the moving average of the weights; every `ema_overwrite_frequency` steps it replaces them."""
        momentum = self.settings.ema_momentum if self.iterations else 0.0
        average *= momentum
        average += (1 - momentum) * values
        every = self.settings.ema_overwrite_frequency
        if every is not None and (self.iterations + 1) % every == 0:
            values[...] = average


def _norm(values: Array) -> float:
    return float(np.sqrt(np.dot(values, values)))


class FlatParameters:
    """`values` and `gradients` are vectors; the network's layers hold views of them from now on.

    slices: where each parameter lies, in the order of Keras's `trainable_variables`; shapes: of each.
    """

    def __init__(self, network: Network) -> None:
        learning = [(layer, name) for layer in network.layers if layer.trainable for name in layer.parameters]
        sizes = [layer.parameters[name].size for layer, name in learning]
        ends = np.cumsum([0, *sizes])
        self.slices = [slice(int(start), int(end)) for start, end in pairwise(ends)]
        self.shapes = [layer.parameters[name].shape for layer, name in learning]
        self.values = np.empty(int(ends[-1]), network.dtype)
        self.gradients = np.zeros_like(self.values)
        for (layer, name), place, shape in zip(learning, self.slices, self.shapes, strict=True):
            self.values[place] = layer.parameters[name].ravel()
            layer.parameters[name] = self.values[place].reshape(shape)
            layer.gradients[name] = self.gradients[place].reshape(shape)
