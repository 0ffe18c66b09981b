"""What the NumPy engine leaves to Keras, told with the layer's name and the reason."""

from __future__ import annotations

from mlpcli.errors import MlpcliError


class NeedsKerasError(MlpcliError):
    """The NumPy engine has no such layer, argument, loss or metric; Keras has."""

    def __init__(self, layer: str, why: str) -> None:
        """`layer` is the name of a layer, a loss or a metric; `why` completes "needs Keras: ..."."""
        super().__init__(f"{layer} needs Keras: {why}")
        self.layer, self.why = layer, why


class LeftToKerasError(Exception):
    """Raised within a layer, which does not know its name; the text is the `why`."""


def last_axis_only(axis: int, rank: int) -> None:
    """Layers that work along one axis do so along the last one here; `rank`: how many axes one example has.

    Raises:
        LeftToKerasError: it is another one.
    """
    if axis not in (-1, rank):
        raise LeftToKerasError("it works along an axis that is not the last")
