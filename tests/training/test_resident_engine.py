"""The resident engine against `model.fit`: the same numbers, callbacks and all, over a table of networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.data.dataset import Part
from mlpcli.keras_engine.keras_epochs import Batches
from mlpcli.keras_engine.resident import ResidentEpochs, ResidentRows
from tests.eager_keras import eagerly

pytestmark = pytest.mark.tf

keras = backend.keras()
EPOCHS = 2
CLASSES = 3


def _rows(count: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, 6)).astype(np.uint8), rng.integers(0, CLASSES, count)


def _build(make_layers: Callable[[], list[Any]], optimizer: Any, loss: str) -> Any:
    keras.utils.set_random_seed(3)  # before the layers: each draws the seed of its initializer when it is made
    layers = make_layers()
    output = keras.layers.Dense(CLASSES, activation="softmax")
    model = keras.Sequential([keras.Input((6,)), keras.layers.Rescaling(1 / 255), *layers, output])
    metrics = [keras.metrics.AUC(name="auc")] if loss != "sparse_categorical_crossentropy" else ["accuracy"]
    model.compile(optimizer=optimizer, loss=loss, metrics=metrics)
    return model


def _targets(y: Any, loss: str) -> Any:
    return y.astype(np.int32) if loss.startswith("sparse") else np.eye(CLASSES, dtype=np.float32)[y]


def _resident_fit(
    model: Any, train: Batches, compiled: bool, validation: Batches | None = None, callbacks: tuple[Any, ...] = (),
    epochs: int = EPOCHS,
) -> Any:  # fmt: skip
    engine = ResidentEpochs(model, train, validation, compiled, pytest.fail, callbacks=callbacks, epochs=epochs)
    return _run(engine, epochs)


def _run(engine: ResidentEpochs, epochs: int) -> dict[str, list[float]]:
    """What Keras's own History has seen of these epochs."""
    with engine.running():
        for epoch in range(epochs):
            if engine.ended(epoch, engine.epoch(epoch)):
                break
        engine.finish()
    history: dict[str, list[float]] = engine.model.history.history
    return history


def _part(x: Any, y: Any) -> Part:
    return Part(x, y, np.arange(len(x)))


# AdamW, RMSprop and Adagrad train in resident epochs in test_numpy_training_equals_keras.py.
OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "momentum": lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=0.5),
    "adam": lambda: keras.optimizers.Adam(0.01, amsgrad=True),
    "nadam": lambda: keras.optimizers.Nadam(0.01),
    "adamax": lambda: keras.optimizers.Adamax(0.01),
    "adadelta": lambda: keras.optimizers.Adadelta(1.0),
    "adafactor": lambda: keras.optimizers.Adafactor(0.01),
    "ftrl": lambda: keras.optimizers.Ftrl(0.1),
    "lion": lambda: keras.optimizers.Lion(0.001),
    "lamb": lambda: keras.optimizers.Lamb(0.01),
    "ema": lambda: keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=2),
    "accumulation": lambda: keras.optimizers.SGD(0.1, gradient_accumulation_steps=2),
    "schedule": lambda: keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.2, 3, 0.5)),
}

NETWORKS = {
    "plain": lambda: [keras.layers.Dense(8, activation="relu")],
    "l2 and constraint": lambda: [
        keras.layers.Dense(8, activation="tanh", kernel_regularizer=keras.regularizers.L2(0.01)),
        keras.layers.Dense(8, kernel_constraint=keras.constraints.MaxNorm(0.5)),
    ],
    "batch_normalization": lambda: [
        # no bias: BatchNorm cancels it, so that its gradient is rounding noise, and Adam would make steps of noise
        keras.layers.Dense(8, use_bias=False),
        keras.layers.BatchNormalization(momentum=0.9),
        keras.layers.Activation("relu"),
    ],
    "convolution": lambda: [
        keras.layers.Reshape((2, 3, 1)),
        keras.layers.Conv2D(4, 2, activation="relu"),
        keras.layers.Flatten(),
    ],
}

