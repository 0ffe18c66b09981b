"""The first layer of a model: the scaling of raw values, so that nobody can forget it."""

from __future__ import annotations

from mlpcli.config.layers import Layer, Rescaling


class Normalization(Layer, tag="normalization"):
    """Keras's layer with mean and variance given; written by the data's scaling, never by a config."""

    axis: int | None = -1
    mean: list[float] = []
    variance: list[float] = []


SCALING_LAYERS: dict[str, tuple[Layer, ...]] = {
    "none": (),
    "unit": (Rescaling(scale=1.0),),
    "standardize": (Normalization(),),
    "minmax": (Normalization(),),
}
"""For each way of scaling the layer that stands in a plan; its numbers come with the training rows."""
