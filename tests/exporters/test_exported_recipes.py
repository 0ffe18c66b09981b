"""The network of every recipe in every format, with its initial weights, on a few rows."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.exporters import keras_file, litert, numpy_module, onnx, saved_model
from mlpcli.exporters.checked import compared
from mlpcli.exporters.formats import Rows
from mlpcli.exporters.network import steps
from mlpcli.exporters.numpy_layers import Code, add_layer
from mlpcli.modelfile.saved_model import SavedModel, open_model
from mlpcli.recipes import shipped_recipes
from mlpcli.workflows.export_rows import generated_rows
from tests.export_parts import imported, own_outputs, untrained

NAMES = [recipe.name for recipe in shipped_recipes()]
PATHS = {recipe.name: recipe.path for recipe in shipped_recipes()}


@dataclass(frozen=True)
class Case:
    """A model, rows for it, and its own outputs."""

    saved: SavedModel
    rows: Rows
    expected: np.ndarray


@pytest.fixture(scope="module")
def case_of(stand_in_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Case]:
    """The untrained network of a recipe, made once."""
    made: dict[str, Case] = {}

    def case(name: str) -> Case:
        if name not in made:
            with pytest.MonkeyPatch.context() as settings:
                settings.setenv("MLPCLI_DATA", str(stand_in_data))
                settings.setenv("KERAS_HOME", str(stand_in_data / "no keras"))
                model = tmp_path_factory.mktemp("untrained") / "model.keras"
                saved = untrained(PATHS[name], model, "data.limit=100", "output.model=model.keras")
            rows = generated_rows(saved, 8)
            made[name] = Case(saved, rows, own_outputs(saved, rows.x, "numpy"))
        return made[name]

    return case


@pytest.mark.parametrize("name", NAMES)
def test_without_tensorflow(name: str, case_of: Callable[[str], Case], tmp_path: Path) -> None:
    case = case_of(name)
    onnx.write(case.saved, tmp_path / "model.onnx")
    found = onnx.outputs(case.saved, tmp_path / "model.onnx", case.rows)
    compared(tmp_path, found, case.expected, "it")
    numpy_module.write(case.saved, tmp_path / "model.py")
    taken = numpy_module.cells(case.saved, case.rows)
    found = imported(tmp_path / "model.py").predict(case.rows.x if taken is None else taken)
    compared(tmp_path, found, case.expected, "it")
    keras_file.write(case.saved, tmp_path / "model.h5")
    found = own_outputs(open_model(tmp_path / "model.h5"), case.rows.x, "numpy")
    np.testing.assert_array_equal(found, case.expected)


def neighbours(saved: SavedModel) -> set[tuple[str, str]]:
    """Each layer of a network with the one before it, whatever their sizes and weights: what a converter sees of it."""
    code = Code()
    for tower in saved.towers:
        for step in steps(saved, tower):
            add_layer(code, step)
    start = f"{len(saved.input_shape)} axes"
    forms = [start, *(re.sub(r'W\["[^"]*"\]|[0-9.]+', "_", line) for line in code.lines)]
    kinds = [start, *(layer.keras_class for layer in saved.layers)]  # Dropout leaves no line
    return {*pairwise(forms), *pairwise(kinds)}


def covering(cases: list[Case]) -> Iterator[Case]:
    """Some of the cases, in which each layer comes behind each that it comes behind in all."""
    left = {number: neighbours(case.saved) for number, case in enumerate(cases)}
    while any(left.values()):
        most = max(left, key=lambda number: len(left[number]))
        yield cases[most]
        left = {number: found - left[most] for number, found in left.items()}


@pytest.mark.tf
@pytest.mark.long
def test_by_tensorflow(case_of: Callable[[str], Case], tmp_path: Path) -> None:
    """A conversion takes a second, so that not all are converted, but all that they hold."""
    backend.tensorflow()
    gc.freeze()  # each conversion collects garbage, and would look through all of TensorFlow
    for number, case in enumerate(covering([case_of(name) for name in NAMES])):
        folder, file = tmp_path / f"model {number}", tmp_path / f"model {number}.tflite"
        saved_model.write(case.saved, folder)
        found = saved_model.outputs(case.saved, folder, case.rows)
        compared(tmp_path, found, case.expected, "it")
        file.write_bytes(litert.converted(folder))
        compared(file, litert.outputs(case.saved, file, case.rows), case.expected, "LiteRT")
