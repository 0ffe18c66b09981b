"""Layers to be used by hand, one call at a time, as in a textbook: forward, backward, and the gradients they leave.

The names are those of "Deep Learning from Scratch" (Saitoh, 2016); the arithmetic is that of the NumPy engine, which
`training.engine: numpy` trains with, and has Keras's results. docs/by-hand.md walks through a network.

>>> affine = Affine(W=[[1, 3, 5], [2, 4, 6]], b=[1, 1, 1])
>>> affine.forward([[2, 3]])
array([[ 9., 19., 29.]])
>>> affine.backward([[2, 2, 1]])
array([[13., 18.]])
>>> affine.dW
array([[4., 4., 2.],
       [6., 6., 3.]])

Lists and whole numbers are taken as they are typed; results are float64 (float32 for float32). What does not fit raises
ValueError with the shapes, and `backward` before `forward` raises RuntimeError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array
from mlpcli.numpy_engine import layer as engine
from mlpcli.numpy_engine import noise, normalization
from mlpcli.numpy_engine.activations import sigmoid, softmax
from mlpcli.numpy_engine.crossentropy import BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy
from mlpcli.numpy_engine.losses import Loss, MeanSquaredError
from mlpcli.text import plural, suggestion

Numbers = npt.ArrayLike


class Layer:
    """A layer of the engine; every `forward` keeps what `backward` needs."""

    def __init__(self, layer: engine.Layer) -> None:
        self.layer = layer
        self._shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    def forward(self, x: Numbers, training: bool = True) -> Array:
        """Outputs for the rows x (n, ...), or for one row; `training` False: as in a prediction."""
        values = np.atleast_1d(_numbers("x", x))
        if isinstance(self.layer, noise.NoiseLayer):
            self.layer.on = training
        if isinstance(self.layer, normalization.BatchNormalization):
            self.layer.frozen = not training
        outputs = self.layer.forward(self._rows(np.atleast_2d(values)), training=True)
        outputs = outputs[0] if values.ndim == 1 else outputs
        self._shapes = values.shape, outputs.shape
        return outputs

    def backward(self, dout: Numbers) -> Array:
        """From the gradient of the loss by the outputs to that by x; the gradients by the parameters stay here."""
        if self._shapes is None:
            raise RuntimeError(f"{_named(self)}: backward needs what forward saw; call forward(x) first")
        given, outputs = self._shapes
        gradient = np.atleast_1d(_numbers("dout", dout))
        if gradient.shape != outputs:
            raise ValueError(
                f"{_named(self)}: dout has the shape {gradient.shape}, but the outputs of forward had {outputs};"
                " there is one slope for each output"
            )
        self.layer.gradients = {}  # new arrays: those that were read from here before stay as they are
        return self.layer.backward(np.atleast_2d(gradient)).reshape(given) + 0.0  # + 0.0: no "-0." is printed

    def _rows(self, x: Array) -> Array:
        """x (n, ...) as the engine's layer takes it."""
        return x


def _parameter(name: str) -> Any:
    """A property: the engine's parameter of that name; it may be set to an array of the same shape."""

    def get(self: Layer) -> Array:
        return self.layer.parameters[name]

    def put(self: Layer, value: Numbers) -> None:
        array, held = _numbers(name, value, copy=False), self.layer.parameters[name]
        if array.shape not in (held.shape, (1, *held.shape)):
            raise ValueError(f"{_named(self)}: this parameter has the shape {held.shape}, not {array.shape}")
        self.layer.parameters[name] = array.reshape(held.shape)

    return property(get, put)


def _gradient(name: str) -> Any:
    """A property: the gradient of the loss by the engine's parameter of that name, after `backward`."""

    def get(self: Layer) -> Array:
        if name not in self.layer.gradients:
            raise RuntimeError(f"{_named(self)}: has no gradients yet; call forward(x), then backward(dout)")
        return self.layer.gradients[name] + 0.0  # as in `backward`

    return property(get)


class Affine(Layer):
    """y = x @ W + b: a dense layer without an activation."""

    W, b = _parameter("kernel"), _parameter("bias")
    dW, db = _gradient("kernel"), _gradient("bias")  # noqa: N815

    def __init__(self, W: Numbers, b: Numbers = 0) -> None:  # noqa: N803
        """W: (inputs, units); b: (units,) or (1, units), or one number for all units.

        Arrays of floats are not copied: `W -= rate * affine.dW` changes the layer, too.

        Raises:
            ValueError: W has other than two axes, or b does not fit it.
        """
        kernel = _numbers("W", W, copy=False)
        if kernel.ndim != 2:
            raise ValueError(
                f"Affine: W has the shape {kernel.shape}; it needs two axes: a row per input, a column per unit"
            )
        super().__init__(engine.Dense(kernel, _per_unit("Affine", "b", b, kernel.shape[1], f"W, {kernel.shape}")))

    def backward(self, dout: Numbers) -> Array:
        """dW = x.T @ dout, db = the sum of dout over the rows; returns dx = dout @ W.T, in the shape of x."""
        return super().backward(dout)

    def _rows(self, x: Array) -> Array:
        """All numbers of an example are inputs, also those of an image (h, w, channels)."""
        rows = x.reshape(len(x), -1)
        inputs, units = self.W.shape
        if rows.shape[1] != inputs:
            fits = "; W.T would fit" if rows.shape[1] == units else ""
            raise ValueError(
                f"Affine: x of the shape {x.shape} does not fit W of the shape {self.W.shape}: an example has"
                f" {plural(rows.shape[1], 'input', 'inputs')}, and W needs a row for each, but has {inputs}{fits}"
            )
        return rows


