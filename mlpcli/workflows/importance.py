"""`mlpcli importance`: which columns a model needs, by shuffling one at a time. No TensorFlow where NumPy will do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.batches import take_rows
from mlpcli.errors import UserError
from mlpcli.files import write_json
from mlpcli.runs import directory as run_directory
from mlpcli.text import listed, number, plural
from mlpcli.workflows.evaluate import choose_rows

if TYPE_CHECKING:
    from mlpcli.modelfile.card import Told
    from mlpcli.modelfile.saved_model import SavedModel
    from mlpcli.scoring.importance import ColumnImportance, Group
    from mlpcli.scoring.predictor import EngineName
    from mlpcli.workflows.evaluate import ChosenRows

MOST_ROWS = 20_000
MOST_PREDICTIONS = 10_000_000
"""Rows times columns times repeats: some ten seconds of a small network."""
FEWEST_ROWS = 500
MOST_REPEATS = 1000


@dataclass(frozen=True, repr=False)
class ImportanceResult:
    """What the score loses by each column, the largest loss first. A notebook shows it as a table.

    score: of the model as it is, on `rows` rows of `split`. written: importance.json; None where it was not written.
    """

    model: Path
    name: str
    split: str
    rows: int
    metric: str
    score: float
    repeats: int
    columns: list[ColumnImportance]
    notes: list[str] = field(default_factory=list)
    written: Path | None = None

    @property
    def title(self) -> str:
        """The model's name, the rows, and the score that is lost."""
        return f"{self.name}: {self.split}, {self.rows:,} rows, {self.metric} {number(self.score)}"

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Columns and rows, the most important first."""
        rows = [[column.name, number(column.mean), number(column.deviation)] for column in self.columns]
        return ["column", f"{self.metric} lost", "±"], rows

    def as_json(self) -> dict[str, Any]:
        """The content of importance.json."""
        about = {"split": self.split, "rows": self.rows, "metric": self.metric, "score": self.score}
        return {**about, "repeats": self.repeats, "columns": [asdict(column) for column in self.columns]}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.title}: {', '.join(column.name for column in self.columns[:5])}>"

    def _repr_html_(self) -> str:
        from mlpcli.workflows import notebook

        return notebook.page(self.title, notebook.lines(self.notes), notebook.table(*self.table()))


def importance(
    model_or_run: str | Path,
    data: str | Path | None = None,
    split: str | None = None,
    metric: str | None = None,
    repeats: int = 5,
    seed: int = 0,
    engine: EngineName = "auto",
    told: Told | None = None,
) -> ImportanceResult:
    """Shuffle the cells of one column at a time, and see what the score loses.

    For a run directory and its own rows, the result is also written there, as importance.json, which `plot` and
    `report` draw. Of very many rows, a sample is used, and the notes say so.

    Args:
        model_or_run, data, split, engine, told: as of `evaluate`.
        metric: of classes accuracy (the default), balanced_accuracy, macro_f1 or log_loss; of numbers r2 (the default),
            rmse or mae.
        repeats: how many times to shuffle each column, from 1 to 1,000.
        seed: of the shuffling; the same seed gives the same numbers.

    Raises:
        ModelFileError: the file cannot be used.
        DataError, UserError: the data is missing or does not fit, the model takes pictures, or a metric does not fit.
    """
    from mlpcli.modelfile.saved_model import open_model
    from mlpcli.scoring.importance import Judge, column_importances
    from mlpcli.scoring.predictor import load_predictor

    if not 1 <= repeats <= MOST_REPEATS:
        raise UserError(f"--repeats: must be from 1 to {MOST_REPEATS:,} (got {repeats:,})")
    if seed < 0:
        raise UserError(f"--seed: must be 0 or more (got {seed})")
    model = open_model(model_or_run, told)
    if model.stock and data is None:
        raise UserError(f"{model.path}: was not written by mlpcli, so its data is unknown; give rows with --data")
    rows = choose_rows(model, data, split)
    groups = _groups(model, rows.part.x.shape[1:])
    metric = _checked(metric, model.card.plan.task)
    classes = None if model.card.plan.task == "regression" else tuple(rows.class_names or ())
    judge = Judge(metric, classes, model.meaning.decides_at)
    if metric == "log_loss":
        _need_probabilities(model)
    x, y, notes = _drawn(rows, len(groups) * repeats, seed)
    predictor = load_predictor(model, engine, rows=len(y) * len(groups) * repeats)
    score, columns = column_importances(predictor, x, y, groups, judge, repeats, seed)
    found = ImportanceResult(
        model.path.resolve(), model.card.name, rows.split, len(y), metric, score, repeats, columns,
        [*rows.notes, *notes],
    )  # fmt: skip
    own = Path(model_or_run).is_dir() and data is None
    return _written(found, Path(model_or_run)) if own else found


def _written(found: ImportanceResult, run: Path) -> ImportanceResult:
    path = run / run_directory.IMPORTANCE
    write_json(path, found.as_json())
    return replace(found, written=path.resolve())


def _checked(metric: str | None, task: str) -> str:
    """The metric, or the default of the task."""
    from mlpcli.scoring.importance import FOR_CLASSES, FOR_NUMBERS

    allowed = FOR_NUMBERS if task == "regression" else FOR_CLASSES
    if metric is None:
        return allowed[0]
    if metric in allowed:
        return metric
    predicted = "a number is" if task == "regression" else "classes are"
    raise UserError(f"--metric: must be one of {listed(list(allowed), 5)} where {predicted} predicted (got {metric})")


def _need_probabilities(model: SavedModel) -> None:
    from mlpcli.scoring.probabilities import gives_probabilities

    if not gives_probabilities(model.activation, model.meaning.outputs):
        raise UserError("--metric: log_loss needs probabilities, which this model does not give; leave it out")


def _groups(model: SavedModel, shape: tuple[int, ...]) -> list[Group]:
    """The columns, each with its inputs; of an array a column each, by name or number."""
    layout = model.card.layout
    if layout.image is not None or len(shape) != 1:
        raise UserError(
            f"{model.path}: takes pictures or rows of shape {shape}, but importance is about columns;"
            " mlpcli plot RUN --only mistakes shows the pictures that it gets wrong"
        )
    if layout.preprocessing is not None and len(layout.preprocessing.feature_names) == shape[0]:
        return layout.preprocessing.groups
    names = layout.feature_names or model.told.inputs or ()
    if len(names) != shape[0]:
        names = tuple(f"input {place + 1}" for place in range(shape[0]))
    return [(name, slice(place, place + 1)) for place, name in enumerate(names)]


def _drawn(rows: ChosenRows, shuffles: int, seed: int) -> tuple[Array, Array, list[str]]:
    """Rows (n, inputs) and their targets, and a note where there are more than are taken."""
    part = rows.part
    most = min(MOST_ROWS, max(FEWEST_ROWS, MOST_PREDICTIONS // max(1, shuffles)))
    taken, notes = part.indices, []
    if len(part) > most:
        taken = np.sort(np.random.default_rng(seed).choice(part.indices, most, replace=False))
        notes = [f"note: {most:,} of {plural(len(part), 'row', 'rows')}, drawn by --seed"]
    return take_rows(part.x, taken), part.y[taken], notes
