"""The two numbers that a row consists of, where it consists of two: the axes of a picture of all possible rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Layout
from mlpcli.tables.column_encoders import ValueColumn
from mlpcli.tables.preprocessing import Preprocessing


@dataclass(frozen=True)
class PlaneInputs:
    """Names and units ("" where there is none) of both numbers; columns: what encodes them, None for rows of arrays."""

    names: tuple[str, str]
    units: tuple[str, str]
    columns: tuple[ValueColumn, ValueColumn] | None = None

    def encode(self, points: Array) -> Array:
        """x (n, width) float32, as the cells of a table would be encoded, of points (n, 2)."""
        if self.columns is None:
            return points.astype(np.float32)
        x = np.zeros((len(points), sum(len(column.pass_through) for column in self.columns)), np.float32)
        first = len(self.columns[0].pass_through)
        for number, (column, out) in enumerate(zip(self.columns, (x[:, :first], x[:, first:]), strict=True)):
            column.encode_cells(points[:, number].astype(np.float64), out)
        return x

    def points(self, x: Array) -> Array:
        """The points (n, 2) float32 that rows x (n, width) stand for; a gap has its column's median."""
        second = 1 if self.columns is None else len(self.columns[0].pass_through)
        return np.asarray(x[:, [0, second]], np.float32)


def plane_inputs(layout: Layout) -> PlaneInputs | None:
    """Both inputs of rows of this layout; None where they are not two numbers, or more than one number is predicted."""
    if layout.targets != 1 or layout.image is not None:
        return None
    if layout.preprocessing is not None:
        return _of_table(layout.preprocessing)
    if layout.input_shape != (2,):
        return None
    first, second = layout.feature_names or ("input 1", "input 2")
    return PlaneInputs((first, second), ("", ""))


def _of_table(preprocessing: Preprocessing) -> PlaneInputs | None:
    columns = [
        column for column in preprocessing.columns if isinstance(column, ValueColumn) and column.kind == "number"
    ]
    if len(columns) != 2 or len(preprocessing.columns) != 2:
        return None
    first, second = columns
    return PlaneInputs(
        (first.name, second.name), (_unit(preprocessing, first), _unit(preprocessing, second)), (first, second)
    )


def _unit(preprocessing: Preprocessing, column: ValueColumn) -> str:
    form = (preprocessing.options.formats or {}).get(column.name)
    return form.number.unit if form is not None and form.number is not None else ""
