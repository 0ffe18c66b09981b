"""Turns a table into x and y, as learnt from the training rows; stored with the model as JSON, checked when loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from mlpcli.arrays import Array, row_chunks
from mlpcli.config.base import MOST_BINS
from mlpcli.config.data_words import ColumnKind
from mlpcli.errors import DataError, SettingError
from mlpcli.machine import in_threads
from mlpcli.tables.column_encoders import CategoryColumn, ColumnEncoder, ValueColumn
from mlpcli.tables.column_fitters import ColumnFitter, fitter_for
from mlpcli.tables.column_format import ColumnFormat
from mlpcli.tables.date_parts import FARTHEST, DatePart, DateParts, DatePartsFitter
from mlpcli.tables.dates import DateFormat, Form, Order
from mlpcli.tables.line_edit import PLAIN_LINES, LineRules
from mlpcli.tables.number_format import Decimal, NumberFormat
from mlpcli.tables.raw_table import RawTable, ReadOptions, check_columns, gap_mask, usable_rows
from mlpcli.tables.target import TargetEncoder
from mlpcli.text import first_notes, plural, shown

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig


Missing = Literal["impute", "drop", "error"]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Preprocessing:
    """How rows of a table become rows of x (n, width) float32, and their targets y.

    columns: one encoder per column that is used, in the order of x. options: how the training file was read.
    missing: as data.missing; with drop and error, a row to be encoded must not have missing values.
    """

    columns: tuple[ColumnEncoder, ...]
    target: TargetEncoder
    options: ReadOptions
    missing: Missing

    @property
    def source_names(self) -> tuple[str, ...]:
        """The columns that a table must have; others, and the target, it may have."""
        return tuple(column.name for column in self.columns)

    @property
    def kinds(self) -> dict[str, ColumnKind]:
        """As what these columns are read."""
        return {column.name: column.kind for column in self.columns}

    @property
    def target_units(self) -> tuple[str, ...]:
        """The unit that was written with the numbers of each target; empty where there was none."""
        forms = [(self.options.formats or {}).get(name) for name in self.target.names]
        return tuple(form.number.unit if form is not None and form.number is not None else "" for form in forms)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns of x (width,): "age", "age is missing", "port = S", "port = (other)", ..."""
        return tuple(name for column in self.columns for name in column.feature_names)

    @property
    def pass_through(self) -> tuple[bool, ...]:
        """Which columns of x (width,) always lie between 0 and 1 and therefore are not scaled."""
        return tuple(flag for column in self.columns for flag in column.pass_through)

    @property
    def groups(self) -> list[tuple[str, slice]]:
        """Each column of the table, with the slice of columns of x that it became."""
        ends = np.cumsum([len(column.pass_through) for column in self.columns]).tolist()
        spans = zip(self.columns, [0, *ends], ends, strict=False)
        return [(column.name, slice(start, end)) for column, start, end in spans]

    @property
    def groups_without_bins(self) -> list[tuple[str, slice]]:
        """The same slices without the bins of a number, which say nothing that the number does not."""
        groups = zip(self.columns, self.groups, strict=True)
        return [(name, slice(where.start, where.stop - column.bins)) for column, (name, where) in groups]

    def encode(self, table: RawTable) -> Array:
        """x, float32 (n, width), all finite. Columns are found by name; each row depends on nothing but itself.

        Raises:
            DataError: columns are missing, a value is of the wrong kind, or is missing where it may not be.
        """
        check_columns(table, self.source_names)
        if self.missing != "impute":
            self._refuse_gaps(table)
        cells = in_threads(lambda column: column.cells(table), self.columns, len(table) * len(self.columns))
        x = np.zeros((len(table), len(self.pass_through)), np.float32)
        columns = list(zip(self.columns, cells, (where for _, where in self.groups), strict=True))

        def encode(rows: slice) -> None:  # row by row, so that what is written lies together
            for column, found, where in columns:
                column.encode_cells(found[rows], x[rows, where])

        in_threads(encode, list(row_chunks(x)), x.size)
        return x

    def encode_target(self, table: RawTable) -> Array:
        """y: int64 class indices (n,), or float32 numbers (n,), (n, k) of k > 1 targets.

        Raises:
            DataError: there is no target column, a row has no target, or a label is unknown.
        """
        return self.target.found_in(table, self.source_names).encode(table)

    def kept_rows(self, table: RawTable, with_target: bool) -> Indices:
        """Rows that can be used, int64, ascending: with a target, if asked, and without gaps under data.missing: drop.

        Raises:
            DataError: columns are missing.
        """
        check_columns(table, self.source_names)
        targets = self.target.found_in(table, self.source_names).names if with_target else ()
        return usable_rows(table, self.source_names, targets, self.missing)

    def as_json(self) -> dict[str, Any]:
        """For the model's metadata."""
        return {
            "columns": [column.as_json() for column in self.columns],
            "target": self.target.as_json(),
            "options": self.options.as_json(),
            "missing": self.missing,
        }

    @classmethod
    def from_json(cls, value: object) -> Preprocessing:
        """From the model's metadata.

        Raises:
            ValidationError: it is not what as_json gives; a ValueError of pydantic's that names the fields.
        """
        return StoredPreprocessing.model_validate(value).restored()

    def _refuse_gaps(self, table: RawTable) -> None:
        for name in self.source_names:
            gaps = gap_mask(table.columns[name])
            if gaps.any():
                raise DataError(
                    f"{table.place(int(gaps.argmax()))}: {shown(name)}: has no value"
                    f" ({plural(int(gaps.sum()), 'such row', 'such rows')}), and the model does not accept missing"
                    " values; fill it in, leave out the row, or train with data.missing: impute"
                )


