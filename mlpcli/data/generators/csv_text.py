"""A generated set as a CSV, for those who want to see it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from mlpcli.data.catalog import CATALOG
from mlpcli.data.generators.loading import RECIPES, generate

if TYPE_CHECKING:
    from mlpcli.config.data import GenerateConfig


def csv_text(name: str, settings: GenerateConfig) -> str:
    """Header and rows: the columns, and the target behind them, classes by their names; the set's own numbers.

    Raises:
        SettingError: data.generate does not fit the set.
    """
    x, y = generate(name, settings)
    built_in = CATALOG[name]
    classes = built_in.class_names
    targets = y.tolist() if classes is None else [classes[index] for index in y.tolist()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(built_in.feature_names or ()), RECIPES[name].target])
    writer.writerows([*row, target] for row, target in zip(x.tolist(), targets, strict=True))
    return text.getvalue()
