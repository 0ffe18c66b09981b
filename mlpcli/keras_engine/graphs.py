"""The graph functions of the resident epochs, kept for the next training of an equal network in this process.

To trace them takes 0.1 to 0.5 s of Python, and XLA would compile them anew. But a graph takes the variables of its
model as inputs (`ConcreteFunction.captured_inputs`), so that those of another model can stand in their place: seeds
and trials that differ in the values of weights, learning rate and noise share their graphs, and so their programs.
"""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.data.batches import RowBatches

tf = backend.tensorflow()
MOST_NETWORKS = 4
MOST_BYTES = 16 << 20
"""Of the variables of a network whose graphs are kept, since they hold on to those that they were traced with."""


class Graphs:
    """The graph functions of one training, each traced when it is first asked for, or lent by an earlier training.

    steps: takes (steps, batch, ...) arrays of training rows and how many of the steps count, and trains; returns the
        first step, from 0, whose loss is not finite, or -1.
    rest: the same, never compiled, for the last, smaller batch.
    scores: the same for validation rows, which are only scored; returns nothing.
    epoch: sets the metrics to 0, takes steps and rest, and reads the metrics, all in one launch. It takes the number
        of steps, the arrays of whole batches, if there are any, and those of the rest, if there is one; returns what
        steps and rest return, and the logs.
    evaluation: the same for validation rows.
    """

    def __init__(
        self, model: Any, train: RowBatches, validation: RowBatches | None, compiled: bool, network: str | None
    ) -> None:
        """network: see `network_key`; None: nothing is lent or kept."""
        self.model, self.train, self.validation, self.compiled = model, train, validation or train, compiled
        self._functions: dict[str, Any] = {}
        about = [network, compiled, [_shapes(batches) for batches in (self.train, self.validation)]]
        self._key = None if network is None else json.dumps(about)
        self._lent = _SHELF.take(self._key) if self._key is not None else {}

    def get(self, name: str) -> Any:
        """A concrete function: to call it, instead of looking it up, saves 0.15 ms, a good part of a small epoch."""
        if name == "rest" and not self.compiled:
            name = "steps"
        if name not in self._functions:
            lent = self._lent.get(name)
            self._functions[name] = lent.bound(self.variables()) if lent is not None else getattr(self, f"_{name}")()
        return self._functions[name]

    def trace_anew(self, compiled: bool) -> None:
        """Forget all functions, and keep none."""
        self.compiled, self._functions, self._lent, self._key = compiled, {}, {}, None

    def keep(self) -> None:
        """Lend the functions to the next training of an equal network; this one has ended."""
        variables = self.variables()
        size = sum(variable.value.dtype.size * (variable.value.shape.num_elements() or 0) for variable in variables)
        if self._key is not None and size <= MOST_BYTES:
            kept = {name: _Kept.of(function, variables) for name, function in self._functions.items()}
            _SHELF.put(self._key, {**self._lent, **{name: one for name, one in kept.items() if one is not None}})
        self._functions, self._lent, self._key = {}, {}, None

    def variables(self) -> list[Any]:
        """All that the functions may take from the model, in Keras's order."""
        model = self.model
        every = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
        return list({id(variable): variable for variable in every}.values())

    def _steps(self) -> Any:
        with fast_random_numbers(self.compiled):
            return self._trained(self.compiled)

    def _rest(self) -> Any:
        return self._trained(False)

    def _trained(self, compiled: bool) -> Any:
        def loop(*arguments: Any) -> Any:
            *arrays, steps = arguments

            def step(index: Any, bad: Any) -> tuple[Any, Any]:
                loss = self.model.train_step(tuple(array[index] for array in arrays))["loss"]  # the mean so far
                return index + 1, tf.where((bad < 0) & ~tf.math.is_finite(loss), index, bad)

            return tf.while_loop(lambda index, bad: index < steps, step, (tf.constant(0), tf.constant(-1)))[1]

        return _concrete(loop, [*_signature(self.train, batch_axes=2), _STEPS], jit_compile=compiled)

    def _scores(self) -> Any:
        def loop(*arguments: Any) -> None:
            *arrays, steps = arguments

            def step(index: Any) -> tuple[Any]:
                self.model.test_step(tuple(array[index] for array in arrays))
                return (index + 1,)

            tf.while_loop(lambda index: index < steps, step, (tf.constant(0),))

        return _concrete(loop, [*_signature(self.validation, batch_axes=2), _STEPS])

    def _epoch(self) -> Any:
        return self._in_one_launch(self.train, "steps", "rest")

    def _evaluation(self) -> Any:
        return self._in_one_launch(self.validation, "scores", "scores")

    def _in_one_launch(self, batches: RowBatches, steps: str, rest: str) -> Any:
        """Between launches, to set and read the metrics alone would take as long as ten steps of a small network."""
        whole, left = bool(len(batches.rows) // batches.batch_size), bool(len(batches.rows) % batches.batch_size)
        arrays = len(batches.arrays)
        of_steps, of_rest = (self.get(steps) if whole else None), (self.get(rest) if left else None)

        def launch(count: Any, *arguments: Any) -> tuple[list[Any], Any]:
            self.model.reset_metrics()
            found = [] if of_steps is None else [of_steps(*arguments[:arrays], count)]
            found += [] if of_rest is None else [of_rest(*arguments[-arrays:], tf.constant(1))]
            return found, dict(self.model.get_metrics_result())

        return _concrete(launch, [_STEPS, *_signature(batches, batch_axes=2) * (whole + left)])


_STEPS = tf.TensorSpec((), tf.int32)


def _concrete(function: Any, signature: Sequence[Any], jit_compile: bool = False) -> Any:
    # TensorFlow counts the calls of such a function over all models, and takes a new model for needless retracing.
    made = tf.function(function, input_signature=signature, jit_compile=jit_compile or None, autograph=False)
    return made.get_concrete_function()


def _signature(batches: RowBatches, batch_axes: int) -> list[Any]:
    """A signature with open sizes for the leading axes, so that it is traced once; XLA compiles per size."""
    return [tf.TensorSpec(((None,) * batch_axes) + array.shape[1:], array.dtype) for array in batches.arrays]


def _shapes(batches: RowBatches) -> list[Any]:
    """What the graphs know of the rows: types and shapes of one, and whether there are whole batches, and a rest."""
    whole, left = divmod(len(batches.rows), batches.batch_size)
    rows = [[str(array.dtype), list(array.shape[1:])] for array in batches.arrays]
    return [rows, bool(whole), bool(left), batches.batch_size]


@dataclass(frozen=True)
class _Kept:
    """A graph function, and which of its model's variables it takes, by number; None: a tensor, which stays."""

    function: Any
    numbers: tuple[int | None, ...]

    @classmethod
    def of(cls, function: Any, variables: Sequence[Any]) -> _Kept | None:
        """None where the function takes variables that are none of these."""
        known = {id(variable.value.handle): number for number, variable in enumerate(variables)}
        numbers = tuple(known.get(id(one)) for one in function.captured_inputs)
        strange = [
            one.dtype == tf.resource
            for one, number in zip(function.captured_inputs, numbers, strict=True)
            if number is None
        ]
        return None if any(strange) else cls(function, numbers)

    def bound(self, variables: Sequence[Any]) -> Any:
        """The function with other variables in the places of those that it had."""
        function = self.function
        function.set_external_captures(
            [
                old if number is None else variables[number].value.handle
                for old, number in zip(function.captured_inputs, self.numbers, strict=True)
            ]
        )
        return function


class _Shelf:
    """The functions of the last few networks. What is taken is gone, so that two trainings never share them."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, _Kept]] = {}
        self._lock = threading.Lock()

    def take(self, key: str) -> dict[str, _Kept]:
        with self._lock:
            return self._kept.pop(key, {})

    def put(self, key: str, functions: dict[str, _Kept]) -> None:
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = functions
            while len(self._kept) > MOST_NETWORKS:
                del self._kept[next(iter(self._kept))]


_SHELF = _Shelf()


def network_key(model: Any, *more: Any) -> str | None:
    """A text that is equal for compiled models whose graphs differ in nothing but the values of variables.

    more: what else the graphs have as constants.

    Returns:
        None where a layer does not say what it is made of.
    """
    try:
        training = model.get_compile_config()
        settings = training["optimizer"]["config"]
        if isinstance(settings.get("learning_rate"), float):  # a variable; a schedule is part of the graph
            del settings["learning_rate"]
        about = [type(model).__name__, model.get_config(), training, more]
        text = json.dumps(about, sort_keys=True, default=_as_text)
    except (TypeError, ValueError, KeyError, NotImplementedError):
        return None
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _as_text(value: Any) -> Any:
    """Arrays and tensors, in full."""
    array = np.asarray(value)
    if array.dtype == object:
        raise TypeError(f"{type(value).__name__} has no text")
    return [str(array.dtype), array.tolist()]


ALGORITHM = "threefry"


@contextmanager
def fast_random_numbers(active: bool) -> Iterator[None]:
    """A context in which graphs traced on a CPU name the random algorithm; on a GPU, auto_select is right already."""
    if not active or "GPU" in backend.devices():
        yield
        return
    patches: list[tuple[Any, str, str]] = [
        (tf.random, "stateless_uniform", "alg"),
        (tf.random, "stateless_normal", "alg"),
        (tf.random, "stateless_truncated_normal", "alg"),
        (tf.nn.experimental, "stateless_dropout", "rng_alg"),
    ]
    originals = [(module, name, getattr(module, name)) for module, name, _ in patches]
    try:
        for module, name, argument in patches:
            setattr(module, name, functools.partial(getattr(module, name), **{argument: ALGORITHM}))
        yield
    finally:
        for module, name, original in originals:
            setattr(module, name, original)
