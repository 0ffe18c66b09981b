"""Keras's dtype policies: what a layer computes in, and what its weights are kept in."""

from __future__ import annotations

from typing import Any

from mlpcli.artifacts.printable import printable
from mlpcli.model.saved_objects import ArgumentError

PRECISIONS = {
    "float32": "float32",
    "mixed_bfloat16": "float32",
    "mixed_float16": "float32",
    "float16": "float16",
    "float64": "float64",
}
"""Policy to the type of the weights. Quantized layers and bfloat16 weights keep their numbers in other ways."""


def precision_of(written: Any) -> str:
    """The policy's name, which versions of Keras write alone or as an object; nothing at all is float32.

    Raises:
        ArgumentError: it is none that is known here.
    """
    config = written.get("config") if isinstance(written, dict) else None
    name = config.get("name") if isinstance(config, dict) else written
    if name is None:
        return "float32"
    if isinstance(name, str) and name in PRECISIONS:
        return name
    raise ArgumentError(f"its dtype {printable(name, 40)} is not known here; save the model in float32")
