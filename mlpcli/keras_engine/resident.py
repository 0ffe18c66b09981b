"""Resident epochs: each runs in one graph, without Python between the steps.

A chunk of shuffled batches is gathered at once, and the graph loops over them, calling Keras's own `model.train_step`.
All arithmetic, loss, metrics, and the optimizer's update are therefore Keras's. Callbacks are called as by
`model.fit`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypedDict

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.data.batches import RowBatches, take_rows
from mlpcli.data.streaming.disk_rows import on_disk, read_ahead

CHUNK_BYTES = 32 << 20
"""The most bytes of a chunk, whatever the batch size; no more of the data is copied at a time."""
CHUNK_OPERATIONS = 5e10
"""The most multiplications and additions of a chunk, about a second, since a Ctrl-C is heard between chunks."""
OPERATIONS_PER_PARAMETER = 6
"""Of a dense layer, per row of a step: two forward, four backward."""
tf = backend.tensorflow()
COMPILE_ERRORS = (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError, tf.errors.NotFoundError)
"""What XLA raises, before a step is taken, for an operation that it cannot compile."""


class ModelState(TypedDict):
    """What the next epoch depends on, in Keras's order of variables."""

    weights: list[Array]
    optimizer: list[Array]
    noise: list[Array]


def model_state(model: Any) -> ModelState:
    """Copies."""
    return {
        "weights": model.get_weights(),
        "optimizer": [np.array(variable) for variable in model.optimizer.variables],
        "noise": [np.array(variable) for variable in noise_variables(model)],
    }


def set_model_state(model: Any, state: ModelState) -> None:
    """The reverse of `model_state`.

    Raises:
        ValueError: the state is that of another network or optimizer.
    """
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    model.set_weights(state["weights"])
    for variables, values in ((optimizer.variables, state["optimizer"]), (noise_variables(model), state["noise"])):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def noise_variables(model: Any) -> list[Any]:
    """The variables of Keras's seed generators, which are not weights and not in model files."""
    weights = {id(variable) for variable in model.weights}
    return [one for one in model.non_trainable_variables if id(one) not in weights]


