"""The smooth clip x / sqrt(1 + (x / 3)^2) made of Keras's own layers, for `data.scaling: robust`.

It leaves values near 0 as they are, and none gets beyond 3 or -3 (RealMLP: Holzmüller et al., "Better by Default",
2024). Keras has no such layer, and a file with one of our own would not open in stock Keras. But a value between two
zeros has the mean x / 3 and the variance 2 x^2 / 9, so that a normalization of these three makes of it

    (x - x / 3) / sqrt(2 x^2 / 9 + epsilon) = sqrt(2) x / sqrt(x^2 + 9)     where epsilon is 2

and that is the clip, but for a factor of 3 / sqrt(2). No layer of them has weights.
"""

from __future__ import annotations

import math

from mlpcli.config.layers import Cropping2D, GroupNormalization, Layer, Rescaling, Reshape, ZeroPadding2D
from mlpcli.model.shapes import Shape

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
