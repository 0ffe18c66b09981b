"""Preprocessing out of a model file, which may come from a stranger: everything is checked before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlpcli.data.tables.column_encoders import CategoryColumn, ColumnEncoder, ValueColumn
from mlpcli.data.tables.read_options import ReadOptions
from mlpcli.data.tables.target_encoder import TargetEncoder

MOST_COLUMNS = 1_000_000
MOST_NAMES = 1_000_000
LARGEST = 3.4028235e38
"""What float32 holds."""


def read_parts(value: object, keys: Sequence[str], what: str) -> list[Any]:
    """The values of exactly these keys, in this order.

    Raises:
        ValueError: it is no mapping with these keys.
    """
    if not isinstance(value, dict) or set(value) != set(keys):
        raise ValueError(f"preprocessing: {what} should hold {', '.join(keys)}")
    return [value[key] for key in keys]


def read_columns(value: object) -> tuple[ColumnEncoder, ...]:
    """Encoders of columns, each of another column."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST_COLUMNS:
        raise ValueError("preprocessing: columns should be a list that is not empty")
    columns = tuple(_column(entry) for entry in value)
    if len({column.name for column in columns}) < len(columns):
        raise ValueError("preprocessing: two columns have the same name")
    return columns


def read_target(value: object) -> TargetEncoder:
    """The encoder of the target."""
    name, class_names, positions = read_parts(value, ("name", "class_names", "positions"), "target")
    if name is not None:
        _text(name, "the target's name")
    names = None if class_names is None else _texts(class_names, "class_names")
    if names is not None and len(names) == 0:
        raise ValueError("preprocessing: class_names is empty")
    return TargetEncoder(name, names, _flag(positions, "positions"))


def read_options(value: object) -> ReadOptions:
    """How the training file was read."""
    separator, encoding, na_values = read_parts(value, ("separator", "encoding", "na_values"), "options")
    if separator is not None and len(_text(separator, "separator")) != 1:
        raise ValueError("preprocessing: separator should be one character")
    if encoding is not None:
        _text(encoding, "encoding")
    return ReadOptions(separator, encoding, _texts(na_values, "na_values"))


def read_missing(value: object) -> Any:
    """As data.missing."""
    if value not in ("impute", "drop", "error"):
        raise ValueError("preprocessing: missing should be impute, drop or error")
    return value


def _column(value: object) -> ColumnEncoder:
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "category":
        name, _, categories, other, missing = read_parts(
            value, ("name", "kind", "categories", "other", "missing"), "a category"
        )
        column = CategoryColumn(
            _text(name, "a name"), _texts(categories, "categories"), _flag(other, "other"), _flag(missing, "missing")
        )
        if not column.pass_through:
            raise ValueError(f"preprocessing: the column {name!r} has no categories")
        return column
    if kind not in ("number", "boolean", "date"):
        raise ValueError("preprocessing: a column has a kind that is not known")
    name, _, fill, indicator = read_parts(value, ("name", "kind", "fill", "indicator"), f"a {kind}")
    if isinstance(fill, bool) or not isinstance(fill, (int, float)) or not abs(fill) <= LARGEST:  # nor NaN
        raise ValueError("preprocessing: fill should be a finite number")
    return ValueColumn(_text(name, "a name"), kind, float(fill), _flag(indicator, "indicator"))


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"preprocessing: {what} should be text")
    return value


def _texts(value: object, what: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or len(value) > MOST_NAMES:
        raise ValueError(f"preprocessing: {what} should be a list of texts")
    texts = tuple(_text(entry, what) for entry in value)
    if len(set(texts)) < len(texts):
        raise ValueError(f"preprocessing: {what} holds a text twice")
    return texts


def _flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"preprocessing: {what} should be true or false")
    return value
