"""`mlpcli evaluate`: scores of a saved model on data it was not trained on."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli import __version__
from mlpcli.arrays import Array, check_finite
from mlpcli.config.data_paths import built_in_name
from mlpcli.config.data_words import BUILT_IN_NAMES
from mlpcli.config.schema import Config
from mlpcli.config.sections import DataConfig
from mlpcli.data.dataset import Layout, Part, Rows, Source, Splits
from mlpcli.data.facts import fingerprint
from mlpcli.data.load_data import LoadedData, load_data
from mlpcli.data.namesakes import namesake_of
from mlpcli.data.other_rows import in_shape, read_rows
from mlpcli.data.sources import found_note, load_source
from mlpcli.data_folder import VARIABLE_TOO, located, unpack_first
from mlpcli.errors import DataError, ModelFileError, SettingError, UserError
from mlpcli.files import reading
from mlpcli.language import speaking
from mlpcli.runs.read_run import language_in
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_files import is_table_path
from mlpcli.tables.table_reader import read_batches
from mlpcli.text import did_you_mean, listed, number, shown, with_spread
from mlpcli.workflows.member_scores import MEAN, member_scores, untouched
from mlpcli.workflows.prepare import check_splits
from mlpcli.workflows.recorded_data import recorded_data
from mlpcli.workflows.row_ranges import range_warning
from mlpcli.workflows.stock_tables import stock_preprocessing

if TYPE_CHECKING:
    from mlpcli.modelfile.card import ModelCard, Told
    from mlpcli.modelfile.chosen_threshold import Threshold
    from mlpcli.modelfile.saved_model import SavedModel
    from mlpcli.scoring.held_out import HeldOutPredictor
    from mlpcli.scoring.predictor import EngineName, Predictor


@dataclass(frozen=True, repr=False)
class EvaluationResult:
    """The content of evaluation.json, with the model it is about, and lines that the user should read.

    A notebook shows the scores, those of each class, and the confusion matrix.
    """

    model: Path
    name: str
    evaluation: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    written: Path | None = None

    @property
    def title(self) -> str:
        """The model's name, the split, and the number of rows."""
        return f"{self.name}: {self.evaluation['split']}, {self.evaluation['rows']:,} rows"

    def score_table(self) -> tuple[list[str], list[list[str]]]:
        """The columns and rows of the table of scores, with those of the baseline."""
        from mlpcli.scoring.probabilities import PROBABILITY_SCORES
        from mlpcli.scoring.scores import SCORES
        from mlpcli.scoring.threshold_curves import AREAS

        found = self.evaluation
        scores = {"loss": found["loss"], **found["metrics"]}
        more = [name for name in (*SCORES, *AREAS, *PROBABILITY_SCORES) if name in found and name not in scores]
        scores |= {name: found[name] for name in more if name != "log_loss" or not _is_loss(found)}
        baseline = found.get("baseline") or {}
        rows = [
            [name, number(value), number(baseline[name]) if name in baseline else ""] for name, value in scores.items()
        ]
        columns = ["score", "model", f"baseline: {baseline['name']}" if baseline else ""]
        if (folds := found.get("folds")) is not None:
            each = [_spread(folds, row[0]) for row in rows]
            return ["score", "all rows", "mean of folds", columns[2]], [
                [*row[:2], one, row[2]] for row, one in zip(rows, each, strict=True)
            ]
        members = found.get("members")
        if members is None:
            return columns, rows
        alone = [number(members["mean"][row[0]]) if row[0] in members["mean"] else "" for row in rows]
        return [*columns[:2], MEAN, *columns[2:]], [
            [*row[:2], one, *row[2:]] for row, one in zip(rows, alone, strict=True)
        ]

    def class_table(self) -> tuple[list[str], list[list[str]]]:
        """Precision, recall, F1 and support of each class; no rows for a regression."""
        columns = ["precision", "recall", "f1"]
        rows = [
            [row["name"], *(number(row[column]) for column in columns), f"{row['support']:,}"]
            for row in self.evaluation.get("per_class", [])
        ]
        return ["class", *columns, "support"], rows

    def matrix_table(self) -> tuple[list[str], list[list[str]]]:
        """The confusion matrix, true classes down; no rows for a regression, and for more classes than fit a screen."""
        names = self.evaluation.get("class_names", [])
        if "per_class" not in self.evaluation or len(names) > MOST_MATRIX_COLUMNS:
            return [], []
        matrix = self.evaluation["confusion_matrix"]
        rows = [[name, *map(str, row)] for name, row in zip(names, matrix, strict=True)]
        return ["true \\ predicted", *names], rows

    @property
    def calibrated(self) -> str | None:
        """What calibration did to these rows, as a sentence; None for a model without it."""
        from mlpcli.scoring.calibration import origin

        found = self.evaluation.get("calibration")
        if found is None:
            return None
        scores = ", ".join(f"{name} {number(value)}" for name, value in found["without"].items())
        return f"{origin(found)}; without it: {scores}"

    def target_table(self) -> tuple[list[str], list[list[str]]]:
        """The scores of each of several number targets; no rows for one."""
        scores = ("mae", "rmse", "r2")
        rows = [
            [shown(target["name"] or str(index + 1)), *(number(target[score]) for score in scores)]
            for index, target in enumerate(self.evaluation.get("targets", []))
        ]
        return ["target", *scores], rows

    def __repr__(self) -> str:
        scores = ", ".join(f"{name} {value}" for name, value, _ in self.score_table()[1])
        return f"<{type(self).__name__} {self.title}: {scores}>"

    def _repr_html_(self) -> str:
        from mlpcli.scoring.baselines import baseline_table
        from mlpcli.workflows import notebook

        columns, rows, said = baseline_table(self.evaluation)
        tables = (self.score_table(), (columns, rows), self.class_table(), self.matrix_table(), self.target_table())
        notes = notebook.lines([*self.notes, *([self.calibrated] if self.calibrated else []), *said])
        return notebook.page(self.title, notes, *(notebook.table(*table) for table in tables))


