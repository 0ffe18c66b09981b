"""What a model takes and predicts, as JSON: for the page's form, and for programs that ask before they send."""

from __future__ import annotations

from typing import Any

from mlpcli.serve.models import ServedModel
from mlpcli.tables.column_encoders import CategoryColumn, ColumnEncoder, ValueColumn, date_text, number_text
from mlpcli.tables.date_parts import DateParts
from mlpcli.tables.preprocessing import Preprocessing


def describe(model: ServedModel) -> dict[str, Any]:
    """The model, with an example of a row where it takes columns."""
    meaning, card, form = model.meaning, model.saved.card, model.layout.image
    fitted = model.preprocessing if model.kind == "table" else None
    return {
        "name": model.name,
        "title": card.name,
        "version": model.version,
        "takes": model.kind,
        "what": model.taken,
        "input_shape": list(model.input_shape),
        "picture": None if form is None else {"height": form.size[0], "width": form.size[1], "color": form.color},
        "columns": None if fitted is None else [_column(column, fitted) for column in fitted.columns],
        "task": meaning.task,
        "targets": list(meaning.targets),
        "classes": None if meaning.class_names is None else list(meaning.class_names),
        "score": meaning.score if meaning.class_names is not None else None,
        "units": list(model.layout.preprocessing.target_units) if model.layout.preprocessing is not None else [],
        "unfinished": card.unfinished,
    }


def _column(column: ColumnEncoder, fitted: Preprocessing) -> dict[str, Any]:
    form = (fitted.options.formats or {}).get(column.name)
    unit = form.number.unit if form is not None and form.number is not None else ""
    if isinstance(column, CategoryColumn):
        default = column.categories[0] if column.categories else None
        found = {"kind": "category", "categories": list(column.categories), "gaps": column.missing or column.other}
    elif isinstance(column, (ValueColumn, DateParts)):
        default = _default(column)
        found = {"kind": column.kind, "gaps": column.indicator}
        if column.kind != "boolean" and column.low is not None and column.high is not None:
            found |= {"low": _shown(column, column.low), "high": _shown(column, column.high)}
    else:
        default, found = None, {"kind": "text", "gaps": True}
    return {"name": column.name, **found, "default": default, "unit": unit}


def _default(column: ValueColumn | DateParts) -> Any:
    """The median of the training rows; of booleans, what most of them are."""
    return bool(column.fill) if column.kind == "boolean" else _shown(column, column.fill)


def _shown(column: ValueColumn | DateParts, value: float) -> Any:
    if column.kind == "date":
        return date_text(value)
    text = number_text(value)
    return int(text) if text.lstrip("-").isdigit() else float(text)


def example_row(model: ServedModel) -> dict[str, Any] | None:
    """A row of medians and of the first categories."""
    fitted = model.preprocessing
    if fitted is None or model.kind != "table":
        return None
    return {column.name: _column(column, fitted)["default"] for column in fitted.columns}