SIZES = {"nadam": (5, 8), "adamax": (8, 8), "lion": (1, 16), "accumulation": (20, 8), "schedule": (20, 8)}
"""Rows and batch size of an optimizer on the plain network, where they are not 12 in 8s."""
PLAIN = [(name, "plain", "sparse_categorical_crossentropy", *SIZES.get(name, (12, 8))) for name in OPTIMIZERS]
CASES = [
    *PLAIN,
    ("sgd", "plain", "sparse_categorical_crossentropy", 1, 1),
    ("sgd", "l2 and constraint", "categorical_crossentropy", 20, 8),
    ("adam", "batch_normalization", "sparse_categorical_crossentropy", 24, 8),
    ("momentum", "batch_normalization", "mean_squared_error", 20, 8),
    ("adam", "convolution", "kl_divergence", 17, 8),
]
"""(optimizer, network, loss, rows, batch size): every other optimizer once, and the sizes that are easily got wrong."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}, {case[1]}, {case[2]}, {case[3]} in {case[4]}s")
def test_weights_and_history_are_those_of_model_fit(case: tuple[str, str, str, int, int]) -> None:
    optimizer, network, loss, rows, batch_size = case
    x, y = _rows(rows)
    targets = _targets(y, loss)
    stock = _build(NETWORKS[network], OPTIMIZERS[optimizer](), loss)
    with eagerly(stock):
        expected = stock.fit(x, targets, batch_size=batch_size, epochs=EPOCHS, shuffle=False, verbose=0).history
    compiled = optimizer == "sgd" or network != "plain"
    model = _build(NETWORKS[network], OPTIMIZERS[optimizer](), loss)
    history = _resident_fit(model, Batches(_part(x, y), targets, batch_size), compiled)
    for name, values in expected.items():
        assert history[name] == pytest.approx(values, rel=2e-4, abs=1e-6), name
    for ours, theirs in zip(model.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5)


def test_sample_weights_are_those_of_keras_class_weight() -> None:
    x, y = _rows(20)
    stock = _build(NETWORKS["plain"], keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    with eagerly(stock):
        stock.fit(x, y, batch_size=8, epochs=EPOCHS, shuffle=False, verbose=0, class_weight={0: 1.0, 1: 3.0, 2: 0.5})
    model = _build(NETWORKS["plain"], keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    weights = np.array([1.0, 3.0, 0.5], np.float32)[y]
    _resident_fit(model, Batches(_part(x, y), y.astype(np.int32), 8, weights=weights), compiled=True)
    for ours, theirs in zip(model.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_validation_numbers_are_those_of_evaluate() -> None:
    x, y = _rows(24)
    model = _build(NETWORKS["batch_normalization"], keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    validation = Batches(_part(x[:19], y[:19]), y[:19].astype(np.int32), 8)
    history = _resident_fit(model, Batches(_part(x, y), y.astype(np.int32), 8), False, validation)
    with eagerly(model):
        expected = model.evaluate(x[:19], y[:19], batch_size=8, verbose=0, return_dict=True)
    assert history["val_loss"][-1] == pytest.approx(expected["loss"], rel=1e-5)
    assert history["val_accuracy"][-1] == pytest.approx(expected["accuracy"], rel=1e-6)


def test_many_chunks_are_the_same_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = _rows(88)
    weights = []
    for chunk_bytes in (1 << 20, 8 * 10 * 3):  # all 11 steps at once; 3, 3, 3 and 2
        monkeypatch.setattr("mlpcli.keras_engine.resident.CHUNK_BYTES", chunk_bytes)
        model = _build(NETWORKS["plain"], keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
        _resident_fit(model, Batches(_part(x, y), y.astype(np.int32), 8), compiled=True)
        weights.append(model.get_weights())
    assert all(np.array_equal(one, many) for one, many in zip(*weights, strict=True))


def test_a_chunk_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.keras_engine.resident.CHUNK_BYTES", 1000)
    x, y = _rows(101)
    model = _build(NETWORKS["plain"], keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    engine = ResidentEpochs(model, Batches(_part(x, y), y.astype(np.int32), 8), None, True, pytest.fail)
    chunks = list(engine._chunks(engine.train, compiled=True))
    assert [(rows.shape, steps) for rows, steps in chunks] == [((12, 8), 12), ((5,), 1)]  # 12 steps of 80 bytes
    monkeypatch.setattr("mlpcli.keras_engine.resident.CHUNK_BYTES", 5 * 80)
    chunks = list(engine._chunks(engine.train, compiled=True))
    assert [(rows.shape, steps) for rows, steps in chunks] == [((4, 8), 4), ((4, 8), 4), ((4, 8), 4), ((5,), 1)]
    assert sorted(np.concatenate([rows.reshape(-1) for rows, _ in chunks])) == list(range(101))


def test_a_padded_chunk_counts_its_own_steps_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.keras_engine.resident.CHUNK_BYTES", 5 * 80)
    x, y = _rows(7 * 8)
    model = _build(NETWORKS["plain"], keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    engine = ResidentEpochs(model, Batches(_part(x, y), y.astype(np.int32), 8), None, True, pytest.fail)
    assert [(rows.shape, steps) for rows, steps in engine._chunks(engine.train, compiled=True)] == [
        ((4, 8), 4),
        ((4, 8), 3),
    ]
    _run(engine, 2)
    assert int(model.optimizer.iterations) == 14


def test_keras_callbacks_work_unchanged() -> None:
    x, y = _rows(24)
    seen: list[tuple[int, float]] = []
    own = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append((epoch, float(logs["loss"]))))
    rate = keras.callbacks.LearningRateScheduler(lambda epoch, _: 0.1 / (epoch + 1))
    stopping = keras.callbacks.EarlyStopping(monitor="loss", patience=2, min_delta=10.0, restore_best_weights=True)
    model = _build(NETWORKS["plain"], keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    history = _resident_fit(
        model, Batches(_part(x, y), y.astype(np.int32), 8), True, None, (own, rate, stopping), epochs=10
    )
    assert [epoch for epoch, _ in seen] == [0, 1, 2]
    assert history["learning_rate"] == pytest.approx([0.1, 0.05, 0.1 / 3])
    assert stopping.best_epoch == 0


class _Diary(keras.callbacks.Callback):  # type: ignore[misc, valid-type]
    """Writes down what it is told, and stops after the second epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.seen.append(("begin", self.params["epochs"], self.params["steps"]))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.seen.append(("epoch", epoch))

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.seen.append(("batch", batch))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen.append(("batch done", batch, sorted(logs)))

    def on_test_end(self, logs: Any = None) -> None:
        self.seen.append(("tested", sorted(logs)))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seen.append(("epoch done", epoch, sorted(logs)))
        self.model.stop_training = epoch == 1

    def on_train_end(self, logs: Any = None) -> None:
        self.seen.append(("end", sorted(logs)))