class ResidentEpochs:
    """The epochs of one model on one set of rows."""

    def __init__(
        self,
        model: Any,
        train: RowBatches,
        validation: RowBatches | None,
        compiled: bool,
        note: Callable[[str], None],
        after_chunk: Callable[[int], None] = lambda steps: None,
        callbacks: Sequence[Any] = (),
        epochs: int = 1,
    ) -> None:
        """Train a compiled model.

        Args:
            model: Keras's.
            train: the training rows; validation: the validation rows, or None.
            compiled: whether XLA compiles the steps.
            note: called with texts that the user should read.
            after_chunk: called with the number of steps of the epoch done so far; what it raises ends the training.
            callbacks: Keras's, or anyone's own.
            epochs: how many there will be at most, as callbacks are told.
        """
        self.model, self.train, self.validation = model, train, validation
        self.compiled, self.note, self.after_chunk = compiled, note, after_chunk
        self._loop = self._looped(compiled)
        self._tail = self._looped(False) if compiled else self._loop
        self.rows = ResidentRows(note)
        self._steps_done = 0
        self.bad_step: int | None = None
        self.callbacks, self.epochs = list(callbacks), epochs
        self.listeners: Any = None
        self._last_logs: dict[str, float] | None = None
        self._test = self._tested(validation or train)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return float(self.model.optimizer.learning_rate)

    def set_learning_rate(self, rate: float) -> None:
        """Set it for the steps from now on; only without a schedule."""
        self.model.optimizer.learning_rate = rate

    def get_weights(self) -> list[Array]:
        """Copies."""
        weights: list[Array] = self.model.get_weights()
        return weights

    def set_weights(self, weights: list[Array]) -> None:
        """The reverse of `get_weights`."""
        self.model.set_weights(weights)

    @contextmanager
    def running(self) -> Iterator[None]:
        """A context in which all epochs run."""
        model = self.model
        # All variables must be there before the graph is traced, or TensorFlow traces it a second time: those of the
        # optimizer, and those of the metrics, which Keras makes when it first meets rows.
        model.optimizer.build(model.trainable_variables)
        self._meet(tuple(self.rows.take(self.train, self.train.rows[:1])))
        self.listeners = backend.keras().callbacks.CallbackList(
            self.callbacks, add_history=True, model=model, epochs=self.epochs, steps=len(self.train), verbose=0
        )
        model.stop_training = False
        with backend.gradients_forgotten():
            self.listeners.on_train_begin()
            yield

    def epoch(self, number: int) -> dict[str, float]:
        """All steps of an epoch (from 0), then all validation rows.

        Callbacks see the epoch as one call of many steps, as with Keras's `steps_per_execution`.
        """
        listeners = self.listeners
        self.train.set_epoch(number)
        self._reset()
        listeners.on_epoch_begin(number)
        listeners.on_train_batch_begin(0)
        self._train_epoch()
        logs = self._results()
        listeners.on_train_batch_end(len(self.train) - 1, logs)
        if self.validation is not None:
            logs |= {f"val_{name}": value for name, value in self._evaluate(self.validation).items()}
        return {name: float(logs[name]) for name in sorted(logs)}

    def ended(self, number: int, logs: Mapping[str, float]) -> bool:
        """Call the callbacks; returns whether one of them has set `model.stop_training`."""
        self._last_logs = dict(logs)
        self.listeners.on_epoch_end(number, self._last_logs)
        return bool(self.model.stop_training)

    def finish(self) -> None:
        """After training, as in Keras: with `use_ema` the averaged weights replace the last ones."""
        self.model.optimizer.finalize_variable_values(self.model.trainable_weights)
        self.listeners.on_train_end(self._last_logs)

    def get_state(self) -> ModelState:
        """Copies."""
        return model_state(self.model)

    def set_state(self, state: ModelState) -> None:
        """The reverse of `get_state`."""
        set_model_state(self.model, state)

    def _meet(self, row: tuple[Any, ...]) -> None:
        """Have Keras make the variables of the metrics."""
        self.model.test_step(row)

    def _reset(self) -> None:
        """Set loss and metrics to 0."""
        self.model.reset_metrics()

    def _results(self) -> dict[str, Any]:
        """Loss and metrics of the rows since they were last reset."""
        return dict(self.model.get_metrics_result())

    def _train_epoch(self) -> None:
        """All steps of an epoch in the order that `train.rows` has now."""
        self._steps_done, self.bad_step = 0, None
        taken = ((self.rows.take(self.train, rows), steps) for rows, steps in self._chunks())
        for arrays, steps in read_ahead(taken) if on_disk(self.train.part.x) else taken:
            self._run(arrays, steps)
            self._steps_done += steps
            self.after_chunk(self._steps_done)

    def _evaluate(self, batches: RowBatches) -> dict[str, Any]:
        """All validation batches; there are few of them, so they are not worth compiling."""
        listeners = self.listeners
        listeners.on_test_begin()
        self._reset()
        listeners.on_test_batch_begin(0)
        for start in range(0, len(batches.rows), batches.batch_size):
            rows = batches.rows[start : start + batches.batch_size]
            self._test()(*self.rows.take(batches, rows))
            self.after_chunk(self._steps_done)
        logs = self._results()
        listeners.on_test_batch_end(len(batches) - 1, logs)
        listeners.on_test_end(logs)
        return logs

    def _chunks(self) -> Iterator[tuple[Array, int]]:
        """Row indices (steps, batch) and how many of the steps count; all full chunks have one shape, compiled once."""
        rows, size = self.train.rows, self.train.batch_size
        full = len(rows) // size
        per_chunk = self._steps_per_chunk(full)
        for start in range(0, full, per_chunk or 1):
            steps = min(per_chunk, full - start)
            chunk = rows[start * size : (start + steps) * size].reshape(steps, size)
            missing = per_chunk - steps if self.compiled else 0
            yield np.concatenate([chunk, np.repeat(chunk[:1], missing, axis=0)]) if missing else chunk, steps
        if len(rows) % size:
            yield rows[full * size :].reshape(1, -1), 1

    def _steps_per_chunk(self, full: int) -> int:
        """As many as fit into the bound, spread evenly over the chunks."""
        row_bytes = self.train.part.x[:1].nbytes + self.train.targets[:1].nbytes
        parameters = getattr(self.model, "members", 1) * self.model.count_params()  # each member uses the shared ones
        row_operations = OPERATIONS_PER_PARAMETER * max(1, parameters)
        most_rows = min(CHUNK_BYTES // row_bytes, int(CHUNK_OPERATIONS / row_operations))
        most = max(1, most_rows // self.train.batch_size)
        chunks = -(-full // most)
        return -(-full // chunks) if chunks else 0

    def _run(self, arrays: list[Any], steps: int) -> None:
        """Loop over a chunk; the last, smaller batch of an epoch, a shape of its own, is not worth compiling for."""
        is_tail = arrays[0].shape[1] < self.train.batch_size
        loop = self._tail if is_tail else self._loop
        with fast_random_numbers(self.compiled and not is_tail):
            try:
                bad = int(loop()(*arrays, tf.constant(steps)))
            except COMPILE_ERRORS as error:
                if not self.compiled or is_tail:
                    raise
                self._fall_back(error)
                self._run(arrays, steps)
                return
        if bad >= 0 and self.bad_step is None:
            self.bad_step = self._steps_done + bad + 1

    def _fall_back(self, error: Exception) -> None:
        reason = str(error).strip().splitlines()[0][:200]
        self.note(f"note: this network cannot be compiled ({reason}); it runs uncompiled")
        self.compiled, self._loop = False, self._tail

    def _looped(self, compiled: bool) -> Any:
        """A graph function over (steps, batch, ...) arrays that takes `steps` training steps.

        It returns the first of them, from 0, whose loss is not finite; -1 if there is none.
        """

        def loop(*arguments: Any) -> Any:
            *arrays, steps = arguments

            def step(index: Any, bad: Any) -> tuple[Any, Any]:
                loss = self.model.train_step(tuple(array[index] for array in arrays))["loss"]  # the mean so far
                return index + 1, tf.where((bad < 0) & ~tf.math.is_finite(loss), index, bad)

            return tf.while_loop(lambda index, bad: index < steps, step, (tf.constant(0), tf.constant(-1)))[1]

        signature = [*_signature(self.train, batch_axes=2), tf.TensorSpec((), tf.int32)]
        function = tf.function(loop, input_signature=signature, jit_compile=compiled, autograph=False)
        # Calling the one concrete function saves 0.15 ms of looking for it, a good part of a small epoch.
        return functools.cache(function.get_concrete_function)

    def _tested(self, batches: RowBatches) -> Any:
        """A graph function over one batch of (batch, ...) arrays."""

        def test(*arrays: Any) -> None:
            self.model.test_step(tuple(arrays))

        function = tf.function(test, input_signature=_signature(batches, batch_axes=1), autograph=False)
        # TensorFlow counts the calls of such a function over all models, and takes a new model for needless retracing.
        return functools.cache(function.get_concrete_function)


def _signature(batches: RowBatches, batch_axes: int) -> list[Any]:
    """A signature with open sizes for the leading axes, so that it is traced once; XLA compiles per size."""
    return [tf.TensorSpec(((None,) * batch_axes) + array.shape[1:], array.dtype) for array in batches.arrays]


OUT_OF_MEMORY = tf.errors.ResourceExhaustedError
GPU = "GPU:0"


class ResidentRows:
    """Gathers rows of x, targets and weights, each in its own dtype: pixels stay uint8 until the graph scales them.

    On a CPU nothing is copied but the rows asked for. With a GPU the arrays are put there once; what is shared between
    training and validation is put there once for both. Rows on disk stay there, and come in chunks.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self.note = note
        self.device = GPU if "GPU" in backend.devices() else None
        self._placed: dict[int, Any] = {}

    def take(self, batches: RowBatches, rows: Array) -> list[Any]:
        """The rows, for indices of any shape: each array as (*rows.shape, *one row)."""
        return [self._gather(array, rows) for array in batches.arrays]

    def _gather(self, array: Array, rows: Array) -> Any:
        if self.device is not None and isinstance(array, np.ndarray):
            try:
                return tf.gather(self._on_device(array), rows)
            except OUT_OF_MEMORY:
                self._fall_back(array)
        return tf.convert_to_tensor(take_rows(array, rows))

    def _on_device(self, array: Array) -> Any:
        if id(array) not in self._placed:
            with tf.device(self.device):
                self._placed[id(array)] = tf.identity(tf.constant(array))
        return self._placed[id(array)]

    def _fall_back(self, array: Array) -> None:
        size = array.nbytes / 2**30
        self.note(
            f"note: the data ({size:.1f} GiB) does not fit on the GPU; it stays in main memory and is copied in chunks"
        )
        self.device = None
        self._placed.clear()


ALGORITHM = "threefry"


@contextmanager
def fast_random_numbers(active: bool) -> Iterator[None]:
    """A context in which graphs traced on a CPU name the random algorithm; on a GPU, auto_select is right already."""
    tf = backend.tensorflow()
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
