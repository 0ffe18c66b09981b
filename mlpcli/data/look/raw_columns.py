"""The columns of a table as people know them: one of theirs may have become several of the model's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlpcli.config.suggestions import shown
from mlpcli.data.dataset import Source
from mlpcli.data.wording import listed, yaml_list


@dataclass(frozen=True)
class RawColumn:
    """A column of the file, and which columns of x (n, width) were made of it; name: None where there is none."""

    name: str | None
    where: slice

    @property
    def label(self) -> str:
        """`column "age"`, or the place of a column without a name."""
        return f'column "{shown(self.name)}"' if self.name is not None else f"column {self.where.start} (from 0)"


def raw_columns(source: Source) -> list[RawColumn]:
    """The columns of a table source, in order; none for images."""
    if source.kind != "table" or source.train.x.ndim != 2:
        return []
    if source.preprocessing is not None:
        return [RawColumn(name, where) for name, where in source.preprocessing.groups]
    names = source.feature_names or (None,) * source.train.x.shape[1]
    return [RawColumn(name, slice(index, index + 1)) for index, name in enumerate(names)]


def labels(columns: Sequence[RawColumn]) -> str:
    """The first ten, with commas."""
    return listed([column.label for column in columns])


def how_to_exclude(columns: Sequence[RawColumn]) -> str:
    """`data.exclude: [alive]`, or in words where the columns have no names."""
    names = [column.name for column in columns if column.name is not None]
    return f"data.exclude: {yaml_list(names)}" if names else f"leave {'it' if len(columns) == 1 else 'them'} out of x"
