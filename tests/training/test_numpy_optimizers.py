"""Optimizers of the NumPy engine: numbers worked by hand, and learning rates beside Keras's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlpcli.config import optimizers as settings
from mlpcli.config import schedules
from mlpcli.errors import NeedsKerasError
from mlpcli.numpy_engine.layer import Dense
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.optimizers import FlatParameters, Optimizer
from mlpcli.numpy_engine.schedules import make_schedule

SGD, RMSprop, Adam, Adagrad = settings.SGD, settings.RMSprop, settings.Adam, settings.Adagrad


def _after(chosen: Any, gradients: list[list[float]], start: tuple[float, ...] = (1.0, 2.0)) -> tuple[Optimizer, Any]:
    """The optimizer, and the weights after these slopes: one kernel of two inputs, and no bias."""
    network = Network([Dense(np.array(start).reshape(2, 1))], (2,), np.float64)
    flat = FlatParameters(network)
    optimizer = Optimizer(chosen, flat)
    for gradient in gradients:
        flat.gradients[:] = gradient
        optimizer.step()
    return optimizer, flat.values


BY_HAND = [
    # w - 0.5 * g
    (SGD(learning_rate=0.5), [[1.0, -2.0]], [0.5, 3.0]),
    # v: -0.5, then 0.9 * -0.5 - 0.5 = -0.95; the second weight has no slope.
    (SGD(learning_rate=0.5, momentum=0.9), [[1.0, 0.0]] * 2, [1 - 0.5 - 0.95, 2.0]),
    # A step ahead each time: 0.9 * v - 0.5.
    (SGD(learning_rate=0.5, momentum=0.9, nesterov=True), [[1.0, 0.0]] * 2, [1 - 0.95 - (0.9 * 0.95 + 0.5), 2.0]),
    # The sum is 0.1 + 9, then 18.1.
    (Adagrad(learning_rate=1.0), [[3.0, 0.0]] * 2, [1 - 3 / np.sqrt(9.1 + 1e-7) - 3 / np.sqrt(18.1 + 1e-7), 2.0]),
    # The mean square is 0.1 * 4, whatever the sign.
    (RMSprop(learning_rate=1.0), [[2.0, -2.0]], [1 - 2 / np.sqrt(0.4 + 1e-7), 2 + 2 / np.sqrt(0.4 + 1e-7)]),
    # The square of the mean, 0.2 ** 2, is taken off.
    (RMSprop(learning_rate=1.0, centered=True), [[2.0, 0.0]], [1 - 2 / np.sqrt(0.36 + 1e-7), 2.0]),
    # With momentum the second step is 0.5 times the first one more.
    (RMSprop(learning_rate=1.0, rho=0.0, momentum=0.5), [[2.0, 0.0]] * 2, [1 - 1 - 1.5, 2.0]),
    # Adam's first step is the rate itself, whatever the slope.
    (Adam(learning_rate=0.1), [[5.0, -3.0]], [0.9, 2.1]),
    # amsgrad does not forget: in the second step, too, v is 0.1 * 0.25; m is 0.9 * 0.05 by then.
    (
        Adam(learning_rate=0.1, beta_2=0.9, amsgrad=True),
        [[0.5, 0.0], [0.0, 0.0]],
        [0.9 - 0.1 * np.sqrt(1 - 0.9**2) / (1 - 0.9**2) * 0.045 / np.sqrt(0.025), 2.0],
    ),
    # Only the direction counts, and the decay: 0.1 * 0.2 of each weight.
    (settings.AdamW(learning_rate=0.1, weight_decay=0.2), [[5.0, 5.0]], [0.98 - 0.1, 1.96 - 0.1]),
    (SGD(learning_rate=1.0, clipvalue=0.5), [[3.0, -0.25]], [0.5, 2.25]),
    (SGD(learning_rate=1.0, clipnorm=1.0), [[3.0, 4.0]], [1 - 0.6, 2 - 0.8]),
    (SGD(learning_rate=1.0, global_clipnorm=10.0), [[3.0, 4.0]], [-2.0, -2.0]),
]


@pytest.mark.parametrize(("chosen", "gradients", "expected"), BY_HAND)
def test_steps_worked_by_hand(chosen: Any, gradients: list[list[float]], expected: list[float]) -> None:
    np.testing.assert_allclose(_after(chosen, gradients)[1], expected, rtol=1e-5)


def test_weight_decay_takes_biases_along() -> None:
    """As in Keras, which leaves out only what `exclude_from_weight_decay` names; without a slope only it is left."""
    network = Network([Dense(np.array([[1.0], [2.0]]), np.array([4.0]))], (2,), np.float64)
    flat = FlatParameters(network)
    Optimizer(settings.AdamW(learning_rate=0.1, weight_decay=0.5), flat).step()
    np.testing.assert_allclose(flat.values, [0.95, 1.9, 3.8])


def test_averaged_weights_take_the_place_of_the_last_ones() -> None:
    chosen = SGD(learning_rate=1.0, use_ema=True, ema_momentum=0.5)
    optimizer, weights = _after(chosen, [[1.0, 0.0]] * 3, start=(0.0, 0.0))
    assert weights.tolist() == [-3.0, 0.0]
    optimizer.finish()
    assert weights.tolist() == [-2.25, 0.0]  # -1; then half of it and half of -2; then half of that and half of -3


def test_every_so_often_the_average_becomes_the_weights() -> None:
    chosen = SGD(learning_rate=1.0, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2)
    assert _after(chosen, [[1.0, 0.0]] * 2, start=(0.0, 0.0))[1].tolist() == [-1.5, 0.0]


def test_the_variables_are_in_the_order_of_keras() -> None:
    layers = [Dense(np.ones((2, 3), np.float32), np.ones(3, np.float32)), Dense(np.ones((3, 1), np.float32))]
    flat = FlatParameters(Network(layers, (2,)))
    shapes = [(2, 3), (3,), (3, 1)]
    adam = [array.shape for array in Optimizer(Adam(amsgrad=True), flat).variables]
    assert adam == [(), (), *(shape for shape in shapes for _ in range(2)), *shapes]
    rmsprop = [array.shape for array in Optimizer(RMSprop(momentum=0.1, centered=True), flat).variables]
    assert rmsprop == [(), (), *shapes * 3]
    assert [array.shape for array in Optimizer(SGD(), flat).variables] == [(), ()]


def test_layers_share_the_memory_of_the_vectors() -> None:
    kernel = np.arange(6, dtype=np.float32).reshape(2, 3)
    layer = Dense(kernel, np.ones(3, np.float32))
    flat = FlatParameters(Network([layer], (2,)))
    assert flat.values.tolist() == [0, 1, 2, 3, 4, 5, 1, 1, 1]
    flat.values[4] = 9
    assert layer.parameters["kernel"][1, 1] == 9
    assert kernel[1, 1] == 4  # the caller's array is the caller's
    layer.gradient_array("bias")[:] = 7
    assert flat.gradients.tolist() == [0] * 6 + [7] * 3


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (settings.Lion(), "the optimizer lion needs Keras: the NumPy engine has sgd, adagrad, rmsprop, adam, adamw"),
        (SGD(loss_scale_factor=8.0), "the optimizer sgd needs Keras: its loss_scale_factor is not supported"),
    ],
)
def test_what_is_not_known_is_named(chosen: Any, message: str) -> None:
    with pytest.raises(NeedsKerasError, match=message):
        _after(chosen, [])


SCHEDULES = [
    (schedules.ExponentialDecay(decay_steps=10, decay_rate=0.5), {10: 0.05, 20: 0.025}),
    (schedules.ExponentialDecay(decay_steps=10, decay_rate=0.5, staircase=True), {9: 0.1, 19: 0.05}),
    (schedules.InverseTimeDecay(decay_steps=10, decay_rate=1.0), {10: 0.05, 30: 0.025}),
    (schedules.InverseTimeDecay(decay_steps=10, decay_rate=1.0, staircase=True), {9: 0.1, 11: 0.05}),
    (schedules.PolynomialDecay(decay_steps=10, end_learning_rate=0.0), {5: 0.05, 10: 0.0, 50: 0.0}),
    (schedules.PolynomialDecay(decay_steps=10, end_learning_rate=0.02, power=2.0, cycle=True), {5: 0.04, 15: 0.025}),
    (schedules.CosineDecay(decay_steps=10), {5: 0.05, 10: 0.0, 40: 0.0}),
    (schedules.CosineDecay(decay_steps=10, alpha=0.5, warmup_target=0.2, warmup_steps=4), {2: 0.15, 4: 0.2, 14: 0.1}),
    (schedules.CosineDecayRestarts(first_decay_steps=10, m_mul=0.5), {5: 0.05, 10: 0.05, 20: 0.025}),
    (schedules.CosineDecayRestarts(first_decay_steps=10, t_mul=1.0, alpha=0.1), {5: 0.055, 15: 0.055}),
    (schedules.PiecewiseConstantDecay(boundaries=[3, 6], values=[0.1, 0.2, 0.3]), {3: 0.1, 4: 0.2, 6: 0.2, 7: 0.3}),
]


@pytest.mark.parametrize(("chosen", "expected"), SCHEDULES)
def test_rates_worked_by_hand(chosen: Any, expected: dict[int, float]) -> None:
    schedule = make_schedule(chosen, 0.1)
    assert schedule(0) == pytest.approx(0.1, abs=1e-7)
    for step, rate in expected.items():
        assert schedule(step) == pytest.approx(rate, abs=1e-7), step


@pytest.mark.tf
@pytest.mark.parametrize("chosen", [chosen for chosen, _ in SCHEDULES], ids=repr)
def test_rates_are_those_of_keras(chosen: Any) -> None:
    from mlpcli.keras_engine.build import keras_object

    start = {} if chosen.tag == "piecewise_constant_decay" else {"initial_learning_rate": 0.1}
    stock, schedule = keras_object(chosen, **start), make_schedule(chosen, 0.1)
    for step in range(60):
        assert float(schedule(step)) == pytest.approx(float(stock(step)), rel=2e-6, abs=1e-8), step


def test_every_schedule_of_the_schema_is_known() -> None:
    from mlpcli.numpy_engine.schedules import SCHEDULES as KNOWN

    assert set(KNOWN) == {schedule.tag for schedule in schedules.SCHEDULES}
