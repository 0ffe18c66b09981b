"""The graph functions of the resident epochs, kept for the next training of an equal network in this process.

To trace them takes 0.1 to 0.5 s of Python, and XLA would compile them anew. But a graph takes the variables of its
model as inputs (`ConcreteFunction.captured_inputs`), so that those of another model can stand in their place: seeds,
folds and trials that differ in the values of weights, learning rate, noise and scaling share their graphs, and so their
programs.
"""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.data.batches import RowBatches
from mlpcli.keras_engine.build import InUnits
from mlpcli.keras_engine.programs import program_key

tf = backend.tensorflow()
MOST_NETWORKS = 4
MOST_BYTES = 16 << 20
"""Of the variables of a network whose graphs are kept, since they hold on to those that they were traced with."""


class Graphs:
    """The graph functions of one training, each traced when it is first asked for, or lent by an earlier training.

    steps: compiled; takes (steps, batch, ...) arrays of training rows and how many of the steps count, and trains;
        returns the first step, from 0, whose loss is not finite, or -1.
    walk: not compiled; takes arrays of rows, and trains on a batch of them after the other, of which the last may be
        smaller; returns the same.
    scores: as `walk`, for validation rows, which are only scored.
    epoch: sets the metrics to 0, trains on all rows, and reads the metrics, all in one launch. It takes the number of
        steps, what `steps` takes where that is compiled, and what `walk` takes for the rows that are left; returns
        what they return, and the logs.
    evaluation: the same for validation rows.
    """

    def __init__(
        self, model: Any, train: RowBatches, validation: RowBatches | None, compiled: bool, network: str | None
    ) -> None:
        """network: see `network_key`; None: nothing is lent or kept."""
        self.model, self.train, self.validation, self.compiled = model, train, validation or train, compiled
        self._scaling = [] if network is None else _variables_of_scaling(model)
        self._functions: dict[str, Any] = {}
        about = [network, compiled, [_shapes(batches) for batches in (self.train, self.validation)]]
        self._key = None if network is None else json.dumps(about)
        self._lent = _SHELF.take(self._key) if self._key is not None else {}

    def get(self, name: str) -> Any:
        """A concrete function: to call it, instead of looking it up, saves 0.15 ms, a good part of a small epoch."""
        if name not in self._functions:
            lent = self._lent.get(name)
            self._functions[name] = lent.bound(self._variables()) if lent is not None else getattr(self, f"_{name}")()
        return self._functions[name]

    def trace_anew(self, compiled: bool) -> None:
        """Forget all functions, and keep none."""
        self.compiled, self._functions, self._lent, self._key = compiled, {}, {}, None

    def keep(self) -> None:
        """Lend the functions to the next training of an equal network; this one has ended."""
        variables = self._variables()
        size = sum(variable.dtype.size * (variable.shape.num_elements() or 0) for variable in variables)
        if self._key is not None and size <= MOST_BYTES:
            kept = {name: _Kept.of(function, variables) for name, function in self._functions.items()}
            _SHELF.put(self._key, {**self._lent, **{name: one for name, one in kept.items() if one is not None}})
        for number in self._scaling:
            setattr(number.owner, number.name, number.constant)  # a model file has it as such
        self._functions, self._lent, self._key = {}, {}, None

    def program_key(self, arrays: Sequence[Any]) -> str:
        """What the program of `steps` is looked up by, for arrays of these shapes."""
        return program_key(self.get("steps"), [*arrays, *self._variables()])

    def _variables(self) -> list[Any]:
        """All that the functions may take from the model, as TensorFlow's variables, in Keras's order."""
        model = self.model
        of_keras = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
        every = [*(variable.value for variable in of_keras), *(number.variable for number in self._scaling)]
        return list({id(variable): variable for variable in every}.values())

    def _steps(self) -> Any:
        def loop(*arguments: Any) -> Any:
            *arrays, steps = arguments

            def step(index: Any, bad: Any) -> tuple[Any, Any]:
                return self._train(index, bad, [array[index] for array in arrays])

            return tf.while_loop(lambda index, bad: index < steps, step, _start())[1]

        with fast_random_numbers(True):
            _count_alike()
            return _concrete(loop, [*_signature(self.train, batch_axes=2), _STEPS], jit_compile=True)

    def _walk(self) -> Any:
        def walk(*arrays: Any) -> Any:
            return _by_batches(arrays, self.train.batch_size, self._train)

        return _concrete(walk, _signature(self.train, batch_axes=1))

    def _scores(self) -> Any:
        def scores(*arrays: Any) -> Any:
            return _by_batches(arrays, self.validation.batch_size, self._test)

        return _concrete(scores, _signature(self.validation, batch_axes=1))

    def _train(self, index: Any, bad: Any, rows: Sequence[Any]) -> tuple[Any, Any]:
        loss = self.model.train_step(tuple(rows))["loss"]  # the mean so far
        return index + 1, tf.where((bad < 0) & ~tf.math.is_finite(loss), index, bad)

    def _test(self, index: Any, bad: Any, rows: Sequence[Any]) -> tuple[Any, Any]:
        self.model.test_step(tuple(rows))
        return index + 1, bad

    def _epoch(self) -> Any:
        batches, arrays = self.train, len(self.train.arrays)
        whole, left = divmod(len(batches.rows), batches.batch_size)
        steps = self.get("steps") if self.compiled and whole else None

        def epoch(count: Any, *arguments: Any) -> tuple[list[Any], Any]:
            self.model.reset_metrics()
            found = [] if steps is None else [steps(*arguments[:arrays], count)]
            if left or steps is None:
                found.append(_by_batches(arguments[-arrays:], batches.batch_size, self._train))
            return found, dict(self.model.get_metrics_result())

        compiled = [] if steps is None else _signature(batches, batch_axes=2)
        walked = _signature(batches, batch_axes=1) if left or steps is None else []
        return _concrete(epoch, [_STEPS, *compiled, *walked])

    def _evaluation(self) -> Any:
        def evaluation(*arrays: Any) -> Any:
            self.model.reset_metrics()
            _by_batches(arrays, self.validation.batch_size, self._test)
            return dict(self.model.get_metrics_result())

        return _concrete(evaluation, _signature(self.validation, batch_axes=1))


