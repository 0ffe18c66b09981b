"""`mlpcli predict`: answers of a saved model for pictures, table rows and arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlpcli.data.dataset import Array
    from mlpcli.inference import EngineName
    from mlpcli.workflows.model_metadata import Told
    from mlpcli.workflows.prediction.answers import Answers
    from mlpcli.workflows.prediction.kinds import Input
    from mlpcli.workflows.prediction.prepared import PreparedPrediction


@dataclass(frozen=True, eq=False)
class PredictionResult:
    """All answers at once.

    predictions: one dictionary per row, as `--json` prints them: input, row, label and probability (and top), or value.
    outputs: (n, units), what the network said. written: the file of `output`, where one was asked for.
    """

    model: Path
    name: str
    task: str
    predictions: list[dict[str, Any]]
    outputs: Array
    notes: list[str] = field(default_factory=list)
    written: Path | None = None


def prepare_prediction(
    model_or_run: str | Path,
    inputs: Sequence[Input],
    top: int = 1,
    invert: bool = True,
    output: str | Path | None = None,
    save_input: str | Path | None = None,
    note: Callable[[str], None] = lambda text: None,
    stdin: IO[bytes] | None = None,
    engine: EngineName = "auto",
    told: Told | None = None,
) -> PreparedPrediction:
    """Check model and inputs (see `predict` for the arguments and what is raised).

    `note` is told what people should know, such as a picture that is inverted; `stdin` is what `-` reads.
    """
    from mlpcli.workflows.model_metadata import know_model
    from mlpcli.workflows.prediction.answers import meaning_of
    from mlpcli.workflows.prediction.inputs import Reading, open_inputs
    from mlpcli.workflows.prediction.output import check_output
    from mlpcli.workflows.prediction.prepared import PreparedPrediction
    from mlpcli.workflows.prediction.saved_inputs import check_folder
    from mlpcli.workflows.stored_layout import stored_layout

    known = know_model(model_or_run, told)
    file, metadata = known.file, known.metadata
    layout, meaning = stored_layout(file, metadata), meaning_of(file, metadata)
    top = meaning.check_top(top)
    output, folder = (Path(path).expanduser() if path is not None else None for path in (output, save_input))
    if folder is not None:
        check_folder(folder)
    opened = open_inputs(inputs, Reading(file, layout, meaning.target, stdin, invert, note))
    if output is not None:
        check_output(output, opened, inputs, file)
    return PreparedPrediction(known, engine, meaning, opened, layout, top, output, folder)


def predict(
    model_or_run: str | Path,
    inputs: Input | Sequence[Input],
    top: int = 1,
    *,
    invert: bool = True,
    output: str | Path | None = None,
    save_input: str | Path | None = None,
    engine: EngineName = "auto",
    told: Told | None = None,
) -> PredictionResult:
    """Ask a saved model for its answers.

    Args:
        model_or_run: a model file that mlpcli wrote, or a run directory.
        inputs: one or several of one kind: pictures or a folder of them; tables (.csv, .tsv, .parquet); .npy or .npz
            files; NumPy arrays (rows, *input shape). What is not there is looked for in MLPCLI_DATA.
        top: how many classes to name for each row, the best first.
        invert: whether a picture with a light background is inverted where the training pictures had a dark one.
        output: a .csv or .parquet file for the rows with their answers.
        save_input: a new folder for what the network saw: pictures, or a CSV of numbers.
        engine: numpy, keras, or auto: NumPy, and Keras for what NumPy does not know.
        told: class names and scaling of a model that mlpcli has not written.

    Raises:
        ModelFileError: the file cannot be used.
        DataError, UserError: an input is not there, cannot be read, or is not what the model takes.
        OutputError: a file cannot be written.
    """
    import numpy as np

    from mlpcli.workflows.prediction.answers import entries

    several = [inputs] if isinstance(inputs, (str, Path, np.ndarray)) else list(inputs)
    notes: list[str] = []
    ready = prepare_prediction(model_or_run, several, top, invert, output, save_input, notes.append, None, engine, told)
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
