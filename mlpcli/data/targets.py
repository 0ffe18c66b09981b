"""Turning labels of any type into class indices, and numbers into targets."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Array, float32_values
from mlpcli.errors import DataError, SettingError
from mlpcli.tables.whole_numbers import FEWEST_REPEATS, SURELY_CLASSES, WholeNumbers

MOST_GUESSED_CLASSES = 1000


def encode_targets(
    where: str, y: Array, task: str, class_names: tuple[str, ...] | None = None
) -> tuple[Array, tuple[str, ...] | None]:
    """Training labels as (class indices int64 (n,), class names), or (float32 targets, None) for a number.

    Text, true/false and whole numbers that repeat are classes, in sorted order; other numbers are targets. `task`
    (data.task) overrides.
    Where class_names is given, y holds indices into it. `where` opens every message.

    Raises:
        DataError: labels that are not classes, or out of range; names value and row.
        SettingError: data.task cannot be had from these labels.

    >>> indices, names = encode_targets("pets.npz", np.array(["dog", "cat", "dog"]), "auto")
    >>> indices.tolist(), names
    ([1, 0, 1], ('cat', 'dog'))
    """
    y = _without_unit_axis(y)
    if task == "regression" or (task == "auto" and class_names is None and _are_amounts(y)):
        return numbers(where, y, one_hot_allowed=task == "regression"), None
    labels = class_labels(where, y)
    if class_names is not None:
        return indices_in_range(where, labels, class_names), class_names
    values, indices = np.unique(labels, return_inverse=True)
    if task == "auto" and labels.dtype.kind in "iu" and len(values) > MOST_GUESSED_CLASSES:
        raise SettingError(
            "data.task",
            f"{where} holds {len(values):,} different whole numbers; set it to regression or classification",
        )
    return indices.astype(np.int64), tuple(str(value) for value in values)


def encode_like(
    where: str, y: Array, class_names: tuple[str, ...] | None, own_names: tuple[str, ...] | None = None
) -> Array:
    """Labels of a test or validation set in the training set's classes (None: numbers).

    Whole numbers are matched with the class names where these are numbers, and are indices otherwise;
    own_names are the names that the file itself gives its indices.

    Raises:
        DataError: a label that the training set does not know.
    """
    y = _without_unit_axis(y)
    if class_names is None:
        return numbers(where, y, one_hot_allowed=True)
    labels = class_labels(where, y)
    if own_names is not None:
        labels = np.array(own_names)[indices_in_range(where, labels, own_names)]
    elif labels.dtype.kind in "iu" and not any(name.lstrip("-").isdecimal() for name in class_names):
        return indices_in_range(where, labels, class_names)
    return _matched(where, labels, class_names)


def numbers(where: str, y: Array, one_hot_allowed: bool) -> Array:
    """y as float32 targets (n,) or (n, k)."""
    if y.dtype.kind not in "biuf":
        raise SettingError("data.task", f'regression needs numbers, but {where} holds text such as "{y.flat[0]}"')
    if y.ndim > 2:
        raise DataError(f"{where}: has the shape {y.shape}; targets are (rows,) or (rows, targets)")
    if not one_hot_allowed and is_one_hot(y):
        raise _one_hot_error(where)
    return float32_values(where, y)


def class_labels(where: str, y: Array) -> Array:
    """y as one label per row: whole numbers, true/false or text (n,)."""
    if is_one_hot(y):
        raise _one_hot_error(where)
    if y.ndim != 1:
        numeric = y.ndim == 2 and y.dtype.kind in "biuf"
        advice = "; data.task: regression reads the columns as numbers to predict" if numeric else ""
        raise DataError(f"{where}: has the shape {y.shape}; classes are one label per row, (rows,){advice}")
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8")
    if y.dtype.kind == "U" and (y == "").any():
        row = int(np.flatnonzero(y == "")[0])
        raise DataError(f"{where}: the label in row {row} (from 0) is empty; fill it in or leave out the row")
    return _whole_numbers(where, y) if y.dtype.kind == "f" else y


def indices_in_range(where: str, labels: Array, class_names: tuple[str, ...]) -> Array:
    """Labels that must be indices into class_names, as int64."""
    if labels.dtype.kind not in "biu":
        raise DataError(f'{where}: holds text such as "{labels[0]}"; with class_names, y must be indices into them')
    wrong = np.flatnonzero((labels < 0) | (labels >= len(class_names)))
    if len(wrong):
        raise DataError(
            f"{where}: label {labels[wrong[0]]} in row {wrong[0]} (from 0) is out of range: there are"
            f" {len(class_names)} classes, 0 to {len(class_names) - 1}; correct the labels"
        )
    return labels.astype(np.int64)


def _matched(where: str, labels: Array, class_names: tuple[str, ...]) -> Array:
    values, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    position = {name: index for index, name in enumerate(class_names)}
    unknown = [number for number, value in enumerate(values) if str(value) not in position]
    if unknown:
        listed = ", ".join(f'"{values[number]}" (first in row {first[number]}, from 0)' for number in unknown[:10])
        raise DataError(
            f"{where}: labels without training rows: {listed}; the training classes are"
            f" {', '.join(class_names[:20])}; correct the labels or add training rows"
        )
    table = np.array([position[str(value)] for value in values], np.int64)
    return np.asarray(table[inverse])


def _whole_numbers(where: str, y: Array) -> Array:
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(~np.isfinite(y) | (y != np.floor(y)) | (np.abs(y) > 2**53))
    if len(wrong):
        raise DataError(
            f"{where}: row {wrong[0]} (from 0) holds {y[wrong[0]]:g}, but classes are whole numbers;"
            " use data.task: regression, or correct the labels"
        )
    return y.astype(np.int64)


def _are_amounts(y: Array) -> bool:
    """Whether numbers are to be predicted as such. Floats are, unless they are whole and few, as in a table without a
    name. Integers are classes, unless there are more than ten of them and each comes less than three times."""
    if y.dtype.kind not in "iuf" or y.ndim != 1 or len(y) == 0:
        return y.dtype.kind == "f"
    if not np.isfinite(y).all() or (y != np.floor(y)).any():
        return True
    found = WholeNumbers("", len(y), len(np.unique(y)), float(y.min()), float(y.max()))
    if y.dtype.kind == "f":
        return not found.classes
    return found.distinct > SURELY_CLASSES and found.rows < FEWEST_REPEATS * found.distinct


def _without_unit_axis(y: Array) -> Array:
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def is_one_hot(y: Array) -> bool:
    """Whether each row (n, classes) holds a single 1 among zeros."""
    if y.ndim != 2 or y.dtype.kind not in "biuf":
        return False
    return bool((((y == 0) | (y == 1)).all()) and ((y == 1).sum(axis=1) == 1).all())


def _one_hot_error(where: str) -> DataError:
    return DataError(f"{where}: is one-hot encoded; save one class index per row instead: numpy.argmax(y, axis=1)")
