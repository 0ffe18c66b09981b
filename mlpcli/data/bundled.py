"""The sets bundled with scikit-learn: digits, iris, wine, breast_cancer, diabetes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlpcli.data.catalog import BuiltIn
from mlpcli.data.columns import choose_columns
from mlpcli.data.dataset import Array, Rows, Source

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig


def load_bundled(built_in: BuiltIn, data: DataConfig) -> Source:
    """Load one of scikit-learn's sets; it has no test rows of its own.

    Raises:
        SettingError: data.features, data.exclude or data.target does not fit it.
    """
    columns = choose_columns(built_in.name, built_in.kind, built_in.feature_names, data)
    x, y = _arrays(built_in)
    names = built_in.feature_names
    if columns is not None and names is not None:
        x, names = (np.ascontiguousarray(x[:, columns]), tuple(names[column] for column in columns))
    return Source(built_in.name, built_in.kind, Rows(x, y), None, built_in.class_names, names, built_in.pixel_max)


def _arrays(built_in: BuiltIn) -> tuple[Array, Array]:
    from sklearn import datasets

    if built_in.name == "digits":
        digits = datasets.load_digits()
        # Their values are whole numbers from 0 to 16, stored by scikit-learn as float64.
        return digits.images.astype(np.uint8), digits.target.astype(np.int64)
    if built_in.name == "diabetes":
        diabetes = datasets.load_diabetes(scaled=False)
        return diabetes.data.astype(np.float32), diabetes.target.astype(np.float32)
    table = getattr(datasets, f"load_{built_in.name}")()
    return table.data.astype(np.float32), table.target.astype(np.int64)
