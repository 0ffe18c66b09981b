"""A prediction that has been checked, and how it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.artifacts.files import replace_file
from mlpcli.artifacts.table_output import open_table_output
from mlpcli.data.dataset import Array, Part, Watch
from mlpcli.data.other_rows import Layout
from mlpcli.errors import ModelFileError, OutputError
from mlpcli.workflows.prediction.answers import Answers, Meaning, answers
from mlpcli.workflows.prediction.batch import InputBatch
from mlpcli.workflows.prediction.inputs import PredictionInputs
from mlpcli.workflows.prediction.output import answer_table
from mlpcli.workflows.prediction.saved_inputs import SavedInputs

if TYPE_CHECKING:
    from mlpcli.inference import EngineName, Predictor
    from mlpcli.workflows.model_metadata import KnownModel


@dataclass(frozen=True, eq=False)
class PreparedPrediction:
    """A prediction that is ready to run: model and inputs are checked, TensorFlow is not imported yet.

    top: how many classes are named for each row. output, folder: of --output and --save-input.
    """

    known: KnownModel
    engine: EngineName
    meaning: Meaning
    inputs: PredictionInputs
    layout: Layout
    top: int
    output: Path | None
    folder: Path | None

    @property
    def model(self) -> Path:
        """The model's file."""
        return self.known.file

    @property
    def name(self) -> str:
        """What the model is called."""
        return str(self.known.metadata["name"])

    def run(self, each: Callable[[Answers], None], watch: Watch | None = None) -> None:
        """Predict batch by batch, hand the answers to `each`, and write what is to be written.

        Raises:
            ModelFileError: the model cannot be loaded.
            OutputError: a file cannot be written; what stood there before is untouched.
            UserError: the model's answer for a row is not a number.
        """
        predictor = self.known.predictor(self.engine)
        _check_shapes(self.model, predictor, self.layout)
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
            output = stack.enter_context(contextlib.closing(open_table_output(temporary))) if temporary else None
            saved = stack.enter_context(SavedInputs(self.folder, self.layout)) if self.folder else None
            for found in self._answers(predictor, watch):
                if saved is not None:
                    saved.add(found.batch)
                if output is not None:
                    output.write(answer_table(found, self.meaning))
                each(found)

    def _answers(self, predictor: Predictor, watch: Watch | None) -> Iterator[Answers]:
        done = 0
        for batch in self.inputs.batches():
            if self.inputs.kind != "picture":  # which get the model's range of values when they are read
                batch = replace(batch, x=self.known.told.divided(batch.x))
            yield answers(batch, _outputs(predictor, batch, self.meaning, self.model), self.meaning, self.top)
            done += len(batch)
            if watch is not None:
                watch("predicting", done, self.inputs.rows)


def _outputs(predictor: Predictor, batch: InputBatch, meaning: Meaning, file: Path) -> Array:
    outputs = predictor.predict(Part(batch.x, np.zeros(len(batch), np.int64), np.arange(len(batch))))
    if outputs.shape != (len(batch), meaning.outputs):
        raise ModelFileError(
            f"{file}: its mlpcli metadata is damaged (it tells of {meaning.outputs} outputs, and there are"
            f" {outputs.shape[-1]}); restore the file or train again"
        )
    return outputs


def _check_shapes(file: Path, predictor: Predictor, layout: Layout) -> None:
    if tuple(predictor.input_shape) != layout.input_shape:
        raise ModelFileError(
            f"{file}: its mlpcli metadata is damaged (it tells of inputs {layout.input_shape}, and the model takes"
            f" {predictor.input_shape}); restore the file or train again"
        )