def _by_batches(arrays: Sequence[Any], size: int, step: Callable[[Any, Any, Sequence[Any]], tuple[Any, Any]]) -> Any:
    """Take a step with each batch of the rows; returns what the steps make of -1."""
    steps = (tf.shape(arrays[0])[0] + size - 1) // size

    def one(index: Any, bad: Any) -> tuple[Any, Any]:
        return step(index, bad, [array[index * size : (index + 1) * size] for array in arrays])

    return tf.while_loop(lambda index, bad: index < steps, one, _start())[1]


def _start() -> tuple[Any, Any]:
    return tf.constant(0), tf.constant(-1)


_STEPS = tf.TensorSpec((), tf.int32)


def _count_alike() -> None:
    """Let the next names of functions be those that they have in another process.

    TensorFlow numbers its functions and tensors by one counter, and the names of functions are part of a program. So a
    run would not find its program again where it has computed anything more or less before: the state of a checkpoint,
    a second network. The counter can only go up: here, to the next multiple of what no beginning of a training takes.
    """
    from tensorflow.python.framework import ops

    for _ in range(-ops.uid() % COUNTED_BEFORE):
        ops.uid()


COUNTED_BEFORE = 10_000
"""The beginning of a training of MNIST takes 430; so many take a millisecond."""


def _concrete(function: Any, signature: Sequence[Any], jit_compile: bool = False) -> Any:
    # One of each is made, and called: TensorFlow counts how often a function is looked up over all models, and takes a
    # new model for needless retracing.
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
        known = {id(variable.handle): number for number, variable in enumerate(variables)}
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
                old if number is None else variables[number].handle
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


_NUMBERS = {"Normalization": ("mean", "variance"), "Rescaling": ("scale", "offset")}
"""Of layers that scale."""
_WEIGHT = "_user_loss_weights"
"""Of Keras's CompileLoss (`_compile_loss` of a model): the weight of the loss, to which there is no public way."""


@dataclass(frozen=True)
class _ScalingNumber:
    """A number by which a model scales its columns or its target: an attribute that is a variable while it trains.

    As constants they would set the graphs of two seeds or folds apart, since each has other training rows. Keras does
    not know the variables, so that they are not weights.
    """

    owner: Any
    name: str
    constant: Any
    variable: Any


def _variables_of_scaling(model: Any) -> list[_ScalingNumber]:
    found = []
    for owner, name in _scaling_attributes(model):
        constant = getattr(owner, name)
        variable = tf.Variable(np.asarray(constant, np.float32), trainable=False)
        setattr(owner, name, variable)
        found.append(_ScalingNumber(owner, name, constant, variable))
    return found


def _scaling_attributes(model: Any) -> Iterator[tuple[Any, str]]:
    """Each as an object and the name of its attribute: those of layers, and what weighs a compiled model's loss.

    A Rescaling gives a target its own units back if it is the last layer. At the front it scales pixels, for all seeds
    alike.
    """
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Normalization" or (kind == "Rescaling" and layer is model.layers[-1]):
            yield from ((layer, name) for name in _NUMBERS[kind])
    loss = getattr(model, "_compile_loss", None)
    if isinstance(getattr(loss, _WEIGHT, None), float):
        yield loss, _WEIGHT
    function = getattr(getattr(model, "loss", None), "fn", None)
    if isinstance(function, InUnits):
        yield function, "deviations"


def network_key(model: Any) -> str | None:
    """A text that is equal for compiled models whose graphs differ in nothing but the values of variables.

    Returns:
        None where a layer does not say what it is made of.
    """
    try:
        training = model.get_compile_config()
        settings = training["optimizer"]["config"]
        if isinstance(settings.get("learning_rate"), float):  # a variable; a schedule is part of the graph
            del settings["learning_rate"]
        scaling = list(_scaling_attributes(model))
        about = [
            type(model).__name__,
            _without_scaling(model, training, scaling),
            training,
            [name for _, name in scaling],
        ]
        text = json.dumps(about, sort_keys=True, default=_as_text)
    except (TypeError, ValueError, KeyError, NotImplementedError):
        return None
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _without_scaling(model: Any, training: dict[str, Any], scaling: Sequence[tuple[Any, str]]) -> dict[str, Any]:
    """The config of the model without the numbers of its scaling; the weight of its loss goes from `training`, too."""
    config: dict[str, Any] = model.get_config()
    numbers = [(getattr(owner, "name", None), name) for owner, name in scaling]
    for layer in config["layers"]:
        for key in [name for owner, name in numbers if owner == layer["config"].get("name")]:
            del layer["config"][key]
    if any(name == _WEIGHT for _, name in numbers):
        del training["loss_weights"]
    return config


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
