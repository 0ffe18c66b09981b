"""Epochs without Python between the steps: `model.fit` stays the loop, its innermost function is replaced.

`model.fit` calls whatever stands in `model.train_function` and `model.test_function`. Here that is one function that
runs a whole epoch: it gathers a chunk of shuffled batches at once and loops over them in the graph, calling Keras's own
`model.train_step`. All arithmetic, loss, metrics, and the optimizer's update are therefore Keras's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.data.batches import RowBatches, take_rows

CHUNK_BYTES = 32 << 20
"""A chunk is at most this large, whatever the batch; it is all that is copied of the data."""
CHUNK_OPERATIONS = 5e10
"""And takes at most so many multiplications and additions, about a second: a Ctrl-C is heard between chunks."""
OPERATIONS_PER_PARAMETER = 6
"""Of a dense layer, per row of a step: two forward, four backward."""
tf = backend.tensorflow()
COMPILE_ERRORS = (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError, tf.errors.NotFoundError)
"""What XLA raises, before a step is taken, for an operation that it cannot compile."""


class ResidentEngine:
    """The two functions for one model and its data; `install` puts them in place, `remove` gives Keras its own back."""

    def __init__(
        self,
        model: Any,
        train: RowBatches,
        validation: RowBatches | None,
        compiled: bool,
        note: Callable[[str], None],
        after_chunk: Callable[[int], None] = lambda steps: None,
    ) -> None:
        """`note` is told what the user should know, `after_chunk` how many steps of the epoch are done."""
        self.model, self.train, self.validation = model, train, validation
        self.compiled, self.note, self.after_chunk = compiled, note, after_chunk
        self._loop = self._looped(compiled)
        self._tail = self._looped(False) if compiled else self._loop
        self.rows = ResidentRows(note)
        self._steps_done = 0
        self._last_logs: dict[str, Any] | None = None
        self._test = self._tested(validation or train)

    def install(self) -> None:
        """Replace Keras's functions until `remove`."""
        # The optimizer's variables must be there before the graph is traced, or TensorFlow traces it a second time.
        self.model.optimizer.build(self.model.trainable_variables)
        self.model.train_function, self.model.test_function = self._train_epoch, self._test_epoch

    def remove(self) -> None:
        """Let Keras make its own functions again."""
        self.model.train_function = self.model.test_function = None

    def fit_arguments(self) -> dict[str, Any]:
        """What `model.fit` is given instead of the data: one batch, by which Keras learns the shapes, and one step."""
        arguments = {"x": _endless_batch(self.train), "steps_per_epoch": 1, "shuffle": False}
        if self.validation is not None:
            arguments |= {"validation_data": _endless_batch(self.validation), "validation_steps": 1}
        return arguments

    def _train_epoch(self, iterator: Any) -> dict[str, Any]:
        """All steps of an epoch in the order that `train.rows` has now; the iterator is Keras's and not used."""
        self._steps_done = 0
        for rows, steps in self._chunks():
            self._run(self.rows.take(self.train, rows), steps)
            self._steps_done += steps
            self.after_chunk(self._steps_done)
        return self._logs()

    def _logs(self) -> dict[str, Any]:
        """The names of the metrics; `fit` and `evaluate` put the values in themselves where the names are these."""
        if self._last_logs is None:
            self._last_logs = dict(self.model.get_metrics_result())
        return self._last_logs

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
        row_operations = OPERATIONS_PER_PARAMETER * max(1, self.model.count_params())
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
                loop()(*arrays, tf.constant(steps))
            except COMPILE_ERRORS as error:
                if not self.compiled or is_tail:
                    raise
                self._fall_back(error)
                self._run(arrays, steps)

    def _fall_back(self, error: Exception) -> None:
        reason = str(error).strip().splitlines()[0][:200]
        self.note(f"note: this network cannot be compiled ({reason}); it runs uncompiled")
        self.compiled, self._loop = False, self._tail

    def _looped(self, compiled: bool) -> Any:
        """A graph function over (steps, batch, ...) arrays that takes `steps` training steps."""

        def loop(*arguments: Any) -> None:
            *arrays, steps = arguments

            def step(index: Any) -> tuple[Any]:
                self.model.train_step(tuple(array[index] for array in arrays))
                return (index + 1,)

            tf.while_loop(lambda index: index < steps, step, (tf.constant(0),))

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

    def _test_epoch(self, iterator: Any) -> dict[str, Any]:
        """All validation batches; there are few of them, so they are not worth compiling."""
        batches = self.validation or self.train
        for start in range(0, len(batches.rows), batches.batch_size):
            rows = batches.rows[start : start + batches.batch_size]
            self._test()(*self.rows.take(batches, rows))
            self.after_chunk(self._steps_done)
        return self._logs()


def _signature(batches: RowBatches, batch_axes: int) -> list[Any]:
    """Open sizes for the leading axes: traced once, and XLA still compiles for the sizes that come."""
    return [tf.TensorSpec(((None,) * batch_axes) + array.shape[1:], array.dtype) for array in batches.arrays]


def _endless_batch(batches: RowBatches) -> Any:
    rows = batches.part.indices[: min(batches.batch_size, 8)]
    return tf.data.Dataset.from_tensors(tuple(batches.take(rows))).repeat()


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
            f"note: the data ({size:.1f} GiB) does not fit on the GPU; it stays in memory and goes there in chunks"
        )
        self.device = None
        self._placed.clear()


ALGORITHM = "threefry"


@contextmanager
def fast_random_numbers(active: bool) -> Iterator[None]:
    """While it is active, graphs that are traced on a CPU name the algorithm; on a GPU auto_select is right already."""
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
