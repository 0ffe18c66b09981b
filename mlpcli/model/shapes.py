"""Shapes and sizes: the words in which layers are planned and summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

Shape = tuple[int, ...]
"""Without the batch dimension: (784,), (28, 28), (32, 32, 3)."""


@dataclass(frozen=True)
class LayerSize:
    """What one layer makes of its input."""

    output_shape: Shape
    trainable: int = 0
    non_trainable: int = 0
    arithmetic: str = ""
    """How the parameters come about, such as 784x100+100."""

    @property
    def parameters(self) -> int:
        """Trainable and not."""
        return self.trainable + self.non_trainable


class ShapeError(ValueError):
    """A layer cannot take the shape before it; the text says what it needs."""


def kernel_size(sides: Sequence[int], bias: int) -> tuple[int, str]:
    """The entries of a kernel with these sides and a bias, and the sum as people write it."""
    arithmetic = "x".join(map(str, sides)) + (f"+{bias}" if bias else "")
    return prod(sides) + bias, arithmetic
