"""docs/limits.md says what the code does."""

from __future__ import annotations

from pathlib import Path

from mlpcli import globs
from mlpcli.config import yaml_reader
from mlpcli.data.images import decoding
from mlpcli.modelfile import container, hdf5
from mlpcli.numpy_engine import layer_statistics
from mlpcli.plotting import confusion_matrix, curves, gradients, learning_curves, predicted_against_true
from mlpcli.runs import history, layer_file, read_run, run_file
from mlpcli.tables import excel, text_file
from mlpcli.workflows import recorded_data

PAGE = Path(__file__).resolve().parent.parent / "docs" / "limits.md"
MIB, GIB = 1 << 20, 1 << 30


def test_the_numbers_are_those_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = (history.MOST_ROWS, history.MOST_COLUMNS, history.MOST_VALUES)
    assert "{} MiB, {:,} rows, {:,} columns, {:,} values, ".format(run_file.LARGEST_HISTORY // MIB, *rows) in text
    assert f"{run_file.LARGEST_EVALUATION // MIB} MiB, {run_file.MOST_JSON_VALUES:,} values" in text
    assert f"`metrics.json` | {run_file.LARGEST_METRICS // MIB} MiB" in text
    assert f"`layers.json` | {run_file.LARGEST_LAYERS // MIB} MiB, {layer_file.MOST_LAYERS} layers" in text
    assert f"| gradients | {gradients.MOST_LINES} layers |" in text
    units, side = layer_statistics.MOST_UNITS, layer_statistics.LONGEST_SIDE
    assert f"the strongest {units} units; pictures of more than {side} pixels" in text
    assert run_file.LARGEST_CONFIG == yaml_reader.LARGEST_FILE_BYTES == history.LONGEST_LINE == MIB
    assert read_run.MOST_CONFIG_VALUES == yaml_reader.MOST_VALUES == 50_000
    assert read_run.DEEPEST_CONFIG == yaml_reader.DEEPEST_NESTING
    sizes = container.LARGEST_FILE_BYTES // GIB, hdf5.LARGEST_JSON_BYTES // MIB
    assert "{} GiB; its description and its metadata {} MiB each".format(*sizes) in text
    assert (
        f"{text_file.MOST_EXPANSION} times its packed size, beyond the first {text_file.LEAST_SUSPECT // MIB} MiB"
        in text
    )
    assert excel.MEMORY_FACTOR == 4
    assert f"{decoding.LARGEST_FILE_BYTES // GIB} GiB, {decoding.MOST_PIXELS // 10**6} million pixels" in text
    assert f"{globs.MOST_ENTRIES:,} files and folders, and stands for {globs.MOST_FILES:,} files" in text
    assert f"{learning_curves.MOST_PANELS} metrics" in text and f"{curves.MOST_POINTS:,} epochs" in text
    assert f"{confusion_matrix.CELLS_UP_TO} cells" in text and f"{predicted_against_true.MOST_DOTS:,} dots" in text
    assert f"{recorded_data.MOST_GENERATED:,} rows of a generated set" in text
