"""Resident epochs: each runs in one graph, without Python between the steps.

A chunk of shuffled batches is gathered at once, and the graph loops over them, calling Keras's own `model.train_step`.
All arithmetic, loss, metrics, and the optimizer's update are therefore Keras's. Callbacks are called as by
`model.fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypedDict

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.data.batches import RowBatches, take_rows
from mlpcli.data.streaming.disk_rows import on_disk
from mlpcli.keras_engine.graphs import Graphs
from mlpcli.keras_engine.programs import drop, kept
from mlpcli.machine import read_ahead

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
        network: str | None = None,
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
            network: see `network_key`; trainings of one network share their graphs.
        """
        self.model, self.train, self.validation = model, train, validation
        self.compiled, self.note, self.after_chunk = compiled, note, after_chunk
        self.graphs = Graphs(model, train, validation, compiled, network)
        self.rows = ResidentRows(note)
        self._steps_done, self._is_compiled = 0, False
        self.bad_step: int | None = None
        self.callbacks, self.epochs = list(callbacks), epochs
        self.listeners: Any = None
        self._last_logs: dict[str, float] | None = None

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
            try:
                yield
            finally:
                self.graphs.keep()

    def epoch(self, number: int) -> dict[str, float]:
        """All steps of an epoch (from 0), then all validation rows.

        Callbacks see the epoch as one call of many steps, as with Keras's `steps_per_execution`.
        """
        listeners = self.listeners
        self.train.set_epoch(number)
        listeners.on_epoch_begin(number)
        listeners.on_train_batch_begin(0)
        logs = self._train_epoch()
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
        """Have Keras make the variables of the metrics, from zeros: to run the model for real outputs takes longer."""
        x, y, *weights = row
        outputs = backend.keras().ops.zeros((1, *self.model.output_shape[1:]))
        self.model.compute_metrics(x, y, outputs, *weights)

    def _reset(self) -> None:
        """Set loss and metrics to 0."""
        self.model.reset_metrics()

    def _results(self) -> dict[str, Any]:
        """Loss and metrics of the rows since they were last reset."""
        return dict(self.model.get_metrics_result())

    def _train_epoch(self) -> dict[str, Any]:
        """All steps of an epoch in the order that `train.rows` has now; returns loss and metrics."""
        self._steps_done, self.bad_step = 0, None
        if self._is_one_launch(self.train):
            logs: dict[str, Any] = self._run(self._in_one_launch)
            return logs
        self._reset()
        for rows, arrays, steps in self._taken(self.train, self.compiled):
            self._run(partial(self._chunk, rows, arrays, steps))
        return self._results()

    def _evaluate(self, batches: RowBatches) -> dict[str, Any]:
        """All validation batches; there are few of them, so they are not worth compiling."""
        listeners = self.listeners
        listeners.on_test_begin()
        listeners.on_test_batch_begin(0)
        logs = self._scored(batches)
        listeners.on_test_batch_end(len(batches) - 1, logs)
        listeners.on_test_end(logs)
        return logs

    def _scored(self, batches: RowBatches) -> dict[str, Any]:
        if self._is_one_launch(batches):
            logs: dict[str, Any] = self.graphs.get("evaluation")(*self.rows.take(batches, batches.rows[:]))
            self.after_chunk(self._steps_done)
            return logs
        self._reset()
        for _, arrays, _ in self._taken(batches, compiled=False):
            self.graphs.get("scores")(*arrays)
            self.after_chunk(self._steps_done)
        return self._results()

    def _is_one_launch(self, batches: RowBatches) -> bool:
        """Whether all whole batches are one chunk; on a GPU it was not tried."""
        full = len(batches.rows) // batches.batch_size
        return self.rows.device is None and self._steps_per_chunk(batches, full) == full

    def _in_one_launch(self) -> dict[str, Any]:
        chunks = list(self._chunks(self.train, self.compiled))
        arrays = [array for rows, _ in chunks for array in self.rows.take(self.train, rows)]
        steps = tf.constant(chunks[0][1])
        logs: dict[str, Any]
        found, logs = self._launched(chunks[0][0], arrays, lambda: self.graphs.get("epoch")(steps, *arrays))
        for bad, (_, count) in zip(found, chunks, strict=True):
            self._took(int(bad), count)
        self.after_chunk(self._steps_done)
        return logs

    def _chunk(self, rows: Array, arrays: list[Any], steps: int) -> None:
        if not self.compiled and rows.ndim > 1:  # it has turned out that the network cannot be compiled
            rows = rows[:steps].reshape(-1)
            arrays = self.rows.take(self.train, rows)
        count = tf.constant(steps)
        if rows.ndim == 1:
            bad = self.graphs.get("walk")(*arrays)
        else:
            bad = self._launched(rows, arrays, lambda: self.graphs.get("steps")(*arrays, count))
        self._took(int(bad), steps)
        self.after_chunk(self._steps_done)

    def _took(self, bad: int, steps: int) -> None:
        if bad >= 0 and self.bad_step is None:
            self.bad_step = self._steps_done + bad + 1
        self._steps_done += steps

    def _taken(self, batches: RowBatches, compiled: bool) -> Iterator[tuple[Array, list[Any], int]]:
        """The row indices of each chunk, its arrays, and how many steps they are; what is on a disk is read ahead."""
        taken = ((rows, self.rows.take(batches, rows), steps) for rows, steps in self._chunks(batches, compiled))
        return read_ahead(taken) if on_disk(batches.part.x) else taken

    def _chunks(self, batches: RowBatches, compiled: bool) -> Iterator[tuple[Array, int]]:
        """Row indices, and how many steps they are.

        Compiled, they are (steps, batch), of one shape for all chunks, since each shape is compiled for itself. The
        last, smaller batch of an epoch is not worth that: it comes as rows (n,), as all do where nothing is compiled.
        """
        rows, size = batches.rows, batches.batch_size
        full = len(rows) // size
        per_chunk = max(1, self._steps_per_chunk(batches, full))
        if not compiled:
            for start in range(0, max(1, full), per_chunk):
                end = (start + per_chunk) * size if start + per_chunk < full else len(rows)
                yield rows[start * size : end], -(-(end - start * size) // size)
            return
        for start in range(0, full, per_chunk):
            steps = min(per_chunk, full - start)
            chunk = rows[start * size : (start + steps) * size].reshape(steps, size)
            missing = per_chunk - steps
            yield np.concatenate([chunk, np.repeat(chunk[:1], missing, axis=0)]) if missing else chunk, steps
        if len(rows) % size:
            yield rows[full * size :], 1

    def _steps_per_chunk(self, batches: RowBatches, full: int) -> int:
        """As many as fit into the bound, spread evenly over the chunks."""
        row_bytes = batches.part.x[:1].nbytes + batches.targets[:1].nbytes
        parameters = getattr(self.model, "members", 1) * self.model.count_params()  # each member uses the shared ones
        row_operations = OPERATIONS_PER_PARAMETER * max(1, parameters)
        most_rows = min(CHUNK_BYTES // row_bytes, int(CHUNK_OPERATIONS / row_operations))
        most = max(1, most_rows // batches.batch_size)
        chunks = -(-full // most)
        return -(-full // chunks) if chunks else 0

    def _run(self, launch: Callable[[], Any]) -> Any:
        """What `launch` returns; uncompiled where the network cannot be compiled, which is found out before a step."""
        try:
            return launch()
        except COMPILE_ERRORS as error:
            if not self.compiled:
                raise
            reason = str(error).strip().splitlines()[0][:200]
            self.note(f"note: this network cannot be compiled ({reason}); it runs uncompiled")
            self.compiled = False
            self.graphs.trace_anew(compiled=False)
            return launch()

    def _launched(self, rows: Array, arrays: list[Any], launch: Callable[[], Any]) -> Any:
        """What `launch` returns; the first time, with the program that an earlier run has compiled, if there is one.

        rows, arrays: of the chunk.
        """
        if self._is_compiled or rows.ndim == 1:  # or nothing is compiled for it
            return launch()
        key = self.graphs.program_key(arrays)
        try:
            with kept(key) as found:
                result = launch()
        except tf.errors.OpError as error:
            if not found or isinstance(error, OUT_OF_MEMORY):
                raise
            # TensorFlow refuses the program, before a step, and from now on its function, too.
            drop(key)
            self.graphs.trace_anew(compiled=True)
            with kept(self.graphs.program_key(arrays)):
                result = launch()
        self._is_compiled = True
        return result


OUT_OF_MEMORY = tf.errors.ResourceExhaustedError
CPU, GPU = "CPU:0", "GPU:0"
GATHERED_FROM, GATHERED_UP_TO = 1 << 20, 64 << 20
"""Bytes of an array on a CPU of which TensorFlow has a copy: it takes rows on all processors, NumPy on one, and what
NumPy took must be copied once more. For few bytes it is slower; of many there must not be a copy."""


class ResidentRows:
    """Gathers rows of x, targets and weights, each in its own dtype: pixels stay uint8 until the graph scales them.

    With a GPU the arrays are put there once; what is shared between training and validation is put there once for both.
    On a CPU, too, where they are neither small nor large. Rows on disk stay there, and come in chunks.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self.note = note
        self.device = GPU if "GPU" in backend.devices() else None
        self._placed: dict[int, Any] = {}

    def take(self, batches: RowBatches, rows: Array) -> list[Any]:
        """The rows, for indices of any shape: each array as (*rows.shape, *one row)."""
        return [self._gather(array, rows) for array in batches.arrays]

    def _gather(self, array: Array, rows: Array) -> Any:
        in_memory = isinstance(array, np.ndarray)
        if in_memory and self.device is not None:
            try:
                return tf.gather(self._on_device(array), rows)
            except OUT_OF_MEMORY:
                self._fall_back(array)
        if in_memory and GATHERED_FROM <= array.nbytes <= GATHERED_UP_TO:
            return tf.gather(self._on_device(array), rows)
        return tf.convert_to_tensor(take_rows(array, rows))

    def _on_device(self, array: Array) -> Any:
        if id(array) not in self._placed:
            with tf.device(self.device or CPU):
                self._placed[id(array)] = tf.identity(tf.constant(array))
        return self._placed[id(array)]

    def _fall_back(self, array: Array) -> None:
        size = array.nbytes / 2**30
        self.note(
            f"note: the data ({size:.1f} GiB) does not fit on the GPU; it stays in main memory and is copied in chunks"
        )
        self.device = None
        self._placed.clear()
