"""A folder of folds as one model, the average of its finished runs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.errors import UserError
from mlpcli.modelfile.card import Told
from mlpcli.modelfile.saved_model import open_model
from mlpcli.runs.directory import holds_folds

if TYPE_CHECKING:
    from mlpcli.modelfile.saved_model import SavedModel


def open_model_or_folds(model_or_run: str | Path, told: Told | None, note: Callable[[str], None]) -> SavedModel:
    """A model file, that of a run, or the average of the runs in a folder of folds, which `note` is told.

    Raises:
        as `open_model` and `mlpcli.combine`.
    """
    folder = Path(model_or_run).expanduser()
    if not holds_folds(folder):
        return open_model(model_or_run, told)
    from mlpcli.runs.read_run import finished_runs
    from mlpcli.workflows.combine import combine

    if told not in (None, Told()):
        raise UserError(f"{folder}: its runs know their classes, scaling and columns; leave out the options for them")
    runs = finished_runs(folder, note)
    if len(runs) == 1:
        return open_model(runs[0])
    with tempfile.TemporaryDirectory(prefix="mlpcli-") as place:
        made = combine(runs, Path(place) / "average.keras")
        model = open_model(made.model)
    note(f"note: {folder}: the average of {len(runs)} runs")
    return replace(model, path=folder)