def _spread(folds: dict[str, Any], score: str) -> str:
    if score not in folds["mean"]:
        return ""
    return with_spread(folds["mean"][score], folds["standard_deviation"][score])


def _is_loss(evaluation: dict[str, Any]) -> bool:
    """Whether the log loss is what the loss says already: cross-entropy without penalties, label smoothing and such."""
    return math.isclose(evaluation["log_loss"], evaluation["loss"], rel_tol=SAME_LOSS)


SAME_LOSS = 1e-3
"""Relative. The loss knows the logits, and the log loss what is left of them in probabilities of 32 bits."""
MOST_MATRIX_COLUMNS = 20
"""A larger confusion matrix is in evaluation.json and in the picture only."""


def evaluate(
    model_or_run: str | Path,
    data: str | Path | None = None,
    split: str | None = None,
    output: str | Path | None = None,
    engine: EngineName = "auto",
    told: Told | None = None,
    baseline: bool = False,
    threshold: Threshold | None = None,
) -> EvaluationResult:
    """Score a model on the data it names, or on `data`.

    Args:
        model_or_run: a model file, a run directory, or a folder of `train_folds`: each row is scored by the run that
            held it out. With `data`, the outputs of the runs are averaged.
        data: other rows: a path or a built-in name; all of its rows (its test rows where it has some).
        split: test, validation or train of the model's own data; by default the first of these that exists.
        output: a folder for evaluation.json and its picture.
        engine: numpy, keras, or auto: NumPy where it can, else Keras.
        told: class names, scaling and columns of a model that mlpcli did not write; such a model also needs `data`.
        threshold: of a model of two classes with one output: above it the second class is predicted; "best": the one
            that `output.threshold` chose. By default 0.5.
        baseline: also train scikit-learn's linear model and MLP on the model's training rows, and score them.

    Raises:
        ModelFileError: the file cannot be used.
        DataError, UserError: the data is missing, or does not fit the model.
    """
    from mlpcli.modelfile.chosen_threshold import at_threshold
    from mlpcli.scoring.predictor import load_predictor
    from mlpcli.workflows.fold_models import open_model_or_folds

    said: list[str] = []
    folds = _held_out(Path(model_or_run), split, threshold, baseline, engine, told, said) if data is None else None
    model = folds.model if folds else at_threshold(open_model_or_folds(model_or_run, told, said.append), threshold)
    file, plan = model.path, model.card.plan
    if model.stock and data is None:
        raise UserError(f"{file}: was not written by mlpcli, so its data is unknown; give rows with --data")
    if output is not None and Path(output).exists() and not Path(output).is_dir():
        raise UserError(f"{output}: is a file; --output is a folder, for evaluation.json and its picture")
    if baseline and data is not None:
        raise UserError("--baseline: is trained and scored on the model's own rows; leave out --data")
    rows = folds.rows if folds else choose_rows(model, data, split)
    rows.notes[:0] = said
    from mlpcli.scoring.mistakes import WorstMistakes
    from mlpcli.scoring.probabilities import gives_probabilities, weights_note
    from mlpcli.scoring.scores import evaluate_part, with_names

    predictor = folds.predictor if folds else load_predictor(model, engine, scored=True, rows=len(rows.part))
    _check_shape(predictor, rows)
    probabilities = gives_probabilities(model.activation, model.meaning.outputs)
    planned = {**dict(plan), "class_names": rows.class_names, "probabilities": probabilities}
    planned["threshold"] = model.meaning.decides_at
    if model.card.calibration is not None and folds is None:  # each run has a temperature of its own
        planned["calibration"] = dict(model.card.calibration)
    chosen = with_names(planned, model.card.config.data.targets, model.card.layout)
    worst = WorstMistakes.of(chosen)
    evaluation = evaluate_part(predictor, chosen, rows.part, rows.split, rows.train_targets, worst)
    if folds is not None:
        evaluation["folds"] = folds.predictor.as_json()
    elif len(model.towers) > 1:
        evaluation["members"] = member_scores(model, engine, chosen, rows.part, rows.split)
    if baseline and rows.train is not None:
        seed = model.card.config.seed or 0
        evaluation["scikit_learn"] = baselines_of(plan.task, rows.class_names, rows.train, rows.part, seed)
    if model.chosen is not None:
        evaluation["threshold"] = model.chosen
    if threshold == "best" and model.card.best_threshold is not None:
        from mlpcli.scoring.thresholds import described

        rows.notes.append(f"note: {described(dict(model.card.best_threshold))}")
    weights = _class_weight(model.card) if probabilities else None
    if (note := weights_note(weights, rows.train_targets, len(rows.class_names or ()))) is not None:
        rows.notes.append(f"note: {note}")
    unfinished = model.card.unfinished_note
    notes = [*([unfinished] if unfinished is not None else []), *rows.notes]
    if model.stock and model.kind == "h5":
        notes.append("note: mlpcli did not write this .h5, so it has no checksum: a changed weight would go unnoticed")
    with speaking(language_in(model.card.config.model_extra or {})):
        written = None
    if output is not None:
        mistakes = worst.as_json(rows.part, model.card.layout, rows.split) if worst is not None else None
        written = _write(Path(output), model.card.name, evaluation, mistakes, notes)
    return EvaluationResult(file.resolve(), model.card.name, evaluation, notes, written)


