"""Targets in the form that a loss compares with."""

from __future__ import annotations

import numpy as np

from mlpcli.data.dataset import Array


def encode_targets(y: Array, labels: str, classes: int) -> Array:
    """Class indices (n,) or numbers (n,), (n, k) as the loss takes them.

    sparse: int32 (n,); one_hot: float32 (n, classes); binary: float32 (n, 1); value: float32 (n, k).
    """
    if labels == "sparse":
        return y.astype(np.int32)
    if labels == "one_hot":
        return np.eye(classes, dtype=np.float32)[y]
    return y.astype(np.float32).reshape(len(y), -1)
