"""Small data sets, split where a test says."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mlpcli.data.dataset import Part, Rows, Source, Splits


def make_source(x: Any, y: Any, classes: tuple[str, ...] | None = None, names: Any = None, **more: Any) -> Source:
    rows = Rows(np.asarray(x), np.asarray(y))
    kind = "table" if rows.x.ndim == 2 else "image"
    return Source("t", kind, rows, None, classes, names, None, **more)


@pytest.fixture
def source() -> Callable[..., Source]:
    """A source of arrays: a table where x has two axes, else images."""
    return make_source


@pytest.fixture
def split() -> Callable[..., Splits]:
    """The first `train` rows for training, then `validation`, the others for test (None where none are left)."""

    def parts(source: Source, train: int, validation: int = 0) -> Splits:
        x, y = source.train.x, source.train.y

        def part(first: int, last: int) -> Part | None:
            return Part(x, y, np.arange(first, last)) if first < last else None

        whole = part(0, train)
        assert whole is not None
        return Splits(whole, part(train, train + validation), part(train + validation, len(y)))

    return parts


@pytest.fixture
def tabular(shared_data: Path) -> Callable[..., Source]:
    """titanic or penguins as a table of numbers: medians where numbers are missing, one column per category."""

    def read(name: str, target: str) -> Source:
        with (shared_data / "tabular" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
        blocks, groups, width = [], [], 0
        for column in lines[0]:
            if column != target:
                block = _encoded([line[column] for line in lines])
                groups.append((column, slice(width, width + block.shape[1])))
                blocks.append(block)
                width += block.shape[1]
        classes = sorted({line[target] for line in lines})
        y = np.array([classes.index(line[target]) for line in lines])
        x = np.concatenate(blocks, axis=1).astype(np.float32)
        return make_source(x, y, tuple(classes), None, preprocessing=SimpleNamespace(groups_without_bins=groups))

    return read


def _encoded(texts: list[str]) -> np.ndarray:
    try:
        numbers = np.array([float(text) if text else np.nan for text in texts])
    except ValueError:
        return np.array([[text == value for value in sorted(set(texts))] for text in texts], float)
    gap = np.isnan(numbers)
    filled = np.where(gap, np.nanmedian(numbers), numbers)
    return np.stack([filled, gap] if gap.any() else [filled], axis=1)
