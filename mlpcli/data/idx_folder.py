"""A folder of four IDX files, as MNIST and Fashion-MNIST are handed around."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from mlpcli.data.arrays import model_values
from mlpcli.data.catalog import DIGIT_NAMES
from mlpcli.data.dataset import Array, Rows
from mlpcli.data.idx import read_idx
from mlpcli.errors import DataError

Half = Literal["train", "t10k"]
DIMENSIONS = {"images": 3, "labels": 1}


def read_idx_folder(
    folder: Path, class_names: tuple[str, ...] = DIGIT_NAMES, key: str = "data.source", test_required: bool = False
) -> tuple[Rows, Rows | None]:
    """Training and test rows of {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz] (or with `.idx3-ubyte`).

    x: (n, h, w) uint8; y: (n,) int64 indices into class_names. The test pair may be missing unless it is required.
    `key` is the setting that named the folder.

    Raises:
        DataError: a file is missing or bad, the two of a pair differ in length, or a label is out of range.
    """
    train = read_idx_pair(folder, "train", class_names, key)
    if not test_required and not has_idx(folder, "t10k"):
        return train, None
    test = read_idx_pair(folder, "t10k", class_names, key)
    if train.x.shape[1:] != test.x.shape[1:]:
        raise DataError(
            f"{folder}: the training images are {_shape(train.x)}, the test images {_shape(test.x)}; they must agree"
        )
    return train, test


def has_idx(folder: Path, half: Half = "train") -> bool:
    """Whether the folder holds at least one IDX file of this half."""
    return any(find_idx(folder, half, what) for what in DIMENSIONS)


def has_whole_idx(folder: Path) -> bool:
    """Whether all four files are there."""
    return all(find_idx(folder, half, what) for half in ("train", "t10k") for what in DIMENSIONS)


def find_idx(folder: Path, half: str, what: str) -> Path | None:
    """The file of `what` ("images" or "labels"); the unpacked one where both are there."""
    return next((folder / name for name in idx_names(half, what) if (folder / name).exists()), None)


def idx_names(half: str, what: str) -> list[str]:
    """The names that such a file goes by."""
    number = DIMENSIONS[what]
    names = (f"{half}-{what}-idx{number}-ubyte", f"{half}-{what}.idx{number}-ubyte")
    return [name + end for name in names for end in ("", ".gz")]


def read_idx_pair(folder: Path, half: Half, class_names: tuple[str, ...], key: str) -> Rows:
    """Images and labels of one half as rows; arguments and errors as in `read_idx_folder`."""
    images, labels, label_path = read_idx_arrays(folder, half, key)
    _check_labels(label_path, labels, class_names)
    return Rows(images, labels.astype(np.int64))


def read_idx_arrays(folder: Path, half: Half, key: str) -> tuple[Array, Array, Path]:
    """Images and labels of one half as they are, and the path of the labels."""
    image_path, images = _read(folder, half, "images", key)
    label_path, labels = _read(folder, half, "labels", key)
    if len(images) != len(labels):
        raise DataError(
            f"{image_path} holds {len(images):,} images, but {label_path} {len(labels):,} labels;"
            " the two files must belong together"
        )
    return model_values(str(image_path), images), labels, label_path


def _read(folder: Path, half: str, what: str, key: str) -> tuple[Path, Array]:
    path = find_idx(folder, half, what)
    if path is None:
        names = ", ".join(idx_names(half, what))
        raise DataError(
            f"{folder}: the {what} file is missing, looked for {names}; put it there,"
            f" or set {key} to the folder that holds it"
        )
    values = read_idx(path)
    wanted, found = DIMENSIONS[what], values.ndim
    if (what == "labels") != (found == 1) or found == 2:
        raise DataError(f"{path}: has {found} dimensions ({_shape(values)}), but {what} have {wanted}; swap the files?")
    return path, values


def _check_labels(path: Path, labels: Array, class_names: tuple[str, ...]) -> None:
    if labels.dtype.kind not in "iu":
        raise DataError(f"{path}: holds {labels.dtype.name} values, but labels are whole numbers")
    wrong = np.flatnonzero((labels < 0) | (labels >= len(class_names)))
    if len(wrong):
        raise DataError(
            f"{path}: label {labels[wrong[0]]} in row {wrong[0]} (from 0) is out of range: there are"
            f" {len(class_names)} classes, 0 to {len(class_names) - 1} ({len(wrong):,} such labels);"
            " correct the labels, or save data with other classes as .npz"
        )


def _shape(values: Array) -> str:
    return " x ".join(str(size) for size in values.shape)