def fit_preprocessing(
    training: Iterable[RawTable],
    kinds: Mapping[str, ColumnKind],
    target: TargetEncoder,
    data: DataConfig,
    options: ReadOptions,
) -> tuple[Preprocessing, list[str]]:
    """Learn medians, categories, bins and where gaps are from the training rows, in batches of any size.

    The memory is bounded (see `column_fitters`). Rows that training leaves out anyway (no target, or gaps under
    data.missing: drop) do not count.

    Returns:
        the preprocessing, and notes for the user: grouped categories, columns that are uninformative in these rows.

    Raises:
        DataError: no row is left, a value is of the wrong kind, or data.missing is error and there is a gap.
        SettingError: no column is left.
    """
    fitters = [_fitter(number, name, kinds, data) for number, name in enumerate(kinds)]
    rows, place = 0, None
    for batch in training:
        place = place or (batch.place if len(batch) else None)
        kept = usable_rows(batch, kinds, target.names, data.missing)
        table = batch if len(kept) == len(batch) else batch.take(kept)
        rows += len(table)
        values = len(table) * len(fitters)
        in_threads(lambda fitter: fitter.add(table), fitters, values)  # noqa: B023 - all are called before the next one
    if rows == 0:
        file = f"{place(0).rpartition(':')[0]}: " if place else ""
        raise DataError(f"{file}no training row is left: all lack the target or other values; see data.missing")
    return _learnt(in_threads(lambda fitter: fitter.finish(), fitters, rows * len(fitters)), target, data, options)


def fit_to_rows(
    table: RawTable,
    rows: Indices,
    kinds: Mapping[str, ColumnKind],
    target: TargetEncoder,
    data: DataConfig,
    options: ReadOptions,
) -> tuple[Preprocessing, list[str]]:
    """The same, from some rows of a table in memory that training does not leave out; raises as `fit_preprocessing`.

    Each column is copied by itself, and forgotten once it is learnt from. Copying all of them first would need memory
    that the process does not have yet, and take as long as the learning itself.
    """

    def fit(numbered: tuple[int, str]) -> _Fitted:
        number, name = numbered
        fitter = _fitter(number, name, kinds, data)
        fitter.add(table.select([name]).take(rows))
        return fitter.finish()

    return _learnt(in_threads(fit, list(enumerate(kinds)), len(rows) * len(kinds)), target, data, options)


_Fitted = tuple[ColumnEncoder | None, str]
"""As `ColumnFitter.finish` returns it."""


def _fitter(number: int, name: str, kinds: Mapping[str, ColumnKind], data: DataConfig) -> ColumnFitter:
    bins = data.numeric_encoding.bins if data.numeric_encoding is not None else 0
    if kinds[name] == "date" and data.dates == "parts":
        return DatePartsFitter(name, number, len(kinds), bins)
    return fitter_for(name, kinds[name], number, len(kinds), bins)


