"""An ONNX graph while it is made: nodes and constants in the order in which they are added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlpcli.arrays import Array

ML = "ai.onnx.ml"
"""The operators for classical machine learning, such as LabelEncoder."""
FLOAT, STRING, DOUBLE = 1, 8, 11
"""Types of values, of onnx.TensorProto."""


class Graph:
    """Values are known by their names, which begin with `/` and the scope, so that inputs may have any other name."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.scope = ""
        self._counts = Counter[str]()

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output; the name of that."""
        return self.add_several(1, operator, *inputs, domain=domain, **attributes)[0]

    def add_several(
        self, count: int, operator: str, *inputs: str, domain: str = "", **attributes: Any
    ) -> Sequence[str]:
        """The same with several outputs."""
        from onnx import helper

        outputs = [self._name(operator) for _ in range(count)]
        self.nodes.append(helper.make_node(operator, inputs, outputs, outputs[0], domain=domain, **attributes))
        return outputs

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """Add an array, of any shape; its name."""
        from onnx import numpy_helper

        name = self._name("constant")
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def integers(self, *values: int) -> str:
        """Add a list of int64, as shapes and axes are given."""
        return self.constant(values, np.int64)

    def reshape(self, x: str, shape: Sequence[int]) -> str:
        """Each row in another shape."""
        return self.add("Reshape", x, self.integers(0, *shape))

    def affine(self, x: str, scale: Array | None, shift: Array | None) -> str:
        """x * scale + shift; None for what changes nothing."""
        y = x if scale is None else self.add("Mul", x, self.constant(scale))
        return y if shift is None else self.add("Add", y, self.constant(shift))

    def _name(self, operator: str) -> str:
        stem = f"/{self.scope}/{operator}"
        self._counts[stem] += 1
        return f"{stem}_{self._counts[stem]}"
