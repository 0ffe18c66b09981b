"""What a model takes and predicts, as JSON: for the page's form, and for programs that ask before they send."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlpcli.modelfile.description import SavedNormalization
from mlpcli.serve.models import ServedModel
from mlpcli.tables.column_encoders import CategoryColumn, ColumnEncoder, ValueColumn, date_text, number_text
from mlpcli.tables.date_parts import DateParts
from mlpcli.tables.preprocessing import Preprocessing


def describe(model: ServedModel) -> dict[str, Any]:
    """The model, with an example of a row where it takes columns."""
    meaning, card, form = model.meaning, model.saved.card, model.layout.image
    return {
        "name": model.name,
        "title": card.name,
        "version": model.version,
        "takes": model.kind,
        "what": model.taken,
        "input_shape": list(model.input_shape),
        "picture": None if form is None else {"height": form.size[0], "width": form.size[1], "color": form.color},
        "columns": _columns(model),
        "task": meaning.task,
        "targets": list(meaning.targets),
        "classes": None if meaning.class_names is None else list(meaning.class_names),
        "score": meaning.score if meaning.class_names is not None else None,
        "units": list(model.layout.preprocessing.target_units) if model.layout.preprocessing is not None else [],
        "unfinished": card.unfinished,
    }


def _columns(model: ServedModel) -> list[dict[str, Any]] | None:
    """The columns that it takes, in their order; None where it takes none."""
    fitted = model.preprocessing
    if fitted is None or model.kind != "table":
        return None
    found = [_column(column, fitted) for column in fitted.columns]
    first = model.saved.layers[0].component
    if model.layout.preprocessing is None and isinstance(first, SavedNormalization) and first.mean is not None:
        # A model of an array or a built-in set knows no medians, but the means that it was scaled by.
        means = np.broadcast_to(np.asarray(first.mean, np.float64).ravel(), len(found))
        for entry, mean in zip(found, means.tolist(), strict=True):
            entry["default"] = float(f"{mean:.3g}")
    return found


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
    """A row of usual numbers and of the first categories."""
    columns = _columns(model)
    return None if columns is None else {column["name"]: column["default"] for column in columns}
