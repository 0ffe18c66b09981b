"""Rows from another file (a path in data.validation or data.test), in the shape and classes of the training rows."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Layout, RowPlace, Rows
from mlpcli.data.idx import has_idx, read_idx_arrays
from mlpcli.data.images.class_folders import is_class_folder
from mlpcli.data.npz import checked_pair, feature_names_in, names_in, read_npz
from mlpcli.data.targets import encode_like, is_one_hot
from mlpcli.data_folder import VARIABLE_TOO, unpack_first
from mlpcli.errors import DataError, SettingError
from mlpcli.files import reading
from mlpcli.tables.table_files import is_table_path
from mlpcli.tables.unlike import UnlikeTraining
from mlpcli.text import did_you_mean

if TYPE_CHECKING:
    from mlpcli.tables.preprocessing import Preprocessing
    from mlpcli.tables.raw_table import RawTable


def read_rows(key: str, path: Path, layout: Layout) -> Rows:
    """Rows from a table, an .npz file with x and y, a folder of class folders, or of IDX files (t10k where it has it).

    `key` is the setting that names the path.

    Raises:
        SettingError: the path does not exist, or its file type is unsupported.
        DataError: the file is bad, or its rows do not go with the training rows.
    """
    with reading(path):
        return _checked(path, _read(key, path, layout), layout)


def _read(key: str, path: Path, layout: Layout) -> Rows:
    if is_table_path(path):
        return _from_table(key, path, layout)
    if not path.exists():
        way = unpack_first(path) or f"give a fraction or a path; {VARIABLE_TOO}"
        raise SettingError(key, f"{path}: not found; {way}{did_you_mean(path.name, ['test'])}")
    if path.is_dir() and (has_idx(path, "t10k") or has_idx(path, "train")):
        return _from_idx(key, path, layout)
    if path.suffix.lower() == ".npz":
        return _from_npz(path, layout)
    if is_class_folder(path):
        return _from_images(key, path, layout)
    raise SettingError(
        key, f"{path}: unsupported file type; use a table, an .npz file, or a folder of pictures or IDX files"
    )


def _from_idx(key: str, folder: Path, layout: Layout) -> Rows:
    images, labels, label_path = read_idx_arrays(folder, "t10k" if has_idx(folder, "t10k") else "train", key)
    return Rows(images, encode_like(str(label_path), labels, layout.class_names))


def _from_npz(path: Path, layout: Layout) -> Rows:
    arrays = read_npz(path)
    halved = layout.any_shape and "x" not in arrays and "x_test" in arrays
    names = ("x_test", "y_test") if halved else ("x", "y")
    x, y = checked_pair(path, arrays, *names)
    own_features = feature_names_in(path, arrays, x.shape)
    if layout.feature_names and own_features:
        x = _same_columns(path, x, own_features, layout.feature_names)
    own_classes = names_in(path, arrays, "class_names")
    if layout.any_shape and layout.class_names and is_one_hot(y) and y.shape[1] == len(layout.class_names):
        return Rows(
            x, y.argmax(axis=1).astype(np.int64), (f"{path}: {names[1]} is one-hot: its columns are the classes",)
        )
    return Rows(x, encode_like(f"{path}: {names[1]}", y, layout.class_names, own_classes))


def _from_table(key: str, path: Path, layout: Layout) -> Rows:
    """Encoded as the training rows were; names alone do, where these were no table of columns but had names."""
    from mlpcli.tables.preprocessing import fitting_options, plain_preprocessing
    from mlpcli.tables.table_reader import read_batches, read_table

    preprocessing = layout.preprocessing
    if preprocessing is None and layout.feature_names is None:
        kind = "are pictures" if layout.image else "have no column names"
        raise SettingError(key, f"{path}: is a table, but the training rows {kind}; give rows of the same kind")
    if preprocessing is None:
        preprocessing = plain_preprocessing(layout.feature_names or (), layout.class_names, ())
    options = fitting_options(lambda options, rows: read_batches(path, options, rows), preprocessing)
    raw, _, _ = read_table(path, options)
    return labelled_rows(path, raw, preprocessing)


def labelled_rows(path: Path, raw: RawTable, preprocessing: Preprocessing) -> Rows:
    """The rows of a table that have a target (n, width), encoded.

    Raises:
        DataError: the target column is missing, or no row has a target.
    """
    kept = preprocessing.kept_rows(raw, with_target=True)
    if len(kept) == 0:
        raise DataError(f"{path}: none of its {len(raw):,} rows can be used: all lack the target or other values")
    if len(kept) < len(raw):
        raw = raw.take(kept)
    raw = raw.as_kinds({**preprocessing.target.found_in(raw, preprocessing.source_names).kinds, **preprocessing.kinds})
    unlike = UnlikeTraining(preprocessing)
    x = preprocessing.encode(raw)
    unlike.add(raw)
    return Rows(x, preprocessing.encode_target(raw), tuple(unlike.notes()), row_place(raw))


MOST_PLACED = 20_000
"""Rows of a table that are named by their lines: to count these, the file is read once more, a tenth of a second."""


def row_place(raw: RawTable) -> RowPlace | None:
    """Where the rows of a table stand; None for many."""
    return raw.place if len(raw) <= MOST_PLACED else None


def _from_images(key: str, path: Path, layout: Layout) -> Rows:
    from mlpcli.data.images.load_images import example_of, read_image_rows

    if layout.image is None or layout.class_names is None:
        raise SettingError(
            key, f"{path}: holds pictures, but the training rows are not labelled pictures; give the same kind of rows"
        )
    rows = read_image_rows(key, path, layout.image, layout.class_names)
    return replace(rows, x=example_of(rows.x, layout.input_shape, layout.pixel_max))


def _same_columns(path: Path, x: Array, own: tuple[str, ...], wanted: tuple[str, ...]) -> Array:
    """The training columns, found by name: another order or more columns do not matter."""
    missing = [name for name in wanted if name not in own]
    if missing:
        raise DataError(f"{path}: lacks the columns {', '.join(missing[:20])}, which the training rows have; add them")
    return x if own == wanted else x[:, [own.index(name) for name in wanted]]


def in_shape(name: str, rows: Rows, layout: Layout) -> Rows:
    """The rows in the shape that the model takes, where layout.any_shape allows it and they hold as many values."""
    found = rows.x.shape[1:]
    if not layout.any_shape or found == layout.input_shape or prod(found) != prod(layout.input_shape):
        return rows
    x = rows.x.reshape(-1, *layout.input_shape)
    return replace(rows, x=x, notes=(*rows.notes, f"{name}: rows of the shape {found} become {layout.input_shape}"))


def _checked(path: Path, rows: Rows, layout: Layout) -> Rows:
    rows = in_shape(str(path), rows, layout)
    if rows.x.shape[1:] != layout.input_shape:
        raise DataError(
            f"{path}: its rows have the shape {rows.x.shape[1:]}, but the training rows {layout.input_shape};"
            " they must agree"
        )
    targets = rows.y.shape[1] if rows.y.ndim == 2 else 1
    if targets != layout.targets:
        raise DataError(f"{path}: has {targets} targets per row, but the training rows {layout.targets}")
    return rows
