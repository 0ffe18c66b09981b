"""What stands before the hidden layers: the layers that scale (`data.scaling`), and a factor for each input.

Robust scaling ends in the smooth clip x / sqrt(1 + (x / 3)^2), which leaves values near 0 as they are, and lets none
get beyond 3 or -3. Keras has no such layer, and a file with one of our own would not open in stock Keras. But a value
between two zeros has the mean x / 3 and the variance 2 x^2 / 9, so that a normalization of these three makes of it

    (x - x / 3) / sqrt(2 x^2 / 9 + epsilon) = sqrt(2) x / sqrt(x^2 + 9)     where epsilon is 2

and that is the clip, but for a factor of 3 / sqrt(2). No layer of them has weights.

The factors of `model.input_scale` let a network soon ignore the inputs that say nothing; they learn six times as fast
as the other weights. Keras's optimizers have one learning rate for all weights, so the layer's weight is the factor
divided by the rate, and a Rescaling multiplies by it again. Under Adam, whose steps do not depend on the size of the
gradient, the factor then moves `rate` times as fast; under SGD, whose steps do, `rate` squared.

Both are parts of RealMLP (Holzmüller et al., "Better by Default", 2024).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlpcli.config.initializers import Constant
from mlpcli.config.layers import (
    IMAGE_LAYERS,
    Cropping2D,
    Flatten,
    GroupNormalization,
    Layer,
    Permute,
    Rescaling,
    Reshape,
    ZeroPadding2D,
)
from mlpcli.errors import SettingError
from mlpcli.model.members import SCALE, EinsumDense, Step
from mlpcli.model.shapes import Shape


class Normalization(Layer, tag="normalization"):
    """Keras's layer with mean and variance given; written by the data's scaling, never by a config."""

    axis: int | None = -1
    mean: list[float] = []
    variance: list[float] = []


_SCALING_LAYERS: dict[str, tuple[Layer, ...]] = {
    "none": (),
    "unit": (Rescaling(scale=1.0),),
    "standardize": (Normalization(),),
    "minmax": (Normalization(),),
}


def scaling_layers(scaling: str, input_shape: Shape) -> tuple[Layer, ...]:
    """The layers that scale rows of this shape; the numbers of the first come with the training rows."""
    return (Normalization(), *smooth_clip(input_shape)) if scaling == "robust" else _SCALING_LAYERS[scaling]


LIMIT = 3.0
SHRUNK = 2.0**-48
"""Values come in smaller, or the square of a far one (10^20 for a gap, say) would leave float32 and make a 0 of it."""


def smooth_clip(shape: Shape) -> tuple[Layer, ...]:
    """The layers in order, for rows of this shape; theirs is the same."""
    width = max(range(len(shape)), key=lambda axis: shape[axis])
    same = [-1 if axis == width else side for axis, side in enumerate(shape)]
    return (
        Rescaling(scale=SHRUNK),
        # A picture of one pixel, each value a channel of it.
        Reshape(target_shape=[1, 1, -1]),
        ZeroPadding2D(padding=[0, 1]),
        GroupNormalization(groups=-1, epsilon=2 / 9 * (LIMIT * SHRUNK) ** 2, center=False, scale=False),
        Cropping2D(cropping=[0, 1]),
        Reshape(target_shape=same),
        Rescaling(scale=LIMIT / math.sqrt(2)),
    )


KEY = "model.input_scale"


def input_scale_steps(rate: float, input_shape: Shape, hidden: Sequence[Step]) -> list[Step]:
    """The layers that multiply each input by its factor, which is 1 at first; images are flattened before.

    Args:
        rate: how many times as fast the factors learn.
        input_shape: of a row of the data.
        hidden: the layers that follow.

    Raises:
        SettingError: a layer that follows needs images.
    """
    front: list[Step] = []
    if len(input_shape) > 1:
        image = next((key for key, layer in hidden if isinstance(layer, (*IMAGE_LAYERS, Reshape, Permute))), None)
        if image is not None:
            found = f"multiplies rows of numbers, but {image} takes inputs of shape {input_shape}"
            raise SettingError(KEY, f"{found}; set it to null, or use dense layers alone")
        front = [("model", Flatten())]
    factors = EinsumDense(
        equation=SCALE, output_shape=[math.prod(input_shape)], kernel_initializer=Constant(value=1 / rate)
    )
    return [*front, (KEY, factors), (KEY, Rescaling(scale=rate))]
