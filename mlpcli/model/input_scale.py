"""A learnt factor for each input (`model.input_scale`), so that a network soon ignores the inputs that say nothing.

Holzmüller et al. (2024), "Better by default" (RealMLP): the factors learn six times as fast as the other weights.
Keras's optimizers have one learning rate for all weights, so the layer's weight is the factor divided by the rate, and
a Rescaling multiplies by it again. Under Adam, whose steps do not depend on the size of the gradient, the factor then
moves `rate` times as fast; under SGD, whose steps do, `rate` squared.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from mlpcli.config.initializers import Constant
from mlpcli.config.layers import IMAGE_LAYERS, Flatten, Permute, Rescaling, Reshape
from mlpcli.errors import SettingError
from mlpcli.model.members import SCALE, EinsumDense, Step
from mlpcli.model.shapes import Shape

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
    factors = EinsumDense(equation=SCALE, output_shape=[prod(input_shape)], kernel_initializer=Constant(value=1 / rate))
    return [*front, (KEY, factors), (KEY, Rescaling(scale=rate))]
