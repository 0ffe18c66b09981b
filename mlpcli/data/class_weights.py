"""data.class_weight: how much each class counts in the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mlpcli.data.arrays import row_chunks
from mlpcli.data.dataset import Array
from mlpcli.errors import SettingError, did_you_mean

KEY = "data.class_weight"


def class_weights(
    setting: str | Mapping[str, float] | None, y_train: Array, class_names: tuple[str, ...] | None
) -> npt.NDArray[np.float32] | None:
    """One float32 weight per class, in the order of class_names, or None where classes count alike.

    "balanced": rows / (classes * rows of the class), so that each class has the same weight in all.

    Raises:
        SettingError: on regression, a class that is missing, unknown or has no training row, a bad weight.
    """
    if setting is None:
        return None
    if class_names is None:
        raise SettingError(KEY, "the target is a number, so there are no classes to weigh; remove it")
    if isinstance(setting, Mapping):
        return _given(setting, class_names)
    if setting != "balanced":
        raise SettingError(KEY, f'must be null, "balanced" or a weight for each class (got "{setting}")')
    return _balanced(y_train, class_names)


def class_counts(y: Array, classes: int) -> npt.NDArray[np.int64]:
    """How many rows are of each class (classes,), from class indices (n,) in memory or on disk; works in chunks."""
    counts = np.zeros(classes, np.int64)
    for chunk in row_chunks(y):
        counts += np.bincount(y[chunk], minlength=classes)
    return counts


def _balanced(y_train: Array, class_names: tuple[str, ...]) -> npt.NDArray[np.float32]:
    counts = class_counts(y_train, len(class_names))
    empty = [name for name, count in zip(class_names, counts, strict=True) if count == 0]
    if empty:
        raise SettingError(KEY, f"balanced is not possible: no training row is of the class {_listed(empty)}")
    return (len(y_train) / (len(class_names) * counts)).astype(np.float32)


def _given(weights: Mapping[str, float], class_names: tuple[str, ...]) -> npt.NDArray[np.float32]:
    for name, weight in weights.items():
        if name not in class_names:
            hint = did_you_mean(name, class_names)
            raise SettingError(KEY, f'there is no class "{name}"{hint}; the classes are {_listed(class_names)}')
        if not (math.isfinite(weight) and weight >= 0):
            raise SettingError(KEY, f'the weight of "{name}" is {weight:g}; it must be a finite number of at least 0')
    missing = [name for name in class_names if name not in weights]
    if missing:
        raise SettingError(KEY, f"every class needs a weight; missing: {_listed(missing)}")
    if not any(weights.values()):
        raise SettingError(KEY, "all weights are 0, so nothing could be learnt; give at least one class more")
    return np.array([weights[name] for name in class_names], np.float32)


def _listed(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names[:20]) + (", ..." if len(names) > 20 else "")