def test_a_callback_is_told_what_keras_documents() -> None:
    x, y = _rows(37)
    batches = Batches(_part(x, y), y.astype(np.int32), 8)
    model, diary = _build(NETWORKS["plain"], keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy"), _Diary()
    _resident_fit(model, batches, False, batches, (diary,), epochs=9)
    names, both = ["accuracy", "loss"], ["accuracy", "loss", "val_accuracy", "val_loss"]
    epochs = [
        [("epoch", n), ("batch", 0), ("batch done", 4, names), ("tested", names), ("epoch done", n, both)]
        for n in (0, 1)
    ]
    assert diary.seen == [("begin", 9, 5), *epochs[0], *epochs[1], ("end", both)]


def test_the_model_trains_and_evaluates_with_stock_keras_afterwards() -> None:
    x, y = _rows(24)
    model = _build(NETWORKS["plain"], keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    _resident_fit(model, Batches(_part(x, y), y.astype(np.int32), 8), True)
    before = model.get_weights()[0].copy()
    model.fit(x, y, epochs=1, verbose=0)
    assert not np.array_equal(before, model.get_weights()[0])


@pytest.mark.parametrize("compiled", [False, True])
def test_the_same_seed_gives_the_same_bits(compiled: bool) -> None:
    x, y = _rows(32 if compiled else 37)  # the rest of the last batch is never compiled
    weights = []
    for _ in range(2):
        model = _build(
            lambda: [*NETWORKS["batch_normalization"](), keras.layers.Dropout(0.5)],
            keras.optimizers.Adam(0.01),
            "sparse_categorical_crossentropy",
        )
        _resident_fit(model, Batches(_part(x, y), y.astype(np.int32), 8, seed=1), compiled)
        weights.append(model.get_weights())
    assert all(np.array_equal(first, second) for first, second in zip(*weights, strict=True))


class _KeepMasks(keras.layers.Layer):  # type: ignore[misc, valid-type]
    """Writes what Dropout made of ones into a variable, step after step."""

    def __init__(self, steps: int, width: int) -> None:
        super().__init__()
        self.steps, self.width = steps, width

    def build(self, shape: Any) -> None:
        self.kept = self.add_weight(shape=(self.steps, 8, self.width), initializer="zeros", trainable=False)
        self.count = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training:
            tf = backend.tensorflow()
            index = tf.reshape(tf.cast(self.count.value, tf.int32), (1, 1))
            here = tf.reshape(inputs, (1, 8, self.width))
            self.kept.value.assign(tf.tensor_scatter_nd_update(tf.identity(self.kept.value), index, here))
            self.count.assign_add(1)
        return inputs


def test_compiled_dropout_has_the_right_mean_and_never_repeats_a_mask() -> None:
    steps, width, epochs, rate = 12, 64, 2, 0.3
    x, y = np.ones((steps * 8, width), np.float32), np.zeros(steps * 8, np.int64)
    keras.utils.set_random_seed(5)
    keepers = [_KeepMasks(steps * epochs, width), _KeepMasks(steps * epochs, width)]
    model = keras.Sequential([keras.Input((width,))])
    for keeper in keepers:
        for layer in (keras.layers.Dropout(rate), keeper, keras.layers.Rescaling(0.0, offset=1.0)):
            model.add(layer)
    model.add(keras.layers.Dense(1))
    model.compile(keras.optimizers.SGD(0.0), "mse")
    targets = y.reshape(-1, 1).astype(np.float32)
    _resident_fit(model, Batches(_part(x, y), targets, 8), compiled=True, epochs=epochs)
    masks = np.stack([np.asarray(keeper.kept) for keeper in keepers])
    kept = masks > 0
    assert np.unique(masks[kept]) == pytest.approx([1 / (1 - rate)])
    draws = kept.size
    assert abs(kept.mean() - (1 - rate)) < 4 * np.sqrt(rate * (1 - rate) / draws)  # four standard errors
    flat = kept.reshape(-1, 8 * width)  # one row per layer, epoch and step
    assert len(np.unique(flat, axis=0)) == len(flat)
    shares = flat.mean(axis=0)
    agreement = np.corrcoef(flat)[np.triu_indices(len(flat), 1)]
    assert abs(agreement).max() < 5 / np.sqrt(8 * width)  # independent masks are uncorrelated
    assert shares.std() < 3 * np.sqrt(rate * (1 - rate) / len(flat))  # no position is favoured


def test_what_xla_cannot_compile_runs_uncompiled_and_says_so() -> None:
    class Strings(keras.layers.Layer):  # type: ignore[misc, valid-type, name-defined]
        def call(self, inputs: Any) -> Any:
            tf = backend.tensorflow()
            return inputs + 0 * tf.strings.to_number(tf.strings.as_string(inputs))

    notes: list[str] = []

    x, y = _rows(37)
    model = _build(
        lambda: [Strings(), *NETWORKS["plain"]()], keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy"
    )
    engine = ResidentEpochs(model, Batches(_part(x, y), y.astype(np.int32), 8), None, True, notes.append)
    history = _run(engine, 2)
    assert len(notes) == 1
    assert "cannot be compiled" in notes[0]
    assert int(model.optimizer.iterations) == 10
    assert history["loss"][1] < history["loss"][0]


def test_rows_on_a_device_are_the_rows_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = _rows(20)
    batches = Batches(_part(x, y), y.astype(np.int32), 4, weights=np.arange(20, dtype=np.float32))
    order = np.array([[3, 1], [19, 0]])
    in_memory = ResidentRows(pytest.fail).take(batches, order)
    monkeypatch.setattr("mlpcli.backend.devices", lambda: ["CPU", "GPU"])
    monkeypatch.setattr("mlpcli.keras_engine.resident.GPU", "CPU:0")
    rows = ResidentRows(pytest.fail)
    for _ in range(2):
        for placed, expected in zip(rows.take(batches, order), in_memory, strict=True):
            assert placed.dtype == expected.dtype
            np.testing.assert_array_equal(placed, expected)
    assert len(rows._placed) == 3  # once each, however often they are asked for


def test_what_does_not_fit_on_the_gpu_stays_in_memory_and_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise backend.tensorflow().errors.ResourceExhaustedError(None, None, "out of memory")

    notes: list[str] = []
    x, y = _rows(20)
    monkeypatch.setattr("mlpcli.backend.devices", lambda: ["CPU", "GPU"])
    monkeypatch.setattr(ResidentRows, "_on_device", full)
    taken = ResidentRows(notes.append).take(Batches(_part(x, y), y.astype(np.int32), 4), np.array([2, 5]))
    np.testing.assert_array_equal(taken[0], x[[2, 5]])
    assert len(notes) == 1
    assert "does not fit on the GPU" in notes[0]
