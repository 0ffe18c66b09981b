"""A model is called saved only when the file, loaded back, scores what the model in memory scored."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from mlpcli.data.dataset import Part
from mlpcli.errors import OutputError
from mlpcli.inference import load_predictor
from mlpcli.training.feed import encode_targets

TOLERANCE = 1e-5
"""Relative; sums of float32 in another order differ by less."""


def check_reload(
    path: Path, chosen: dict[str, Any], part: Part, expected: dict[str, float], engine: str = "keras"
) -> None:
    """Load the file and compare loss and metrics on `part` with those from before saving.

    `engine`: what trained the model; "numpy" also loads it, anything else is Keras.

    Raises:
        OutputError: a number differs; the file cannot be trusted.
    """
    targets = encode_targets(part.y, chosen["labels"], len(chosen["class_names"] or ()))
    found = load_predictor(path, "numpy" if engine == "numpy" else "keras", scored=True).losses(part, targets)
    for name, value in expected.items():
        if not _same(found.get(name), value):
            raise OutputError(
                f"{path}: loaded back, {name} is {found.get(name)} and not {value}; the disk may be failing,"
                " so train again with another --runs-dir"
            )


def _same(found: float | None, value: float) -> bool:
    """NaN is the same as NaN: a metric may be undefined on some data."""
    if found is None:
        return False
    both_nan = math.isnan(found) and math.isnan(value)
    return both_nan or math.isclose(found, value, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
