"""`mlpcli predict`: predictions of a saved model for pictures, table rows and arrays."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Layout, Part, Watch
from mlpcli.errors import ModelFileError, OutputError, UserError
from mlpcli.files import replace_file
from mlpcli.modelfile.card import Meaning
from mlpcli.tables.table_writer import CsvStyle, open_table_output
from mlpcli.text import number, plural
from mlpcli.workflows.input_batches import InputBatch
from mlpcli.workflows.predict_inputs import PredictionInputs
from mlpcli.workflows.predict_output import AnswerColumns, Answers, SavedInputs, answer_table, answers
from mlpcli.workflows.spread import Spread

if TYPE_CHECKING:
    from mlpcli.modelfile.card import Told
    from mlpcli.modelfile.chosen_threshold import Threshold
    from mlpcli.modelfile.saved_model import SavedModel
    from mlpcli.scoring.predictor import EngineName, Predictor
    from mlpcli.tables.number_format import NumberFormat
    from mlpcli.tables.preprocessing import Preprocessing
    from mlpcli.tables.raw_table import RawTable
    from mlpcli.workflows.predict_inputs import Input


@dataclass(frozen=True, eq=False, repr=False)
class PredictionResult:
    """All predictions.

    predictions: one dictionary per row, as `--json` prints them: input, row, label and probability (and top), or value.
    outputs: the network's, (n, units). written: the file of `output`, where one was asked for.
    """

    model: Path
    name: str
    task: str
    predictions: list[dict[str, Any]]
    outputs: Array
    notes: list[str] = field(default_factory=list)
    written: Path | None = None

    def __repr__(self) -> str:
        rows = plural(len(self.predictions), "prediction", "predictions")
        return f"<{type(self).__name__} {self.name}: {rows}; written: {self.written}>"

    def _repr_html_(self) -> str:
        from mlpcli.workflows import notebook

        shown = self.predictions[:MOST_SHOWN]
        columns = [key for key in (shown[0] if shown else {}) if key != "top"]
        rows = [[_cell(entry.get(column, "")) for column in columns] for entry in shown]
        more = len(self.predictions) - len(shown)
        said = [*self.notes, *([f"and {plural(more, 'row', 'rows')} more, in .predictions"] if more else [])]
        return notebook.page(self.name, notebook.table(columns, rows), notebook.lines(said))


def _cell(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)


MOST_SHOWN = 20
"""Rows that a notebook shows."""


def prepare_prediction(
    model_or_run: str | Path,
    inputs: Sequence[Input],
    top: int = 1,
    invert: bool | None = None,
    output: str | Path | None = None,
    save_input: str | Path | None = None,
    note: Callable[[str], None] = lambda text: None,
    stdin: IO[bytes] | None = None,
    engine: EngineName = "auto",
    told: Told | None = None,
    wanted: AnswerColumns | None = None,
    strict: bool = False,
    crop: bool | None = None,
    threshold: Threshold | None = None,
    spread: bool = False,
) -> PreparedPrediction:
    """Check model and inputs (see `predict` for the arguments and what is raised).

    `note` is called with texts for the user, such as that a picture is inverted; `stdin` is what `-` reads.
    """
    from mlpcli.modelfile.chosen_threshold import at_threshold
    from mlpcli.modelfile.saved_model import assumed_of_pictures
    from mlpcli.workflows.fold_models import open_model_or_folds
    from mlpcli.workflows.predict_inputs import Reading, a_kind, open_inputs
    from mlpcli.workflows.predict_output import check_folder, check_output
    from mlpcli.workflows.row_ranges import range_warning

    model = at_threshold(open_model_or_folds(model_or_run, told, note), threshold)
    file, layout, meaning = model.path, model.card.layout, model.meaning
    if spread and model.members < 2:
        raise UserError(
            f"--spread: {file} is a single network, but a spread needs several; combine runs of several seeds"
            " (mlpcli combine runs/people -o best.keras), train with model.members, or leave it out"
        )
    if model.card.unfinished_note is not None:
        note(model.card.unfinished_note)
    if threshold == "best" and model.card.best_threshold is not None:
        from mlpcli.scoring.thresholds import described

        note(f"note: {described(dict(model.card.best_threshold))}")
    top = meaning.check_top(top)
    output, folder = (Path(path).expanduser() if path is not None else None for path in (output, save_input))
    if folder is not None:
        check_folder(folder)
    if model.takes_any_shape:
        layout = replace(layout, any_shape=True)
    reading = Reading(layout, meaning.targets, stdin, invert, note, strict, crop, _fit(model, note))
    opened = open_inputs(inputs, reading)
    if opened.kind != "table":
        model.told.refuse_columns(f"the input is {a_kind(opened.kind)}")
    if model.stock and opened.kind == "picture" and (assumed := assumed_of_pictures(model)):
        note(assumed)
    if opened.kind != "picture" and (warning := range_warning(model, next(opened.batches()).x)) is not None:
        note(f"warning: {warning}")
    wanted = wanted or AnswerColumns()
    if output is not None:
        check_output(output, opened, inputs, file)
    elif wanted != AnswerColumns():
        raise UserError("--columns, --probabilities and --no-bom need --output; give a file with it")
    if wanted.probabilities and meaning.class_names is None:
        raise UserError("--probabilities: the model predicts numbers and knows no classes; leave it out")
    return PreparedPrediction(model, engine, meaning, opened, layout, top, output, folder, wanted, spread)


def _fit(model: SavedModel, note: Callable[[str], None]) -> Callable[[str, Iterable[RawTable]], Preprocessing] | None:
    """Decides about the columns of a table for a stock model; None for a model that has decided."""

    def fit(name: str, rows: Iterable[RawTable]) -> Preprocessing:
        from mlpcli.workflows.stock_tables import stock_preprocessing

        preprocessing, notes = stock_preprocessing(name, rows, model)
        for text in notes:
            note(text)
        return preprocessing

    return fit if model.takes_tables else None


def predict(
    model_or_run: str | Path,
    inputs: Input | Sequence[Input],
    top: int = 1,
    *,
    invert: bool | None = None,
    output: str | Path | None = None,
    save_input: str | Path | None = None,
    engine: EngineName = "auto",
    told: Told | None = None,
    columns: Sequence[str] | None = None,
    probabilities: bool = False,
    strict: bool = False,
    crop: bool | None = None,
    threshold: Threshold | None = None,
    spread: bool = False,
) -> PredictionResult:
    """Predict with a saved model.

    Args:
        model_or_run: a model file that mlpcli wrote, a run directory, or a folder of `train_folds`: the outputs of its
            runs are averaged.
        inputs: one or several of one kind: pictures or a folder of them; tables (.csv, .tsv, .parquet); .npy or .npz
            files; NumPy arrays (rows, *input shape). Missing paths are looked for in MLPCLI_DATA.
        top: how many classes to name for each row, the best first.
        invert, crop: whether to invert pictures, and to cut out the subject of a photo; None: where that makes them
            like the training pictures.
        output: a .csv or .parquet file for the rows with their predictions.
        columns: which columns `output` holds, in this order; by default those of the input and the predictions.
        probabilities: whether `output` also has a column with the probability of each class, under its name.
        strict: whether an input that cannot be read is an error; otherwise it has no answer, unless all are so.
        threshold: of a model of two classes with one output: above it the second class is predicted; "best": the one
            that `output.threshold` chose. By default 0.5.
        save_input: a new folder for what the network saw: pictures (of photos the steps, too), or a CSV of numbers.
        engine: numpy, keras, or auto: NumPy where it can, else Keras.
        told: class names, scaling and columns of a model that mlpcli did not write.
        spread: whether to say how much the members of an ensemble (`mlpcli.combine`, `model.members`) differ: the
            standard deviation of their numbers or of the predicted class's probability, and the share of members that
            agree on the class.

    Raises:
        ModelFileError: the file cannot be used.
        DataError, UserError: an input is missing, cannot be read, or does not fit the model.
        OutputError: a file cannot be written.
    """
    import numpy as np

    from mlpcli.workflows.predict_output import entries

    several = [inputs] if isinstance(inputs, (str, Path, np.ndarray)) else list(inputs)
    notes: list[str] = []
    wanted = AnswerColumns(None if columns is None else tuple(columns), probabilities)
    ready = prepare_prediction(
        model_or_run, several, top, invert, output, save_input, notes.append, None, engine, told, wanted, strict, crop,
        threshold, spread,
    )  # fmt: skip
    found: list[Answers] = []
    ready.run(found.append)
    return PredictionResult(
        ready.model.resolve(),
        ready.name,
        ready.meaning.task,
        [entry for some in found for entry in entries(some, ready.meaning)],
        np.concatenate([some.outputs for some in found]),
        notes,
        ready.output.resolve() if ready.output is not None else None,
    )


@dataclass(frozen=True, eq=False)
class PreparedPrediction:
    """A prediction that is ready to run: model and inputs are checked, TensorFlow is not imported yet.

    top: how many classes are named for each row. output, folder: of --output and --save-input. wanted: in the output.
    spread: whether the answers have that of the model's members.
    """

    saved: SavedModel
    engine: EngineName
    meaning: Meaning
    inputs: PredictionInputs
    layout: Layout
    top: int
    output: Path | None
    folder: Path | None
    wanted: AnswerColumns
    spread: bool = False

    @property
    def model(self) -> Path:
        """The model's file."""
        return self.saved.path

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.saved.card.name

    @property
    def target_formats(self) -> tuple[NumberFormat | None, ...]:
        """How the numbers of each output were written in training; None where that was plain, without a unit, say."""
        known = self.layout.preprocessing
        names = known.target.names if known is not None else ()
        if known is None or not names:
            return (None,) * self.meaning.outputs
        forms = [(known.options.formats or {}).get(name) for name in names]
        return tuple(None if form is None else form.number for form in forms)

    def run(self, each: Callable[[Answers], None], watch: Watch | None = None) -> None:
        """Predict batch by batch, pass the predictions to `each`, and write the files asked for.

        Raises:
            ModelFileError: the model cannot be loaded.
            OutputError: a file cannot be written; what stood there before is untouched.
            UserError: an output of the model is NaN or infinite.
        """
        from mlpcli.scoring.predictor import load_predictor

        predictor = load_predictor(self.saved, self.engine, rows=self.inputs.rows)
        if self.output is None:
            self._run(predictor, each, watch, None)
            return
        try:
            self.output.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self.output.parent}: cannot be made: {error.strerror}; choose another") from error
        replace_file(self.output, lambda temporary: self._run(predictor, each, watch, temporary))

    def _run(
        self, predictor: Predictor, each: Callable[[Answers], None], watch: Watch | None, temporary: Path | None
    ) -> None:
        with contextlib.ExitStack() as stack:
            style = CsvStyle(self.inputs.separator, self.wanted.mark)
            output = stack.enter_context(contextlib.closing(open_table_output(temporary, style))) if temporary else None
            saved = (
                stack.enter_context(SavedInputs(self.folder, self.layout, self.inputs.pictures))
                if self.folder
                else None
            )
            for found in self.answers(predictor.predict, watch):
                if saved is not None:
                    saved.add(found.batch)
                if output is not None:
                    output.write(answer_table(found, self.meaning, self.wanted, output.foreign))
                each(found)

    def answers(self, network: Callable[[Part], Array], watch: Watch | None = None) -> Iterator[Answers]:
        """The predictions of a network that is loaded, batch by batch; `run` loads one and asks it.

        network: gives outputs (n, units), as `Predictor.predict` does.

        Raises:
            UserError: an output of the model is NaN or infinite.
        """
        from mlpcli.scoring.predictor import load_members

        done, members = 0, load_members(self.saved, self.engine, self.inputs.rows) if self.spread else None
        for batch in self.inputs.batches():
            if self.inputs.kind != "picture":  # which get the model's range of values when they are read
                batch = replace(batch, x=self.saved.told.divided(batch.x))
            found = answers(batch, self._outputs(network, batch), self.meaning, self.top)
            if members is not None:
                found = replace(found, spread=Spread.of(members(batch.x), found.classes, self.meaning))
            yield found
            done += len(batch)
            if watch is not None:
                watch("predicting", done, self.inputs.rows)

    def _outputs(self, network: Callable[[Part], Array], batch: InputBatch) -> Array:
        outputs = network(Part(batch.x, np.zeros(len(batch), np.int64), np.arange(len(batch))))
        if outputs.shape[1:] != (self.meaning.outputs,):
            raise ModelFileError(
                f"{self.model}: outputs an array of shape {outputs.shape[1:]} for each row; predict needs a model that"
                " outputs one list of numbers"
            )
        return outputs
