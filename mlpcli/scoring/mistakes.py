"""The worst mistakes: of classes, what is wrong with the highest probability; of numbers, the largest errors.

They are found while a part is scored, and only these rows are looked at again: pictures become small PNG files, cells
of a table the texts that stood there, as far as the network's inputs tell.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.batches import take_rows
from mlpcli.data.dataset import Layout, Part
from mlpcli.errors import MlpcliError
from mlpcli.scoring.probabilities import class_probabilities, predicted_classes
from mlpcli.tables.column_encoders import number_text
from mlpcli.text import number, one_line

MOST_MISTAKES = 25
MOST_CELLS, LONGEST_CELL = 40, 60
LARGEST_SIDE = 96
"""Pixels of a stored picture; larger ones are made smaller."""
FEWEST_PIXELS = 4
"""A side of fewer is no picture, but a small table."""


@dataclass(frozen=True)
class Rules:
    """How outputs are read. class_names: None for a number. threshold: of a binary model with one output.

    probable: whether the outputs are probabilities of the classes.
    """

    class_names: tuple[str, ...] | None
    threshold: float = 0.5
    probable: bool = True


class WorstMistakes:
    """Keeps the worst of any number of batches, and counts all that are wrong."""

    def __init__(self, rules: Rules) -> None:
        self.rules, self.wrong = rules, 0
        # Of each: row of the source, badness, true and predicted class or number.
        self.kept: Array = np.zeros((0, 4))

    def add(self, rows: Array, true: Array, outputs: Array) -> None:
        """Rows (n,) of the source, their class indices or numbers (n,), and outputs (n, units)."""
        true = true.reshape(len(true)).astype(np.float64)
        if self.rules.class_names is None:
            predicted = outputs[:, 0].astype(np.float64)
            badness = np.nan_to_num(np.abs(predicted - true), nan=np.inf)
        else:
            predicted, badness = self._classes(outputs)
        chosen = np.flatnonzero(predicted != true)
        self.wrong += len(chosen)
        new = np.stack([rows.astype(np.float64), badness, true, predicted], axis=1)[chosen]
        both = np.concatenate([self.kept, new])
        # The earlier row first where two are as bad, so that the order does not depend on the batches.
        self.kept = both[np.lexsort((both[:, 0], -both[:, 1]))[:MOST_MISTAKES]]

    def _classes(self, outputs: Array) -> tuple[Array, Array]:
        """Predicted classes (n,), and how sure the model is of them."""
        predicted = predicted_classes(outputs, self.rules.threshold)
        sure = class_probabilities(outputs)[np.arange(len(outputs)), predicted]
        return predicted.astype(np.float64), sure

    @classmethod
    def of(cls, chosen: Mapping[str, Any]) -> WorstMistakes | None:
        """For what `evaluate_part` takes; None of several numbers, which have no order in common."""
        if chosen["task"] == "regression":
            return cls(Rules(None)) if chosen["targets"] == 1 else None
        names = tuple(chosen["class_names"] or ())
        return cls(Rules(names, chosen["threshold"], bool(chosen.get("probabilities"))))

    def as_json(self, part: Part, layout: Layout, split: str) -> dict[str, Any]:
        """The content of mistakes.json: `split`, `rows`, `wrong`, and `mistakes`, the worst first.

        Each has `place`, `true`, `predicted`, `probability` (None for a number, and where outputs are none), and
        `picture` (PNG in base64) or `cells` (pairs of a column's name and its text), or neither.
        """
        rows = self.kept[:, 0].astype(np.int64)
        x = take_rows(part.x, rows) if len(rows) else np.zeros((0, *part.x.shape[1:]))
        found = [
            {**self._answers(kept), "place": place_of(part, int(row)), **_shown(x[place], layout)}
            for place, (row, kept) in enumerate(zip(rows, self.kept, strict=True))
        ]
        kind = "number" if self.rules.class_names is None else "classes"
        return {"split": split, "rows": len(part), "predicts": kind, "wrong": self.wrong, "mistakes": found}

    def _answers(self, kept: Array) -> dict[str, Any]:
        _, badness, true, predicted = kept.tolist()
        names = self.rules.class_names
        if names is None:
            return {"true": number_text(np.float32(true).item()), "predicted": number(predicted), "probability": None}
        probability = round(badness, 4) if self.rules.probable else None
        return {"true": names[int(true)], "predicted": names[int(predicted)], "probability": probability}


def place_of(part: Part, row: int) -> str:
    """Where a person finds the row; by its number where the file has changed or gone since it was read."""
    if part.place is not None:
        with suppress(MlpcliError, OSError, IndexError):
            place = part.place(row)
            return re.split(r"[/\\]", place)[-1] if Path(place).is_absolute() else place
    return f"row {row + 1:,}"


def _shown(row: Array, layout: Layout) -> dict[str, Any]:
    """What is shown of one row, as the model takes it."""
    shape = row.shape
    if len(shape) in (2, 3) and min(shape[:2]) >= FEWEST_PIXELS and shape[2:] in ((), (1,), (3,)):
        return {"picture": _picture(row, layout.pixel_max)}
    cells = list(_cells(row, layout)) if len(shape) == 1 else []
    return {"cells": cells[:MOST_CELLS]} if cells else {}


def _cells(row: Array, layout: Layout) -> Iterator[tuple[str, str]]:
    fitted = layout.preprocessing
    if fitted is not None and len(fitted.feature_names) == len(row):
        for column, (name, where) in zip(fitted.columns, fitted.groups, strict=True):
            yield one_line(name, LONGEST_CELL), one_line(column.text_of(row[where]), LONGEST_CELL)
    elif layout.feature_names is not None and len(layout.feature_names) == len(row):
        for name, value in zip(layout.feature_names, row.tolist(), strict=True):
            yield one_line(name, LONGEST_CELL), number_text(value)


def _picture(pixels: Array, largest: float | None) -> str:
    """A PNG of (height, width), (height, width, 1) or (height, width, 3) raw values, in base64.

    largest: of all pixels; where it is not known, that of this picture.
    """
    from PIL import Image

    values = np.nan_to_num(pixels.astype(np.float64))
    low = min(0.0, float(values.min()))
    top = largest or float(values.max()) or 1.0
    bytes_ = np.clip((values - low) / max(top - low, 1e-12) * 255, 0, 255).round().astype(np.uint8)
    picture = Image.fromarray(bytes_[..., 0] if bytes_.shape[2:] == (1,) else bytes_)
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    content = io.BytesIO()
    picture.save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode("ascii")
