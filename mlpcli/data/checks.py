"""Looking at the values before training: what would ruin it is refused, what may spoil it is said."""

from __future__ import annotations

import numpy as np

from mlpcli.data.arrays import row_chunks
from mlpcli.data.class_weights import class_counts
from mlpcli.data.dataset import Array, Part
from mlpcli.data.streaming.moments import moments_of
from mlpcli.errors import DataError

UNSCALED_ABOVE = 20


def check_finite(name: str, x: Array, y: Array, feature_names: tuple[str, ...] | None = None) -> None:
    """Refuse NaN and infinity in x (n, ...) and y (n, ...); works in chunks. `name` opens the message.

    Raises:
        DataError: the count, the place and the value of the first.
    """
    _check_array(f"{name}: x", x, feature_names)
    _check_array(f"{name}: y", y, None)


def data_warnings(scaling: str, train: Part, feature_names: tuple[str, ...] | None = None) -> list[str]:
    """All warnings about the training part; `scaling` is the resolved data.scaling word."""
    return unscaled_warning(scaling, train.x) + constant_warning(train, feature_names)


def missing_classes_warning(train: Part, class_names: tuple[str, ...] | None) -> list[str]:
    """A warning that names the classes without a training row, which the network can only learn never to say."""
    if class_names is None:
        return []
    counts = class_counts(train.y[train.indices], len(class_names))
    missing = [name for name, count in zip(class_names, counts, strict=True) if count == 0]
    if not missing:
        return []
    listed = ", ".join(f'"{name}"' for name in missing[:10]) + (", ..." if len(missing) > 10 else "")
    return [f"no training row is of the class {listed}; look at the order of the rows, and at data.limit"]


def unscaled_warning(scaling: str, x: Array) -> list[str]:
    """A warning where values are large and nothing scales them."""
    if scaling != "none":
        return []
    known = moments_of(x)
    low, high = (known.low.min(), known.high.max()) if known else (x.min(), x.max())
    largest = float(max(high, -float(low)))
    if largest <= UNSCALED_ABOVE:
        return []
    return [f"values go up to {largest:g} and data.scaling is none; training may be slow or fail: try auto"]


def constant_warning(train: Part, feature_names: tuple[str, ...] | None = None) -> list[str]:
    """A warning that names the columns of a table (n, features) with one value only."""
    if train.x.ndim != 2:
        return []
    known = moments_of(train.x)
    same = known.low == known.high if known else _same(train)
    names = [_column(int(index), feature_names) for index in np.flatnonzero(same)]
    if not names:
        return []
    listed = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    return [f"{len(names)} of {len(same)} columns hold one value in all training rows and say nothing: {listed}"]


def _same(train: Part) -> Array:
    """For each column, whether all training rows hold the value of the first one."""
    first = train.x[train.indices[0]]
    same = np.ones(train.x.shape[1], bool)
    for chunk in row_chunks(train.x, len(train)):
        same &= (train.x[train.indices[chunk]] == first).all(axis=0)
    return same


def _check_array(where: str, values: Array, feature_names: tuple[str, ...] | None) -> None:
    known = moments_of(values)
    if values.dtype.kind != "f" or (known is not None and np.isfinite([known.low, known.high]).all()):
        return
    count, first, value = 0, None, 0.0
    for chunk in row_chunks(values):
        bad = ~np.isfinite(values[chunk])
        count += int(bad.sum())
        if first is None and bad.any():
            row, *rest = (int(index) for index in np.argwhere(bad)[0])
            first, value = (row + chunk.start, *rest), float(values[chunk][(row, *rest)])
    if first is not None:
        raise DataError(
            f"{where}: {count:,} {'value is' if count == 1 else 'values are'} not finite; the first is"
            f" {value:g} in row {first[0]} (from 0){_place(first[1:], feature_names)};"
            " fill in or leave out such rows"
        )


def _place(position: tuple[int, ...], feature_names: tuple[str, ...] | None) -> str:
    if len(position) == 1:
        return f", {_column(position[0], feature_names)}"
    return f", pixel {position}" if position else ""


def _column(index: int, feature_names: tuple[str, ...] | None) -> str:
    return f'column "{feature_names[index]}"' if feature_names else f"column {index} (from 0)"
