"""What every data source gives: rows, the names that belong to them, and the parts they are split into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array
from mlpcli.config.data_words import Task

if TYPE_CHECKING:
    from mlpcli.tables.preprocessing import Preprocessing
    from mlpcli.tables.profile import ColumnSummary


Kind = Literal["image", "table"]
Watch = Callable[[str, int, int], None]
"""Told how a long piece of loading goes: what is done ("decoding pictures"), how many are done, of how many."""
RowPlace = Callable[[int], str]
"""Where a person finds a row, by its index: "cat/12.jpg", "people.csv:17"."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Examples as they came from the file.

    x: (n, *input_shape), raw values; 8-bit pixels stay uint8, float64 has become float32.
    y: int64 class indices (n,), or float32 targets (n,), (n, k) where there are k > 1 targets.
    notes: in what they are unlike the training rows, where they are other rows of a table.
    place: None where a row has no other name than its index.
    """

    x: Array
    y: Array
    notes: tuple[str, ...] = ()
    place: RowPlace | None = None

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Framing:
    """How the training pictures show one thing each, on a plain background.

    box: its longer side, as a share of the picture's. at: the place (y, x), from 0 to 1, of its middle, which is
    that of its box or of its mass.
    """

    box: float
    by: Literal["box", "mass"] = "box"
    at: tuple[float, float] = (0.5, 0.5)


@dataclass(frozen=True)
class ImageForm:
    """How a picture becomes an example.

    size: (height, width). color: grayscale or rgb. fit: what happens to a picture of other proportions: "stretch",
    or "pad" with the colour of its border. border: mean brightness, 0 to 1, along the edges of the training pictures: a
    new picture with a bright border where this is dark is probably inverted. framing: None where the pictures do not
    show one thing each, or it is not known.
    """

    size: tuple[int, int]
    color: Literal["grayscale", "rgb"]
    fit: Literal["stretch", "pad"]
    border: float
    framing: Framing | None = None


@dataclass(frozen=True, eq=False)
class Source:
    """A whole data set, before it is split.

    class_names: None where the target is a number.
    pixel_max: for images, the largest value a pixel can have: 255 for 8-bit pixels, 16 for the digits,
        1 where all values lie in [0, 1]; None where it is not known, and for tables.
    preprocessing: what turned the columns of a table file into x; None for every other source.
    image: how pictures were made into x, for pictures yet to come; None for tables.
    columns: what was found in each column of a table file, whether it is used or not.
    notes: what people should know of the reading: what was skipped, dropped, found.
    """

    name: str
    kind: Kind
    train: Rows
    test: Rows | None
    class_names: tuple[str, ...] | None
    feature_names: tuple[str, ...] | None
    pixel_max: float | None
    preprocessing: Preprocessing | None = None
    image: ImageForm | None = None
    columns: tuple[ColumnSummary, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(int(size) for size in self.train.x.shape[1:])


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows of a source: its whole arrays, shared by all parts, and the int64 indices of the rows (ascending).

    place: as in `Rows`.
    """

    x: Array
    y: Array
    indices: npt.NDArray[np.int64]
    place: RowPlace | None = None

    def __len__(self) -> int:
        return len(self.indices)

    def arrays(self) -> tuple[Array, Array]:
        """x and y of this part alone: a copy, unless the part is everything. Not for rows on disk."""
        if np.array_equal(self.indices, np.arange(len(self.y))):
            return self.x, self.y
        return self.x[self.indices], self.y[self.indices]

    def spread(self, most: int) -> Part:
        """At most so many of its rows, evenly spread; itself where there are no more."""
        step = -(-len(self) // most)
        return self if step <= 1 else replace(self, indices=self.indices[::step])


@dataclass(frozen=True, eq=False)
class Splits:
    """The parts of a source; `validation` may be the same object as `test`."""

    train: Part
    validation: Part | None
    test: Part | None


def row_count(rows: Rows | Part | None) -> int | None:
    """The number of rows in each part; None if a part does not exist."""
    return None if rows is None else len(rows)


@dataclass(frozen=True)
class Layout:
    """What rows must look like to go with the training rows, and how files are made into such rows.

    targets: numbers per row (1 for classes). preprocessing, image, pixel_max: as in `Source`. any_shape: whether rows
    of another shape with as many values are put into input_shape, as `SavedModel.takes_any_shape` says.
    """

    input_shape: tuple[int, ...]
    class_names: tuple[str, ...] | None
    feature_names: tuple[str, ...] | None
    targets: int = 1
    preprocessing: Preprocessing | None = None
    image: ImageForm | None = None
    pixel_max: float | None = None
    any_shape: bool = False


def layout_of(source: Source) -> Layout:
    """The layout of a source's rows."""
    targets = source.train.y.shape[1] if source.train.y.ndim == 2 else 1
    return Layout(
        source.input_shape,
        source.class_names,
        source.feature_names,
        targets,
        source.preprocessing,
        source.image,
        source.pixel_max,
    )


@dataclass(frozen=True)
class DataFacts:
    """Facts about a data set and its parts.

    input_shape: of one example. targets: numbers to predict per row, 1 for classes.
    *_rows: None if the part does not exist or its size is unknown.
    found: where the data is, as text. pixel_max: as in `Source`. pass_through: columns that are 0 or 1 by nature, and
    are not scaled; None for arrays.
    """

    name: str
    kind: Kind
    input_shape: tuple[int, ...]
    task: Task
    class_names: tuple[str, ...] | None
    feature_names: tuple[str, ...] | None
    pixel_max: float | None
    targets: int
    train_rows: int | None
    validation_rows: int | None
    test_rows: int | None
    found: str
    pass_through: tuple[bool, ...] | None = None


Color = Literal["grayscale", "rgb"]
Fit = Literal["stretch", "pad"]