def _learnt(
    fitted: Sequence[_Fitted], target: TargetEncoder, data: DataConfig, options: ReadOptions
) -> tuple[Preprocessing, list[str]]:
    encoders, notes = zip(*fitted, strict=True)
    columns = tuple(encoder for encoder in encoders if encoder is not None)
    if not columns:
        raise SettingError("data.features", f"no column is informative in the training rows: {'; '.join(notes[:5])}")
    return Preprocessing(columns, target, options, data.missing), first_notes([note for note in notes if note])


def plain_preprocessing(
    feature_names: tuple[str, ...], class_names: tuple[str, ...] | None, target_names: tuple[str, ...]
) -> Preprocessing:
    """The preprocessing of a model trained on arrays with column names: all columns are numbers, gaps are errors.

    Without `target_names`, the target is the only column beside the features, or the one with a usual target name.
    """
    columns = tuple(ValueColumn(name, "number", 0.0, False) for name in feature_names)
    target = TargetEncoder(target_names, class_names, positions=True)
    return Preprocessing(columns, target, ReadOptions(formats={}), "error")


Read = Callable[[ReadOptions, int], Iterator[RawTable]]
"""Rows in batches of a given size, from the beginning each time."""


def fitting_options(read: Read, preprocessing: Preprocessing) -> ReadOptions:
    """The options for a new file: detected, since its encoding or separator may differ from the training file's.

    If the model's columns are then missing, but not with the training file's options, those; or else, where lines were
    left out of the training file (data.header ...) that this one does not have, the same without leaving any out.
    """
    stored = preprocessing.options
    found = replace(stored, separator=None, encoding=None)
    candidates = tuple(dict.fromkeys((found.rules, PLAIN_LINES)))
    if found == stored and len(candidates) == 1:
        return found
    tried = [found, stored, replace(found, rules=candidates[-1])]
    return next((options for options in tried if _has_columns(read, options, preprocessing)), found)


def _has_columns(read: Read, options: ReadOptions, preprocessing: Preprocessing) -> bool:
    try:
        first = next(iter(read(options, 1)), None)
    except (DataError, SettingError):
        return False
    return first is not None and set(preprocessing.source_names) <= set(first.names)


LARGEST = float(np.finfo(np.float32).max)
MOST_ENTRIES = 1_000_000


