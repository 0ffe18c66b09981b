"""Epochs of one model on several replicas: processes of a cluster, GPUs of one machine.

The replicas have the batches of a training in one process, and each computes its share of every batch. The gradients
are summed by `tf.distribute`, so that all replicas take the same step. Keras 3's `fit` refuses
MultiWorkerMirroredStrategy (keras issue 20585), and its `train_step` averages over the replicas as if all had as many
rows, and clips the gradients before they are summed; so the step stands here, in Keras's own calls.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.data.batches import RowBatches
from mlpcli.data.shares import Shares, steps_of
from mlpcli.errors import TrainingError
from mlpcli.keras_engine.resident import ModelState, ResidentEpochs, model_state, noise_variables, set_model_state
from mlpcli.keras_engine.team import Team, losses_noticed
from mlpcli.model.plan import Plan

tf = backend.tensorflow()
OVER_THE_BATCH = ("dice", "tversky")
"""Losses that are one ratio over all rows of a batch, and no mean over the rows."""


def differences(plan: Plan, replicas: int) -> Iterator[str]:
    """What makes the weights differ from those of one process, as warnings."""
    layers = {layer.component.tag for layer in plan.layers}
    share = f"the rows of one replica, about 1/{replicas} of a batch; the weights differ from those of one process"
    if "batch_normalization" in layers:
        yield f"warning: BatchNormalization takes its mean and variance from {share}"
    if plan.loss.tag in OVER_THE_BATCH:
        yield f"warning: the loss {plan.loss.tag} is a ratio over {share}"


class WorkerEpochs(ResidentEpochs):
    """As `ResidentEpochs`, on the replicas of a team; every process of it runs the same epochs.

    `model` is mirrored on the replicas. `own` is an ordinary model of this process, which has the state of the last
    whole epoch: whoever asks for weights needs no other worker.
    """

    def __init__(
        self,
        team: Team,
        build: Callable[[], Any],
        own: Any,
        train: RowBatches,
        validation: RowBatches | None,
        note: Callable[[str], None],
        after_chunk: Callable[[int], None],
        callbacks: Sequence[Any] = (),
        epochs: int = 1,
    ) -> None:
        """Train a compiled model.

        Args, beside those of `ResidentEpochs`:
            build: makes another model like `own`.
            own: the model to be trained.
        """
        self.team, self.own = team, own
        with backend.ONE_MODEL, team.strategy.scope():
            mirrored = build()
            mirrored.optimizer.build(mirrored.trainable_variables)
        super().__init__(mirrored, train, validation, False, note, after_chunk, callbacks, epochs)
        self.rows.device = None  # a chunk is shared out on its way to the devices
        self.shares = Shares.for_training(train, team.workers, team.devices)
        # The gradients that it gets are sums already (see `_step`).
        mirrored.optimizer._all_reduce_sum_gradients = list

    @property
    def learning_rate(self) -> float:
        """Of the next step, as after the last whole epoch."""
        return float(self.own.optimizer.learning_rate)

    def get_weights(self) -> list[Array]:
        """Copies, as after the last whole epoch."""
        weights: list[Array] = self.own.get_weights()
        return weights

    def set_weights(self, weights: list[Array]) -> None:
        """Of `own`; the epochs begin with them."""
        self.own.set_weights(weights)

    def get_state(self) -> ModelState:
        """Copies, as after the last whole epoch."""
        return model_state(self.own)

    def set_state(self, state: ModelState) -> None:
        """The reverse of `get_state`, before the first epoch."""
        set_model_state(self.own, state)

    def set_learning_rate(self, rate: float) -> None:
        """See `ResidentEpochs`."""
        for model in (self.own, self.model):
            model.optimizer.learning_rate = rate

    @contextmanager
    def running(self) -> Iterator[None]:
        """A context in which all epochs run.

        Raises:
            TrainingError: another worker has ended.
        """
        self.own.optimizer.build(self.own.trainable_variables)
        set_model_state(self.model, model_state(self.own))
        self._draw_own_noise()
        with losses_noticed(self.team), super().running():
            yield

    def epoch(self, number: int) -> dict[str, float]:
        """See `ResidentEpochs`; the logs are of the rows of all workers."""
        logs = super().epoch(number)
        set_model_state(self.own, model_state(self.model))
        return logs

    def finish(self) -> None:
        """See `ResidentEpochs`."""
        self.own.optimizer.finalize_variable_values(self.own.trainable_weights)
        self.listeners.on_train_end(self._last_logs)

    def _meet(self, row: tuple[Any, ...]) -> None:
        tf.function(lambda: self.team.strategy.run(self.model.test_step, args=(row,)), autograph=False)()

    def _reset(self) -> None:
        self._reset_each()

    def _results(self) -> dict[str, Any]:
        """Summed over the replicas."""
        return dict(self._summed_results())

    # Both in graphs: the sums that TensorFlow makes outside of them, when such a variable is read or assigned, leave a
    # pool of threads behind when a worker is lost, and Python an error at its end.

    @functools.cached_property
    def _reset_each(self) -> Any:
        return tf.function(lambda: self.team.strategy.run(self.model.reset_metrics), autograph=False)

    @functools.cached_property
    def _summed_results(self) -> Any:
        return tf.function(self.model.get_metrics_result, autograph=False)

    def _draw_own_noise(self) -> None:
        """Start Keras's seed generators at another seed in each replica, or all would drop the same units."""
        first = self.team.rank * self.team.devices
        for variable in noise_variables(self.model):
            for number, part in enumerate(self.team.strategy.experimental_local_results(variable.value)):
                part.assign(part + tf.constant([first + number, 0], part.dtype))

    def _train_epoch(self) -> dict[str, Any]:
        self._steps_done, self.bad_step = 0, None
        self._reset()
        for rows, steps in self._chunks(self.train, compiled=True):
            share = steps_of(list(np.atleast_2d(rows)[:steps]), self.shares, self.team.rank)
            bad = int(self._loop()(tf.constant(share.counts), *self.rows.take(self.train, share.rows)))
            if bad >= 0 and self.bad_step is None:
                self.bad_step = self._steps_done + bad + 1
            self._steps_done += steps
            self._after_chunk()
        self._average_statistics()
        return self._results()

    def _after_chunk(self) -> None:
        """Call `after_chunk`; what it raises in one worker ends all of them here, where none waits for another."""
        raised: BaseException | None = None
        try:
            self.after_chunk(self._steps_done)
        except BaseException as error:
            raised = error
        team = self.team
        ended = [int(raised is not None and rank == team.rank) for rank in range(team.workers)]
        found = team.sum(np.array(ended)) if team.cluster is not None else np.array(ended)
        if raised is not None:
            raise raised
        if found.any():
            raise TrainingError(f"worker {int(found.argmax())} of {team.workers} was interrupted")

    def _average_statistics(self) -> None:
        """Give all replicas the mean of their moving means and variances, of which each has its own until here."""
        layers = [layer for layer in self.model.layers if isinstance(layer, backend.keras().layers.BatchNormalization)]
        if not layers:
            return
        variables = [variable for layer in layers for variable in (layer.moving_mean, layer.moving_variance)]

        def average() -> None:
            context = tf.distribute.get_replica_context()
            means = context.all_reduce(tf.distribute.ReduceOp.MEAN, [tf.convert_to_tensor(one) for one in variables])
            for variable, mean in zip(variables, means, strict=True):
                variable.assign(mean)

        tf.function(lambda: self.team.strategy.run(average), autograph=False)()

    def _evaluate(self, batches: RowBatches) -> dict[str, Any]:
        listeners = self.listeners
        shares = Shares(self.team.workers, self.team.devices)
        listeners.on_test_begin()
        self._reset()
        listeners.on_test_batch_begin(0)
        for start in range(0, len(batches.rows), batches.batch_size):
            share = steps_of([batches.rows[start : start + batches.batch_size]], shares, self.team.rank)
            self._test()(tf.constant(share.counts), *self.rows.take(batches, share.rows))
        self._after_chunk()
        logs = self._results()
        listeners.on_test_batch_end(len(batches) - 1, logs)
        listeners.on_test_end(logs)
        return logs

    @functools.cached_property
    def _loop(self) -> Any:
        """A graph function of counts (steps, replicas) and arrays (steps, devices, width, ...); see `Steps`.

        It returns the first step, from 0, whose loss is not finite; -1 if there is none.
        """
        strategy = self.team.strategy

        def loop(counts: Any, *arrays: Any) -> Any:
            def step(index: Any, bad: Any) -> tuple[Any, Any]:
                losses = strategy.run(self._step, args=(index, counts, arrays))
                loss = strategy.experimental_local_results(losses)[0]
                return index + 1, tf.where((bad < 0) & ~tf.math.is_finite(loss), index, bad)

            # Around `strategy.run`, and not within it: a replica must not wait for the others inside of a loop.
            start = (tf.constant(0), tf.constant(-1))
            return tf.while_loop(lambda index, bad: index < tf.shape(counts)[0], step, start)[1]

        return self._concrete(loop, self.train)

    @functools.cached_property
    def _test(self) -> Any:
        """The same for one batch of rows that are only scored."""

        def test(counts: Any, *arrays: Any) -> None:
            self.team.strategy.run(self._score, args=(counts, arrays))

        return self._concrete(test, self.validation or self.train)

    def _concrete(self, function: Any, batches: RowBatches) -> Any:
        specs = [tf.TensorSpec((None, None, None, *array.shape[1:]), array.dtype) for array in batches.arrays]
        signature = [tf.TensorSpec((None, self.team.replicas), tf.int32), *specs]
        return functools.cache(tf.function(function, input_signature=signature, autograph=False).get_concrete_function)

    def _own_rows(self, index: Any, counts: Any, arrays: Sequence[Any]) -> tuple[Any, list[Any]]:
        """How many rows of a step this replica has, and they themselves: x, targets and perhaps weights."""
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        count = counts[index, replica]
        device = replica - self.team.rank * self.team.devices
        return count, [array[index, device][: tf.maximum(count, 1)] for array in arrays]

    def _step(self, index: Any, counts: Any, arrays: Sequence[Any]) -> Any:
        """One step in one replica; returns the loss of the whole batch.

        With n of the batch's N rows, the mean over a replica's rows counts n/N: the sum over the replicas is the mean
        over the batch, whatever their shares.
        """
        model, context = self.model, tf.distribute.get_replica_context()
        count, (x, y, *weights) = self._own_rows(index, counts, arrays)
        share = tf.cast(count, tf.float32) / tf.cast(tf.reduce_sum(counts[index]), tf.float32)
        with tf.GradientTape() as tape:
            outputs = model(x, training=True)
            loss = self._loss(x, y, outputs, weights, training=True)
            scaled = model.optimizer.scale_loss(share * loss)
        gradients = tape.gradient(scaled, model.trainable_weights)
        total, *gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, [share * loss, *gradients])
        model.optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
        self._count(count, loss, x, y, outputs, weights)
        return total

    def _score(self, counts: Any, arrays: Sequence[Any]) -> None:
        count, (x, y, *weights) = self._own_rows(0, counts, arrays)
        outputs = self.model(x, training=False)
        self._count(count, self._loss(x, y, outputs, weights, training=False), x, y, outputs, weights)

    def _loss(self, x: Any, y: Any, outputs: Any, weights: list[Any], training: bool) -> Any:
        """The mean over the rows; Keras divides it by the number of replicas, for a sum over them."""
        weight = weights[0] if weights else None
        loss = self.model.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weight, training=training)
        return loss * self.team.replicas

    def _count(self, count: Any, loss: Any, x: Any, y: Any, outputs: Any, weights: list[Any]) -> None:
        """Into loss and metrics, unless the replica has no row of this batch."""

        def counted() -> Any:
            self.model.metrics[0].update_state(loss, sample_weight=count)
            self.model.compute_metrics(x, y, outputs, weights[0] if weights else None)
            return count

        tf.cond(count > 0, counted, lambda: count)
