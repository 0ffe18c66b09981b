"""Words that a config may use: Keras's activations, the built-in data sets."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from mlpcli.errors import did_you_mean

BUILT_IN_NAMES = ("digits", "iris", "wine", "breast_cancer", "diabetes", "mnist", "fashion_mnist", "cifar10")
"""Data sets that need no path; data/catalog.py describes them."""

ACTIVATIONS = (
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh",
    "tanh_shrink",
)  # fmt: skip

ACTIVATIONS_LEFT_OUT = {
    "glu": "halves the units, so that no layer has the size its config says",
    "threshold": "has no defaults: Keras takes it with arguments only",
}
"""Names of `keras.activations` that the schema leaves out, each with its reason."""


def _known(name: str) -> str:
    if name not in ACTIVATIONS:
        near = did_you_mean(name, ACTIVATIONS)
        raise PydanticCustomError(
            "name", 'unknown activation "{name}"{near}{known}',
            {"name": name, "near": near, "known": "" if near else f"; known are {', '.join(ACTIVATIONS)}"},
        )  # fmt: skip
    return name


Activation = Annotated[str, AfterValidator(_known)]