@dataclass(frozen=True)
class _Folds:
    """A folder of folds: the model of its first run with the folder as its path, the rows, and who answers for them."""

    model: SavedModel
    rows: ChosenRows
    predictor: HeldOutPredictor


def _held_out(
    folder: Path,
    split: str | None,
    threshold: Threshold | None,
    baseline: bool,
    engine: EngineName,
    told: Told | None,
    notes: list[str],
) -> _Folds | None:
    """The rows that the runs of a folder of folds held out, each by its run; None where it is no such folder.

    Raises:
        UserError: an option that is for one run.
    """
    from mlpcli.modelfile.chosen_threshold import at_threshold
    from mlpcli.modelfile.saved_model import open_model
    from mlpcli.runs.directory import holds_folds
    from mlpcli.runs.read_run import finished_runs
    from mlpcli.scoring.held_out import HeldOut, HeldOutPredictor, all_rows
    from mlpcli.scoring.predictor import load_predictor

    folder = folder.expanduser()
    if not holds_folds(folder):
        return None
    given = {"--split": split, "--baseline": baseline or None, "--threshold best": threshold == "best" or None}
    if named := next((option for option, value in given.items() if value is not None), None):
        raise UserError(f"{named}: is for one run, and {folder} has several folds; leave it out, or give one of them")
    runs = finished_runs(folder, notes.append)
    models = [at_threshold(open_model(run, told), threshold) for run in runs]
    chosen = [choose_rows(model, None, "test") for model in models]
    notes += dict.fromkeys(note for rows in chosen for note in rows.notes)
    found = [
        HeldOut(run.name, load_predictor(model, engine, True, len(rows.part)), rows.part)
        for run, model, rows in zip(runs, models, chosen, strict=True)
    ]
    targets = np.concatenate([rows.train_targets for rows in chosen if rows.train_targets is not None])
    rows = ChosenRows(all_rows(found), OUT_OF_FOLD, models[0].card.plan.class_names, targets, [])
    return _Folds(replace(models[0], path=folder), rows, HeldOutPredictor(found))