def _without_repeats(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("holds a text twice")
    return names


_Texts = Annotated[tuple[str, ...], Field(strict=False, max_length=MOST_ENTRIES)]
"""In JSON a list."""
_Names = Annotated[_Texts, AfterValidator(_without_repeats)]


class _Stored(BaseModel):
    """A part of the JSON: no value is converted. An unknown key is refused, as it might change what rows become."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)


_Edge = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
_Edges = Annotated[tuple[_Edge, ...], Field(strict=False, max_length=MOST_BINS + 1)]
"""Only where data.numeric_encoding makes bins."""


def _check_edges(edges: _Edges) -> None:
    if len(edges) < 3 or not (np.diff(np.array(edges, np.float32)) > 0).all():
        raise ValueError("has bins whose edges are not three numbers or more, each above the one before it")


class _StoredValues(_Stored):
    name: str
    kind: ColumnKind
    fill: Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
    indicator: bool
    low: Annotated[float, Field(allow_inf_nan=False)] | None = None
    high: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """Not in model files of version 0.2, nor are the rare categories."""
    edges: _Edges | None = None

    def encoder(self) -> ValueColumn:
        assert self.kind != "category"  # has a form of its own
        return ValueColumn(self.name, self.kind, self.fill, self.indicator, self.low, self.high, self.edges or ())

    @model_validator(mode="after")
    def _has_bins(self) -> _StoredValues:
        if self.edges is None:
            return self
        if self.kind == "boolean":
            raise ValueError("has bins, but is a boolean")
        _check_edges(self.edges)
        return self


class _StoredCategories(_Stored):
    name: str
    kind: Literal["category"]
    categories: _Names
    other: bool
    missing: bool
    rare: _Names | None = None

    def encoder(self) -> CategoryColumn:
        return CategoryColumn(self.name, self.categories, self.other, self.missing, self.rare)

    @model_validator(mode="after")
    def _is_a_column(self) -> _StoredCategories:
        if not (self.categories or self.other or self.missing):
            raise ValueError("has no categories")
        return self


_Day = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]


class _StoredDateParts(_Stored):
    name: str
    kind: Literal["date"]
    parts: Annotated[tuple[DatePart, ...], Field(strict=False), AfterValidator(_without_repeats)]
    fill: _Day
    indicator: bool
    low: _Day
    high: _Day
    edges: _Edges | None = None

    def encoder(self) -> DateParts:
        learnt = self.fill, self.indicator, self.low, self.high, self.edges or ()
        return DateParts(self.name, self.parts, *learnt)

    @model_validator(mode="after")
    def _is_a_column(self) -> _StoredDateParts:
        if not (self.parts or self.indicator):
            raise ValueError("has no parts")
        if self.edges is not None:
            _check_edges(self.edges)
        return self


def _form(value: Any) -> str:
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "date" and "parts" in value:
        return "DateParts"
    return "CategoryColumn" if kind == "category" else "ValueColumn"


_StoredColumn = Annotated[
    Annotated[_StoredValues, Tag("ValueColumn")]
    | Annotated[_StoredCategories, Tag("CategoryColumn")]
    | Annotated[_StoredDateParts, Tag("DateParts")],
    Discriminator(_form),
]


class _StoredTarget(_Stored):
    name: str | Annotated[_Names, Field(min_length=2)] | None
    class_names: Annotated[_Names, Field(min_length=1)] | None
    positions: bool

    @model_validator(mode="after")
    def _classes_of_one(self) -> _StoredTarget:
        if isinstance(self.name, tuple) and self.class_names is not None:
            raise ValueError("has several columns with classes")
        return self

    def restored(self) -> TargetEncoder:
        names = self.name if isinstance(self.name, tuple) else () if self.name is None else (self.name,)
        return TargetEncoder(names, self.class_names, self.positions)


class _StoredNumbers(_Stored):
    decimal: Decimal
    unit: str
    unit_first: bool
    grouped: bool


class _StoredDates(_Stored):
    form: Form
    order: Order
    pattern: str


class _StoredFormat(_Stored):
    number: _StoredNumbers | None
    date: _StoredDates | None
    gaps: _Texts
    values: _Texts

    def restored(self) -> ColumnFormat:
        number = None if self.number is None else NumberFormat(**dict(self.number))
        date = None if self.date is None else DateFormat(**dict(self.date))
        return ColumnFormat(number, date, self.gaps, self.values)


class _StoredRules(_Stored):
    header: Annotated[int, Field(ge=1)] | Literal["none"] | None
    skip: Annotated[int, Field(ge=0)] | Annotated[tuple[int, ...], Field(strict=False, max_length=MOST_ENTRIES)]
    comment: Annotated[str, Field(min_length=1, max_length=1)] | None
    totals: _Texts


class _StoredOptions(_Stored):
    separator: Annotated[str, Field(min_length=1, max_length=4)] | None
    encoding: str | None
    na_values: _Texts | None
    formats: dict[str, _StoredFormat] | None = None
    """None in model files of version 0.2, where an empty na_values meant the usual ones."""
    rules: _StoredRules | None = None

    def restored(self) -> ReadOptions:
        formats = {name: form.restored() for name, form in (self.formats or {}).items()}
        na_values = None if self.formats is None and not self.na_values else self.na_values
        rules = PLAIN_LINES if self.rules is None else LineRules(**dict(self.rules))
        return ReadOptions(self.separator, self.encoding, na_values, formats, rules)


class StoredPreprocessing(_Stored):
    """What `Preprocessing.as_json` gives, checked: a model file may come from anywhere."""

    columns: Annotated[tuple[_StoredColumn, ...], Field(strict=False, min_length=1, max_length=MOST_ENTRIES)]
    target: _StoredTarget
    options: _StoredOptions
    missing: Missing

    @field_validator("columns")
    @classmethod
    def _differ(cls, columns: tuple[_StoredColumn, ...]) -> tuple[_StoredColumn, ...]:
        if len({column.name for column in columns}) < len(columns):
            raise ValueError("two columns have the same name")
        return columns

    def restored(self) -> Preprocessing:
        """The preprocessing that was stored."""
        columns = tuple(column.encoder() for column in self.columns)
        return Preprocessing(columns, self.target.restored(), self.options.restored(), self.missing)
