"""The target column as class indices or numbers; it travels with the model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.config.suggestions import shown
from mlpcli.data.dataset import Array
from mlpcli.data.tables.column_names import check_columns, file_of, listed_columns
from mlpcli.data.tables.conversion import as_numbers
from mlpcli.data.tables.distinct import distinct_texts
from mlpcli.data.tables.target_guess import called_target
from mlpcli.data.tables.usable_rows import gap_mask
from mlpcli.data.wording import plural, quoted
from mlpcli.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from mlpcli.data.tables.raw_table import RawTable


@dataclass(frozen=True)
class TargetEncoder:
    """name: the target's column, None where it is not known.

    class_names: in the order of their indices; None where the target is a number.
    positions: whether labels may also be the positions of classes, 0, 1, 2 ..., where their names are no numbers.
    """

    name: str | None
    class_names: tuple[str, ...] | None
    positions: bool = False

    def name_in(self, table: RawTable, features: Collection[str]) -> str | None:
        """The target's column in this table, None where there is none.

        Where the name is not known, it is the one column that is no feature; of several, the one called as targets are.
        """
        if self.name is not None:
            return self.name if self.name in table.names else None
        others = [name for name in table.names if name not in features]
        return others[0] if len(others) == 1 else called_target(others)

    def found_in(self, table: RawTable, features: Collection[str]) -> TargetEncoder:
        """The same with the name of the column in this table.

        Raises:
            DataError: the table has no target.
        """
        if self.name is not None:
            check_columns(table, [self.name])
            return self
        name = self.name_in(table, features)
        if name is None:
            others = listed_columns([name for name in table.names if name not in features])
            raise DataError(
                f"{file_of(table)}: which column is the target? Beside the features it has {others or 'none'};"
                " call it target"
            )
        return replace(self, name=name)

    def encode(self, table: RawTable) -> Array:
        """int64 class indices (n,), or float32 numbers (n,), of a table that has the column `name`.

        Labels are compared as texts; 1, 1.0 and "1" are one class.

        Raises:
            DataError: a label that no training row had, a value that is no finite number, or a row without a target.
        """
        name = self.name or ""
        column = table.columns[name]
        gaps = gap_mask(column)
        if gaps.any():
            raise DataError(
                f"{table.place(int(gaps.argmax()))}: {shown(name)}: has no value"
                f" ({plural(int(gaps.sum()), 'such row', 'such rows')} in all); fill it in, or leave out the row"
            )
        if self.class_names is None:
            return as_numbers(column, name, table.place).astype(np.float32)
        return self._indices(column, table, self.class_names)

    def as_json(self) -> dict[str, Any]:
        """For the model's metadata."""
        names = None if self.class_names is None else list(self.class_names)
        return {"name": self.name, "class_names": names, "positions": self.positions}

    def _indices(self, column: pa.ChunkedArray, table: RawTable, names: tuple[str, ...]) -> Array:
        known = {name: index for index, name in enumerate(names)}
        if self.positions and not any(name.lstrip("-").isdecimal() for name in names):
            known.update({str(index): index for index in range(len(names))})
        texts, codes = distinct_texts(column)
        table_of_indices = np.array([known.get(text or "", -1) for text in texts] or [-1], np.int64)
        indices: Array = table_of_indices[codes]
        unknown = indices < 0
        if unknown.any():
            row = int(unknown.argmax())
            raise DataError(
                f'{table.place(row)}: {shown(self.name or "")}: the label "{shown(texts[codes[row]] or "")}" was in no'
                f" training row ({plural(int(unknown.sum()), 'row has', 'rows have')} unknown labels); the classes are"
                f" {quoted(names)}; correct the labels, or train with rows of them"
            )
        return indices