OUT_OF_FOLD = "out of fold"
"""What the rows of folds are called in an evaluation."""


def baselines_of(
    task: str, class_names: tuple[str, ...] | None, train: Part, part: Part, seed: int
) -> list[dict[str, Any]]:
    """For evaluation.json (see `scikit_learn_baselines`)."""
    from mlpcli.scoring.baselines import scikit_learn_baselines

    return [asdict(found) for found in scikit_learn_baselines(task, class_names, train, part, seed)]


def _class_weight(card: ModelCard) -> str | dict[str, float] | None:
    """data.class_weight of the training; None for what cannot be one, as the config is not checked for other rows."""
    found = getattr(card.config.data, "class_weight", None)
    if isinstance(found, dict) and found and all(type(weight) in (int, float) for weight in found.values()):
        return found
    return "balanced" if found == "balanced" else None


def _check_shape(predictor: Predictor, rows: ChosenRows) -> None:
    found = rows.part.x.shape[1:]
    if found != predictor.input_shape:
        raise UserError(
            f"{rows.split}: has rows of shape {found}, but the model takes {predictor.input_shape};"
            " give data of the kind it was trained on"
        )


def _write(
    folder: Path, name: str, evaluation: dict[str, Any], mistakes: dict[str, Any] | None, notes: list[str]
) -> Path:
    from mlpcli.errors import OutputError
    from mlpcli.files import write_json
    from mlpcli.plotting.run_plots import draw_evaluation
    from mlpcli.plotting.style import save_figure
    from mlpcli.runs import directory as run_directory

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}; choose another --output") from error
    write_json(folder / run_directory.EVALUATION, evaluation)
    if mistakes is not None:
        write_json(folder / run_directory.MISTAKES, mistakes)
    for stem, figure in draw_evaluation(folder, name).items():
        note = save_figure(figure, folder / f"{stem}.png")
        notes += [note] if note else []
    return folder.resolve()


@dataclass(frozen=True)
class ChosenRows:
    """The rows to score, what they are called, and the training targets for the baseline where they are at hand.

    class_names: the model's; of a model that does not know them, those of the rows. train: the training rows, where
    they are at hand.
    """

    part: Part
    split: str
    class_names: tuple[str, ...] | None
    train_targets: Array | None
    notes: list[str]
    train: Part | None = None


def choose_rows(model: SavedModel, data: str | Path | None, split: str | None) -> ChosenRows:
    """The rows for `evaluate` (see there for the arguments and what is raised)."""
    if data is not None:
        if split is not None:
            raise UserError("--split chooses from the model's own rows; leave out --split or --data")
        rows = _other_rows(model, data)
        if (warning := range_warning(model, rows.part.x)) is not None:
            rows.notes.append(f"warning: {warning}")
        return replace(rows, part=replace(rows.part, x=model.told.divided(rows.part.x)))
    try:
        return _own_rows(model.path, config_of(model.path, model.card), model.card, split)
    except (SettingError, DataError) as error:
        raise DataError(
            f"{error} (the data that {model.path} was trained on); or give other rows with --data"
        ) from error


def _own_rows(file: Path, config: Config, card: ModelCard, split: str | None) -> ChosenRows:
    """The rows of the model's own data, split again as in training: the split depends on config and data alone.

    Of a model that is made of several runs, only rows that none of them has seen (see `untouched`).
    """
    fitted = card.data.preprocessing
    settings, notes = recorded_data(config.data, file)
    if fitted is not None:
        # Rows are drawn in another way where they are streamed, which must not depend on the memory of this machine.
        streaming = "always" if card.data.streamed else "never"
        settings = settings.model_copy(update={"streaming": streaming})
    data = load_data(settings, config.seed, fitted)
    source, splits = data.source, data.splits
    if not _is_unchanged(card, settings, data):
        notes.append(
            f"warning: {config.data.source} has changed since this model was trained; the parts are not the same rows"
        )
    check_splits(config.data, source, splits)
    if card.made_of:
        splits, said = untouched(file, card, settings, data, split)
        notes += said
    part, name = _choose(splits, split)
    targets = splits.train.y[splits.train.indices]
    return ChosenRows(part, name, card.plan.class_names, targets, notes, splits.train)


