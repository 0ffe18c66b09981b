"""Words that a config may use: Keras's activations, the built-in data sets."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from mlpcli.config.suggestions import shown, suggestion

BUILT_IN_NAMES = (
    "digits", "iris", "wine", "breast_cancer", "diabetes", "mnist", "fashion_mnist", "cifar10",
    "height_weight", "animals", "moons", "spirals", "blobs",
)  # fmt: skip
"""Data sets that need no path; data/catalog.py describes them."""

ACTIVATIONS = (
    "relu", "tanh", "sigmoid", "softmax", "linear", "gelu", "elu", "selu", "silu", "leaky_relu", "softplus", "mish",
    "celu", "exponential", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "log_sigmoid",
    "log_softmax", "relu6", "soft_shrink", "softsign", "sparse_plus", "sparsemax", "squareplus",
    "swish", "tanh_shrink",
)  # fmt: skip
"""The usual ones first: messages show the first dozen."""

ACTIVATIONS_LEFT_OUT = {
    "glu": "halves the units, so that no layer has the size its config says",
    "sparse_sigmoid": "came after the oldest Keras that is supported",
    "threshold": "has no defaults: Keras takes it with arguments only",
}
"""Names of `keras.activations` that the schema leaves out, each with its reason."""


def _known(name: str) -> str:
    if name not in ACTIVATIONS:
        names = {"name": shown(name), "suggestion": suggestion(name, ACTIVATIONS)}
        raise PydanticCustomError("activation", 'unknown activation "{name}"{suggestion}', names)
    return name


Activation = Annotated[str, AfterValidator(_known)]
