"""The work that every peer does: data, widths, batch size."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MNIST_VARIABLE = "MLPCLI_BENCH_MNIST"
"""Names a folder with MNIST's IDX files; without it, noise of the same shape and type is used, and said."""


@dataclass(frozen=True)
class Work:
    """A network and its data: x (n, features) uint8 or float32, y (n,) int32; inputs are multiplied by `scale`."""

    name: str
    hidden_units: tuple[int, ...]
    batch_size: int
    x: Any
    y: Any
    classes: int
    scale: float
    source: str

    @property
    def steps(self) -> int:
        """Optimizer steps per epoch, the smaller last batch included."""
        return -(-len(self.x) // self.batch_size)


NAMES = ("iris", "digits", "mnist", "wide")
TITLES = {
    "iris": "iris 4-16-16-3, batch 16",
    "digits": "digits 64-32-16-10, batch 32",
    "mnist": "MNIST 784-64-32-64-10, batch 100",
    "wide": "MNIST (12,800 rows) 784-1024-1024-10, batch 128",
}


def load(name: str) -> Work:
    """The work of that name."""
    if name in ("iris", "digits"):
        from sklearn import datasets

        bunch = datasets.load_iris() if name == "iris" else datasets.load_digits()
        x, y = bunch.data.astype(np.float32), bunch.target.astype(np.int32)
        if name == "iris":
            return Work(name, (16, 16), 16, x, y, 3, 1.0, "scikit-learn")
        return Work(name, (32, 16), 32, x, y, 10, 1 / 16, "scikit-learn")
    x, y, source = _mnist()
    if name == "wide":
        return Work(name, (1024, 1024), 128, x[:12_800], y[:12_800], 10, 1 / 255, source)
    return Work(name, (64, 32, 64), 100, x, y, 10, 1 / 255, source)


def _mnist() -> tuple[Any, Any, str]:
    folder = os.environ.get(MNIST_VARIABLE)
    if folder is None:
        rng = np.random.default_rng(0)
        return rng.integers(0, 256, (60_000, 784), np.uint8), rng.integers(0, 10, 60_000, np.int32), "noise"
    from mlpcli.data.idx import read_idx

    def read(stem: str) -> Any:
        return read_idx(next(Path(folder).glob(f"{stem}*")))

    x = read("train-images-idx3-ubyte").reshape(60_000, 784)
    return x, read("train-labels-idx1-ubyte").astype(np.int32), "MNIST"