def _is_unchanged(card: ModelCard, settings: DataConfig, data: LoadedData) -> bool:
    """Whether the data is that of the training."""
    first = card.made_of[0] if card.made_of else None
    if first is not None and first.preprocessing is not None:
        data = load_data(settings, first.seed or 0, first.preprocessing)
        return fingerprint(data.source, data.splits) == first.fingerprint
    return fingerprint(data.source, data.splits) == card.data.fingerprint


def config_of(file: Path, card: ModelCard) -> Config:
    """The config of a model's training.

    Raises:
        ModelFileError: it is one of another mlpcli, or damaged.
    """
    try:
        return Config.model_validate(card.config.model_dump(exclude_unset=True))
    except ValueError as error:  # pydantic's own, and what is nested without end
        found = f"its config, written by mlpcli {card.version}, is not valid in mlpcli {__version__}"
        raise ModelFileError(f"{file}: {found}; give rows with --data") from error


def _choose(splits: Splits, split: str | None) -> tuple[Part, str]:
    parts = {"test": splits.test, "validation": splits.validation, "train": splits.train}
    there = [name for name, part in parts.items() if part is not None]
    name = split or there[0]
    part = parts[name]
    if part is None:
        raise UserError(f"this model's data has no {name} rows; choose from {', '.join(there)}")
    return part, name


def _other_rows(model: SavedModel, data: str | Path) -> ChosenRows:
    """The rows of --data, encoded with the model's classes and columns."""
    layout, classes, notes = model.card.layout, model.card.plan.class_names, []
    name = built_in_name(str(data))
    layout = replace(layout, any_shape=model.takes_any_shape)
    own, said = namesake_of("--data", Path(str(data))) if name == str(data) else (None, [])
    notes += [f"note: {note}" for note in said]
    if name is not None and own is None:
        model.told.refuse_columns(f"{data} is a built-in set")
        rows, classes = _built_in_rows(model, name)
        rows = in_shape(name, rows, layout)
        notes += [f"note: {note}" for note in rows.notes]
    else:
        path = located(data)
        if not path.exists() and not is_table_path(path):
            near = did_you_mean(str(data), BUILT_IN_NAMES)
            way = "" if near else "; give a path, or the name of a built-in set"
            more = unpack_first(path.absolute()) or ("" if path.is_absolute() else VARIABLE_TOO)
            raise DataError(f"--data {data}: does not exist{way}{more and f'; {more}'}{near}")
        if path != Path(data).expanduser():
            notes.append(f"note: {found_note('--data', path)}")
        layout = _with_columns(model, path, layout, notes)
        rows = read_rows("--data", path, layout)
        word = "note" if model.stock or not is_table_path(path) else "warning"
        notes += [f"{word}: {note}" for note in rows.notes]
        check_finite(str(data), rows.x, rows.y, layout.feature_names)
    return ChosenRows(Part(rows.x, rows.y, np.arange(len(rows))), str(data), classes, None, notes)


def _with_columns(model: SavedModel, path: Path, layout: Layout, notes: list[str]) -> Layout:
    """The model's layout; of a model that knows no columns, with those of the table."""
    if not is_table_path(path):
        model.told.refuse_columns(f"{path} is not a table")
    elif model.takes_tables:
        with reading(path):
            fitted, said = stock_preprocessing(str(path), read_batches(path, ReadOptions()), model, scored=True)
        notes += said
        return replace(layout, preprocessing=fitted, feature_names=fitted.feature_names)
    return layout


def _built_in_rows(model: SavedModel, name: str) -> tuple[Rows, tuple[str, ...] | None]:
    """The rows of a built-in set, and the names of their classes, which are the model's where it knows them."""
    trained_on = model.card.config.data
    path = trained_on.path if trained_on.source == name else None
    if path is not None and not Path(path).exists():
        path = None  # the name alone was typed: the set is looked for anew
    columns = model.card.data.feature_names  # the model's own, in its own order
    source: Source = load_source(DataConfig(source=name, path=path, features=list(columns) if columns else None))
    classes = model.card.plan.class_names
    if model.stock and model.told.class_names is None and len(source.class_names or ()) == len(classes or ()):
        classes = source.class_names or None
    if (source.class_names or ()) != (classes or ()):
        raise UserError(
            f"--data {name}: has the classes {_listed(source.class_names)}, but the model knows {_listed(classes)};"
            " give rows of the model's classes"
        )
    return source.test or source.train, classes


def _listed(names: Any) -> str:
    return listed(list(names), 5) if names else "none (a number)"
