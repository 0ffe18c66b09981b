"""`mlpcli.layers`: the numbers of a textbook, slopes beside central differences and Keras's, and errors that teach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlpcli.layers import (
    Activation,
    Affine,
    BatchNormalization,
    Dropout,
    IdentityWithLoss,
    Layer,
    Relu,
    Sigmoid,
    SigmoidWithLoss,
    SoftmaxWithLoss,
    WithLoss,
    numerical_gradient,
)

W = [[1, 3, 5], [2, 4, 6]]
LN2 = 0.6931471805599453


def test_relu_passes_what_is_above_zero() -> None:
    relu = Relu()
    assert str(relu.forward([[1, -0.5], [-2, 3]])) == "[[1. 0.]\n [0. 3.]]"
    assert str(relu.backward([[7, 8], [-6, 9]])) == "[[7. 0.]\n [0. 9.]]"


def test_sigmoid() -> None:
    """By hand: 1 / (1 + exp(-ln 3)) is 3/4, and its slope 3/4 * 1/4."""
    sigmoid = Sigmoid()
    assert sigmoid.forward([[0, np.log(3)]]) == pytest.approx(np.array([[0.5, 0.75]]))
    assert sigmoid.backward([[1, 16]]) == pytest.approx(np.array([[0.25, 3]]))


@pytest.mark.parametrize("b", [[1, 1, 1], [[1, 1, 1]], 1, np.ones((1, 3)), np.ones(3, np.int64)])
def test_affine(b: Any) -> None:
    affine = Affine(np.array(W), b)
    assert affine.forward([[3, 1]]).tolist() == [[6, 14, 22]]
    assert affine.forward(np.array([[2, 3]])).tolist() == [[9, 19, 29]]
    assert affine.backward([[2, 2, 1]]).tolist() == [[13, 18]]
    assert affine.dW.tolist() == [[4, 4, 2], [6, 6, 3]]
    assert affine.db.tolist() == [2, 2, 1]


def test_affine_takes_one_example_as_a_row_of_its_own() -> None:
    affine = Affine(W, [1, 1, 1])
    assert affine.forward([2, 3]).tolist() == [9, 19, 29]
    assert affine.backward([2, 2, 1]).tolist() == [13, 18]
    assert affine.dW.tolist() == [[4, 4, 2], [6, 6, 3]]


def test_affine_takes_all_numbers_of_an_image_for_inputs() -> None:
    affine = Affine(np.ones((4, 1)))
    assert affine.forward(np.arange(8.0).reshape(2, 2, 2, 1)).tolist() == [[6], [22]]
    assert affine.backward([[1], [2]]).shape == (2, 2, 2, 1)
    assert affine.dW.tolist() == [[8], [11], [14], [17]], "1 * (0 1 2 3) + 2 * (4 5 6 7)"


def test_gradients_of_several_rows_are_added_up() -> None:
    affine = Affine(W)
    affine.forward([[3, 1], [2, 3]])
    affine.backward([[1, 0, 0], [2, 2, 1]])
    assert affine.dW.tolist() == [[7, 4, 2], [7, 6, 3]]
    assert affine.db.tolist() == [3, 2, 1]


def test_a_gradient_stays_what_it_was_when_the_next_one_comes() -> None:
    affine = Affine(W)
    affine.forward([[1, 1]])
    affine.backward([[1, 1, 1]])
    first = affine.dW
    affine.backward([[2, 2, 2]])
    assert (first.tolist(), affine.dW.tolist()) == ([[1] * 3] * 2, [[2] * 3] * 2)


def test_a_step_down_the_gradient_changes_the_layer_and_the_array_it_was_made_of() -> None:
    kernel = np.array(W, np.float64)
    affine = Affine(kernel, np.zeros(3))
    affine.forward([[2, 3]])
    affine.backward([[2, 2, 1]])
    kernel -= 0.5 * affine.dW
    affine.b -= affine.db
    assert affine.forward([[1, 0]]).tolist() == [[-1 - 2, 1 - 2, 4 - 1]]
    affine.W = np.zeros((2, 3))
    assert affine.forward([[1, 0]]).tolist() == [[-2, -2, -1]]


@pytest.mark.parametrize("t", [[0, 1], [[0], [1]], [[1, 0], [0, 1]], np.array([0.0, 1.0])])
def test_softmax_with_loss_takes_class_indices_and_one_hot_rows(t: Any) -> None:
    """By hand: softmax gives 1/2 1/2 and 1/4 3/4, so that the loss is the mean of ln 2 and ln 4/3."""
    end = SoftmaxWithLoss()
    assert end.forward([[5, 5], [0, np.log(3)]], t) == pytest.approx((LN2 + np.log(4 / 3)) / 2)
    assert end.y == pytest.approx(np.array([[0.5, 0.5], [0.25, 0.75]]))
    assert end.backward() == pytest.approx(np.array([[-0.25, 0.25], [0.125, -0.125]]))
    assert end.backward(8) == pytest.approx(np.array([[-2, 2], [1, -1]]))


@pytest.mark.parametrize("t", [1, [0, 1]])
def test_softmax_with_loss_of_one_example(t: Any) -> None:
    end = SoftmaxWithLoss()
    assert end.forward([0, np.log(3)], t) == pytest.approx(np.log(4 / 3))
    assert end.y == pytest.approx(np.array([0.25, 0.75]))
    assert end.backward() == pytest.approx(np.array([0.25, -0.25]))


def test_softmax_with_loss_keeps_the_digits_that_a_probability_rounds_away() -> None:
    assert SoftmaxWithLoss().forward([[0, 1000]], [0]) == 1000


def test_the_other_ends() -> None:
    """By hand: ln 2 and ln 4/3 again; and squares of 1 and 3."""
    end = SigmoidWithLoss()
    assert end.forward([[0], [np.log(3)]], [0, 1]) == pytest.approx((LN2 + np.log(4 / 3)) / 2)
    assert end.backward() == pytest.approx(np.array([[0.25], [-0.125]]))
    squares = IdentityWithLoss()
    assert squares.forward([[1], [2]], [0, 5]) == 5
    assert squares.backward().tolist() == [[1], [-3]]


def test_dropout_drops_in_training_alone() -> None:
    dropout = Dropout(0.5, seed=1)
    x = np.ones((100, 10))
    y = dropout.forward(x)
    assert set(np.unique(y)) == {0, 2}
    assert dropout.backward(x).tolist() == y.tolist()
    assert dropout.forward(x, training=False).tolist() == x.tolist()
    assert dropout.backward(x).tolist() == x.tolist()


def test_batch_normalization_takes_the_batch_and_later_its_averages() -> None:
    """By hand, without epsilon: a column of 1 and 3 has the mean 2 and the variance 1."""
    layer = BatchNormalization([2], 5, momentum=0.9, epsilon=0)
    assert layer.forward([[1], [3]]).tolist() == [[3], [7]]
    assert layer.running_mean == pytest.approx([0.2])
    assert layer.running_var == pytest.approx([1])
    assert layer.forward([[1.2]], training=False) == pytest.approx(np.array([[7]]))
    assert layer.backward([[3]]) == pytest.approx(np.array([[6]])), "the averages do not depend on the row"
    assert (layer.dgamma, layer.dbeta) == (pytest.approx([3]), pytest.approx([3]))


LAYERS: dict[str, Callable[[], Layer]] = {
    "Affine": lambda: Affine(np.random.default_rng(1).normal(size=(3, 2)), [0.5, -0.5]),
    "Relu": Relu,
    "Sigmoid": Sigmoid,
    "tanh": lambda: Activation("tanh"),
    "softmax": lambda: Activation("softmax"),
    "BatchNormalization": lambda: BatchNormalization([0.5, 1, 2], [1, 0, -1]),
}


@pytest.mark.parametrize("made", LAYERS.values(), ids=LAYERS)
def test_slopes_are_those_of_central_differences(made: Callable[[], Layer]) -> None:
    layer: Any = made()
    draw = np.random.default_rng(2)
    x = draw.normal(size=(4, 3))
    dout = draw.normal(size=layer.forward(x).shape)

    def f(_: Any = None) -> float:
        return float((layer.forward(x) * dout).sum())

    f()
    assert layer.backward(dout) == pytest.approx(numerical_gradient(f, x), rel=1e-5, abs=1e-7)
    for name in {"Affine": ("W", "b"), "BatchNormalization": ("gamma", "beta")}.get(type(layer).__name__, ()):
        numbers = numerical_gradient(f, getattr(layer, name))
        assert getattr(layer, f"d{name}") == pytest.approx(numbers, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("end", "t"), [(SoftmaxWithLoss(), [2, 0]), (SigmoidWithLoss(), np.eye(2, 3)), (IdentityWithLoss(), np.eye(2, 3))]
)
def test_the_way_back_starts_with_the_slope_of_the_loss(end: WithLoss, t: Any) -> None:
    x = np.array([[0.3, 2.9, 4.0], [0.1, -1.0, 0.2]])
    slopes = numerical_gradient(lambda moved: end.forward(moved, t), x)
    end.forward(x, t)
    assert end.backward() == pytest.approx(slopes, rel=1e-6)


def test_numerical_gradient() -> None:
    """By hand: the slope of x ** 2 is 2 x; an array is put back, and a list of whole numbers is none."""
    x = np.array([[3.0, -1.0]])
    assert numerical_gradient(lambda moved: (moved**2).sum(), x) == pytest.approx(np.array([[6, -2]]))
    assert x.tolist() == [[3, -1]]
    assert numerical_gradient(lambda moved: (moved**2).sum(), [3, 4]) == pytest.approx([6, 8])


WRONG: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: Affine(W).forward([[1, 2, 3]]),
        r"x of the shape \(1, 3\) does not fit W of the shape \(2, 3\).*W.T",
    ),
    (lambda: Affine(W).forward([[1]]), "an example has 1 input, and W needs a row for each, but has 2$"),
    (lambda: Affine(W).forward([[1], [2, 3]]), "x: its rows have different lengths"),
    (lambda: Affine(W).forward("abc"), "x: holds text; numbers are needed"),
    (lambda: Affine(W, [1, 2]), r"b of the shape \(2,\) does not fit W, \(2, 3\); .* for each unit, \(3,\)"),
    (lambda: Affine([1, 2]), r"W has the shape \(2,\); it needs two axes: a row per input, a column per unit"),
    (lambda: _after(Affine(W), [[1, 2]]).backward([[1, 2]]), r"dout has the shape \(1, 2\).*had \(1, 3\)"),
    (lambda: setattr(Affine(W), "W", [[1, 2]]), r"this parameter has the shape \(2, 3\), not \(1, 2\)"),
    (lambda: Activation("rellu"), "no 'rellu'; did you mean \"relu\""),
    (lambda: Dropout(1), "rate is 1; it needs a share from 0"),
    (lambda: BatchNormalization([1, 1], 0).forward([[1]]), r"does not fit gamma and beta of the shape \(2,\)"),
    (lambda: BatchNormalization([1, 1], [0, 0, 0]), r"gamma of the shape \(2,\) does not fit 3 units"),
    (lambda: SoftmaxWithLoss().forward([[1, 2]], [2]), r"t\[0\] is 2, but x has 2 columns; classes are .* from 0 to 1"),
    (lambda: SoftmaxWithLoss().forward([[1, 2]], [0.5]), r"t\[0\] is 0.5"),
    (lambda: SoftmaxWithLoss().forward([[1, 2]], [0, 1]), r"needs the class indices of 1 row, \(1,\), or one-hot rows"),
    (lambda: SoftmaxWithLoss().forward([[1, 2]], [[1, 1]]), r"t\[0\] is \[1.0, 1.0\]; a one-hot row has one 1"),
    (lambda: SoftmaxWithLoss().forward([[1]], [0]), "softmax of it is always 1; use SigmoidWithLoss"),
    (lambda: SoftmaxWithLoss().forward(np.ones((1, 2, 2)), [0]), r"x has the shape \(1, 2, 2\); it needs a row per"),
    (lambda: IdentityWithLoss().forward([[1, 2]], [1]), r"t of the shape \(1,\) does not fit x of the shape \(1, 2\)"),
]


def _after(layer: Layer, x: Any) -> Layer:
    layer.forward(x)
    return layer


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_what_does_not_fit_is_named_with_its_shapes(wrong: Callable[[], Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        wrong()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: Relu().backward([[1]]), r"Relu: backward needs what forward saw; call forward\(x\) first"),
        (lambda: SoftmaxWithLoss().backward(), r"call forward\(x, t\) first"),
        (lambda: Affine(W).dW, r"has no gradients yet; call forward\(x\), then backward\(dout\)"),
    ],
)
def test_the_way_back_comes_after_the_way_there(wrong: Callable[[], Any], said: str) -> None:
    with pytest.raises(RuntimeError, match=said):
        wrong()


@pytest.mark.tf
def test_two_layers_have_the_gradients_of_keras() -> None:
    import keras
    import tensorflow as tf

    draw = np.random.default_rng(0)
    x, t = draw.normal(size=(5, 4)).astype(np.float32), np.array([0, 2, 1, 1, 0])
    first, second = (Affine(draw.normal(size=shape).astype(np.float32), 0.1) for shape in ((4, 3), (3, 3)))
    relu, end = Relu(), SoftmaxWithLoss()
    loss = end.forward(second.forward(relu.forward(first.forward(x))), t)
    dx = first.backward(relu.backward(second.backward(end.backward())))

    dense = [keras.layers.Dense(3, activation="relu"), keras.layers.Dense(3, activation="softmax")]
    model = keras.Sequential([keras.Input((4,)), *dense])
    model.set_weights([first.W, first.b, second.W, second.b])
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = keras.losses.SparseCategoricalCrossentropy()(t, model(inputs))
    found = tape.gradient(value, [*model.trainable_variables, inputs])
    assert loss == pytest.approx(float(value), rel=1e-6)
    for mine, keras_own in zip((first.dW, first.db, second.dW, second.db, dx), found, strict=True):
        np.testing.assert_allclose(mine, keras_own, rtol=1e-4, atol=1e-6)
