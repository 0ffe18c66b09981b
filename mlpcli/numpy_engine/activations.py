"""The activation as a layer of its own, whether Keras's description has it in a dense layer or by itself."""

from __future__ import annotations

from mlpcli.data.dataset import Array
from mlpcli.numpy_engine.layer import Layer
from mlpcli.numpy_engine.needs_keras import LeftToKerasError
from mlpcli.numpy_engine.rectifiers import RECTIFIERS, Pointwise
from mlpcli.numpy_engine.smooth_activations import SMOOTH
from mlpcli.numpy_engine.softmaxes import ROWWISE, Rowwise

FUNCTIONS: dict[str, Pointwise | Rowwise] = {**RECTIFIERS, **SMOOTH, **ROWWISE}
"""Every activation of the schema but "linear", which is no step at all."""

PROBABILITIES = ("softmax", "sigmoid")
"""Keras computes crossentropies from what went into these, which keeps digits that they round away."""


class Activation(Layer):
    """y = f(x) for each number, or for each row where f looks at all units of it."""

    def __init__(self, function: Pointwise | Rowwise, kind: str = "") -> None:
        """`kind` is the name of Keras, for those who treat one function specially."""
        super().__init__({})
        self.function, self.kind = function, kind
        self.x: Array | None = None
        self.y: Array | None = None

    @classmethod
    def named(cls, name: str | None) -> Activation | None:
        """The activation of the schema by that name; None for "linear" and where there is none.

        Raises:
            LeftToKerasError: it is not known here.
        """
        if name in (None, "linear"):
            return None
        if name not in FUNCTIONS:
            raise LeftToKerasError(f"the activation {name}")
        return cls(FUNCTIONS[name], name)

    def forward(self, x: Array, training: bool = False) -> Array:
        y = self.function.value(x)
        if training:
            self.x, self.y = x, y
        return y

    def backward(self, gradient: Array) -> Array:
        assert self.x is not None
        assert self.y is not None
        if isinstance(self.function, Rowwise):
            return self.function.slope(gradient, self.x, self.y)
        return gradient * self.function.slope(self.x, self.y)