class Activation(Layer):
    """y = f(x), by Keras's name of f: "relu", "tanh", "softmax" ..."""

    def __init__(self, name: str) -> None:
        if name not in engine.FUNCTIONS:
            raise ValueError(f"Activation: there is no {name!r}{suggestion(name, engine.FUNCTIONS)}")
        super().__init__(engine.Activation(engine.FUNCTIONS[name], name))


class Relu(Activation):
    """y = x above 0, else 0; the gradient passes where x was above 0."""

    def __init__(self) -> None:
        super().__init__("relu")


class Sigmoid(Activation):
    """y = 1 / (1 + exp(-x)); dx = dout * y * (1 - y)."""

    def __init__(self) -> None:
        super().__init__("sigmoid")


class Dropout(Layer):
    """In training each value is 0 with probability `rate`, and the others grow by 1 / (1 - rate)."""

    def __init__(self, rate: float = 0.5, seed: int = 0) -> None:
        """`seed`: of the draws; each `forward` draws anew."""
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout: rate is {rate}; it needs a share from 0 up to, but not including, 1")
        super().__init__(noise.Dropout(rate, seed))


class BatchNormalization(Layer):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance of the batch in each column.

    Running averages of both are kept for predictions (`training=False`). The defaults are Keras's.
    """

    gamma, beta = _parameter("gamma"), _parameter("beta")
    dgamma, dbeta = _gradient("gamma"), _gradient("beta")

    def __init__(self, gamma: Numbers, beta: Numbers, momentum: float = 0.99, epsilon: float = 0.001) -> None:
        """gamma, beta: (units,), or one number for all units if the other has (units,)."""
        units = max(_numbers("gamma", gamma).size, _numbers("beta", beta).size)
        scale, shift = (
            _per_unit("BatchNormalization", name, given, units, f"{units} units")
            for name, given in (("gamma", gamma), ("beta", beta))
        )
        made = normalization.BatchNormalization(scale, shift, np.zeros(units), np.ones(units), momentum, epsilon)
        super().__init__(made)
        self.running_mean, self.running_var = made.statistics["moving_mean"], made.statistics["moving_variance"]

    def _rows(self, x: Array) -> Array:
        units = self.gamma.size
        if x.shape[-1] != units:
            raise ValueError(
                f"BatchNormalization: x of the shape {x.shape} does not fit gamma and beta of the shape ({units},); an"
                f" example needs {plural(units, 'number', 'numbers')}, and has {x.shape[-1]}"
            )
        return x


class WithLoss:
    """The end of a network: its outputs and their loss as one layer, which is where the way back starts.

    y: the outputs; loss: the mean over the rows. Both are of the last `forward`.
    """

    y: Array
    loss: float

    def __init__(self) -> None:
        self._dx: Array | None = None

    def forward(self, x: Numbers, t: Numbers) -> float:
        """The mean loss of the rows x (n, units), whose true answers are t; also of one row x (units,)."""
        values, answers = np.atleast_1d(_numbers("x", x)), _numbers("t", t)
        if values.ndim > 2:
            raise ValueError(f"{_named(self)}: x has the shape {values.shape}; it needs a row per example: (n, units)")
        z = np.atleast_2d(values)
        targets, loss = self._targets(z, answers[np.newaxis] if values.ndim == 1 else answers)
        y = self._outputs(z)
        self.loss = loss.value(targets, y, z)
        by_outputs, by_inputs = loss.gradient(targets, y, z)
        slope = by_outputs if by_inputs is None else by_inputs
        assert slope is not None
        self.y, self._dx = y.reshape(values.shape), slope.reshape(values.shape)
        return self.loss

    def backward(self, dout: float = 1.0) -> Array:
        """The gradient of the loss by x, times `dout`."""
        if self._dx is None:
            raise RuntimeError(f"{_named(self)}: backward needs what forward saw; call forward(x, t) first")
        return self._dx * dout

    def _outputs(self, z: Array) -> Array:
        raise NotImplementedError

    def _targets(self, z: Array, t: Array) -> tuple[Array, Loss]:
        """Targets as the engine's loss takes them, and that loss; z (n, units)."""
        raise NotImplementedError

    def _paired(self, z: Array, t: Array) -> Array:
        """An answer for each number of z."""
        if z.shape[1] == 1 and t.shape == z.shape[:1]:
            return t[:, np.newaxis]
        if t.shape != z.shape:
            raise ValueError(
                f"{_named(self)}: t of the shape {t.shape} does not fit x of the shape {z.shape}; t needs an answer for"
                " each number of x"
            )
        return t


