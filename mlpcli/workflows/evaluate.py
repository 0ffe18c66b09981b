"""`mlpcli evaluate`: scores of a saved model on data it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import UserError

if TYPE_CHECKING:
    from mlpcli.inference import EngineName, Predictor
    from mlpcli.workflows.evaluation_rows import ChosenRows
    from mlpcli.workflows.model_metadata import Told


@dataclass(frozen=True)
class EvaluationResult:
    """The content of evaluation.json, with the model it is about, and lines that the user should read."""

    model: Path
    name: str
    evaluation: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    written: Path | None = None


def evaluate(
    model_or_run: str | Path,
    data: str | Path | None = None,
    split: str | None = None,
    output: str | Path | None = None,
    engine: EngineName = "auto",
    told: Told | None = None,
) -> EvaluationResult:
    """Score a model on the data it names, or on `data`.

    Args:
        model_or_run: a model file, or a run directory.
        data: other rows: a path or a built-in name; all of its rows (its test rows where it has some).
        split: test, validation or train of the model's own data; by default the first of these that exists.
        output: a folder for evaluation.json and its picture.
        engine: numpy, keras, or auto: NumPy, and Keras for what NumPy does not know.
        told: class names and scaling of a model that mlpcli has not written, which also needs `data`.

    Raises:
        ModelFileError: the file cannot be used.
        DataError, UserError: the data is not there, or not what the model takes.
    """
    from mlpcli.artifacts.model_file import kind_of
    from mlpcli.workflows.evaluation_rows import choose_rows
    from mlpcli.workflows.model_metadata import know_model

    known = know_model(model_or_run, told)
    file, metadata = known.file, known.metadata
    if known.stock and data is None:
        raise UserError(f"{file}: was not written by mlpcli and does not know its data; say --data")
    if output is not None and Path(output).exists() and not Path(output).is_dir():
        raise UserError(f"{output}: is a file; --output is a folder, for evaluation.json and its picture")
    rows = choose_rows(known, data, split)
    from mlpcli.evaluation import evaluate_part

    predictor = known.predictor(engine, scored=True)
    _check_shape(predictor, rows)
    chosen = {**metadata["plan"], "target_name": metadata["config"]["data"].get("target")}
    evaluation = evaluate_part(predictor, chosen, rows.part, rows.split, rows.train_targets)
    notes = list(rows.notes)
    if known.stock and kind_of(file) == "h5":
        notes.append("note: an .h5 that mlpcli has not written has no checksum: a changed weight would not be noticed")
    written = _write(Path(output), evaluation, notes) if output is not None else None
    return EvaluationResult(file.resolve(), str(metadata["name"]), evaluation, notes, written)


def _check_shape(predictor: Predictor, rows: ChosenRows) -> None:
    found = rows.part.x.shape[1:]
    if found != predictor.input_shape:
        raise UserError(
            f"{rows.split}: has rows of shape {found}, and the model takes {predictor.input_shape};"
            " give data of the kind it was trained on"
        )


def _write(folder: Path, evaluation: dict[str, Any], notes: list[str]) -> Path:
    from mlpcli.artifacts import run_directory
    from mlpcli.artifacts.files import write_json
    from mlpcli.errors import OutputError
    from mlpcli.plotting.run_plots import draw_evaluation
    from mlpcli.plotting.save import save_figure

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}; choose another --output") from error
    write_json(folder / run_directory.EVALUATION, evaluation)
    for stem, figure in draw_evaluation(folder).items():
        note = save_figure(figure, folder / f"{stem}.png")
        notes += [note] if note else []
    return folder.resolve()