class SoftmaxWithLoss(WithLoss):
    """y = softmax(x), and the crossentropy: -log of the true class's y; dx = (y - t) / n.

    t: class indices (n,), or rows of shares (n, classes), such as one-hot rows.
    """

    def _outputs(self, z: Array) -> Array:
        return softmax(z)

    def _targets(self, z: Array, t: Array) -> tuple[Array, Loss]:
        rows, classes = z.shape
        if classes == 1:
            raise ValueError("SoftmaxWithLoss: x has one column, and softmax of it is always 1; use SigmoidWithLoss")
        if t.shape == z.shape:
            _check_shares(t)
            return t, CategoricalCrossentropy()
        if t.shape not in ((rows,), (rows, 1)):
            raise ValueError(
                f"SoftmaxWithLoss: t of the shape {t.shape} does not fit x of the shape {z.shape}; t needs the class"
                f" indices of {plural(rows, 'row', 'rows')}, ({rows},), or one-hot rows, ({rows}, {classes})"
            )
        return _indices(t.reshape(rows), classes), SparseCategoricalCrossentropy()


class SigmoidWithLoss(WithLoss):
    """y = sigmoid(x), and the binary crossentropy; dx = (y - t) / t.size. t: 0, 1 or a share for each number of x."""

    def _outputs(self, z: Array) -> Array:
        return sigmoid(z)

    def _targets(self, z: Array, t: Array) -> tuple[Array, Loss]:
        return self._paired(z, t), BinaryCrossentropy()


class IdentityWithLoss(WithLoss):
    """y = x, and the mean squared error, as for regression; dx = 2 * (y - t) / t.size. t: a number for each of x."""

    def _outputs(self, z: Array) -> Array:
        return z

    def _targets(self, z: Array, t: Array) -> tuple[Array, Loss]:
        return self._paired(z, t), MeanSquaredError()


def numerical_gradient(f: Callable[[Array], float], x: Numbers, h: float = 1e-4) -> Array:
    """The gradient of f at x by central differences, (f(x + h) - f(x - h)) / 2h for one number after the other.

    f may use x in other ways than as its argument: an array of floats is changed in place, and put back.
    """
    values = _numbers("x", x, copy=False)
    slopes = np.empty_like(values)
    for place in np.ndindex(values.shape):
        before = values[place]
        values[place] = before + h
        above = f(values)
        values[place] = before - h
        slopes[place] = (above - f(values)) / (2 * h)
        values[place] = before
    return slopes


def _numbers(name: str, given: Numbers, copy: bool = True) -> Array:
    """As float64, or float32 where it is that.

    Raises:
        ValueError: rows of different lengths, or something other than numbers.
    """
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise ValueError(f"{name}: its rows have different lengths; an array needs equal ones") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"{name}: holds {'text' if array.dtype.kind in 'SU' else array.dtype.name}; numbers are needed"
        )
    kept = array.dtype if array.dtype in (np.float32, np.float64) else np.float64
    return np.array(array, kept) if copy else np.asarray(array, kept)


def _per_unit(where: str, name: str, given: Numbers, units: int, of: str) -> Array:
    """One number for each unit (units,), from as many in one row, or from one number for all."""
    array = _numbers(name, given, copy=False)
    if array.ndim == 0:
        return np.full(units, array)
    if array.shape not in ((units,), (1, units)):
        raise ValueError(
            f"{where}: {name} of the shape {array.shape} does not fit {of}; it needs a number for each unit, ({units},)"
        )
    return array.reshape(units)


def _check_shares(t: Array) -> None:
    wrong = np.flatnonzero((np.abs(t.sum(axis=1) - 1) > 1e-3) | (t < 0).any(axis=1))
    if wrong.size:
        raise ValueError(
            f"SoftmaxWithLoss: t[{wrong[0]}] is {t[wrong[0]].tolist()}; a one-hot row has one 1 and zeros, and shares"
            " sum up to 1"
        )


def _indices(t: Array, classes: int) -> Array:
    wrong = np.flatnonzero((t != np.round(t)) | (t < 0) | (t >= classes))
    if wrong.size:
        raise ValueError(
            f"SoftmaxWithLoss: t[{wrong[0]}] is {t[wrong[0]]:g}, but x has {classes} columns; classes are the whole"
            f" numbers from 0 to {classes - 1}"
        )
    return t.astype(np.intp)


def _named(layer: object) -> str:
    return type(layer).__name__
