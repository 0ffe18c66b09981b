"""plane.npz and snapshots.npz of a run with two inputs: their classes are those of `predict` for the same cells."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.data.dataset import Layout
from mlpcli.data.plane_inputs import PlaneInputs, plane_inputs
from mlpcli.errors import RunDirectoryError
from mlpcli.modelfile.saved_model import open_model
from mlpcli.runs.plane import Plane, read_plane, write_plane
from mlpcli.runs.read_run import read_evaluation, read_metrics
from mlpcli.runs.snapshots import read_snapshots
from mlpcli.scoring.plane import grid_axes, grid_points, side_for
from mlpcli.tables.column_encoders import ValueColumn


def _table(path: Path, classes: int, rows: int = 90) -> Path:
    """Two columns far from 0 and of different sizes, a class for each third or half of the circle around them."""
    draw = np.random.default_rng(3)
    x = draw.normal(size=(rows, 2))
    sector = ((np.arctan2(x[:, 1], x[:, 0]) + np.pi) / (2 * np.pi + 1e-9) * classes).astype(int)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["width", "height", "kind"])
        for (first, second), kind in zip(x, sector, strict=True):
            writer.writerow([f"{40 + 7 * first:.3f}", f"{1000 + 300 * second:.1f}", "abc"[kind]])
    return path


def _config(folder: Path, table: Path, engine: str, more: str, epochs: int = 4) -> Path:
    config = folder / "two.yaml"
    config.write_text(
        f"name: two\nseed: 5\ndata:\n  source: {table}\n  target: kind\n  validation: 0.2\n  test: 0.2\n{more}"
        f"model: {{hidden_units: [9, 4]}}\ntraining: {{epochs: {epochs}, engine: {engine}}}\noutput: {{plots: []}}\n"
    )
    return config


def _run(folder: Path, classes: int, engine: str = "numpy", more: str = "") -> tuple[Path, Plane]:
    config = _config(folder, _table(folder / "two.csv", classes), engine, more)
    run = mlpcli.train(config, run_dir=folder / "run").run
    plane = read_plane(run)
    assert plane is not None
    return run, plane


def _predicted(folder: Path, run: Path, x: np.ndarray, y: np.ndarray) -> list[str]:
    """What `predict` says of a table with every cell of the grid, row by row."""
    cells = folder / "cells.csv"
    with open(cells, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["height", "width"])  # in another order than in training
        writer.writerows([repr(float(up)), repr(float(across))] for across, up in grid_points(x, y))
    return [entry["label"] for entry in mlpcli.predict(run, cells).predictions]


CASES = {
    "2 classes, standardize": (2, "  scaling: standardize\n"),
    "2 classes, robust": (2, "  scaling: robust\n"),
    "3 classes, robust and bins": (3, "  scaling: robust\n  numeric_encoding: {piecewise_linear: {bins: 5}}\n"),
    "3 classes, minmax": (3, "  scaling: minmax\n"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_classes_are_those_of_predict(tmp_path: Path, case: str) -> None:
    classes, more = CASES[case]
    run, plane = _run(tmp_path, classes, more=more)
    assert plane.answers.classes is not None
    assert plane.class_names is not None
    found = [plane.class_names[index] for index in plane.answers.classes.ravel()]
    assert found == _predicted(tmp_path, run, plane.x, plane.y)
    assert len(set(found)) == classes


@pytest.mark.tf
@pytest.mark.parametrize("engine", ["auto", "keras"])
def test_so_they_are_when_keras_trained(tmp_path: Path, engine: str) -> None:
    run, plane = _run(tmp_path, 3, engine, "  numeric_encoding: {piecewise_linear: {bins: 5}}\n")
    assert plane.answers.classes is not None
    assert plane.class_names is not None
    found = [plane.class_names[index] for index in plane.answers.classes.ravel()]
    assert found == _predicted(tmp_path, run, plane.x, plane.y)
    snapshots = read_snapshots(run)
    assert snapshots is not None
    assert snapshots.epochs == (0, 1, 2, 3, 4)


def test_what_else_is_in_the_file(tmp_path: Path) -> None:
    run, plane = _run(tmp_path, 3)
    assert (plane.names, plane.class_names, plane.target_name) == (("width", "height"), ("a", "b", "c"), "kind")
    assert plane.answers.outputs.shape == (100, 100, 3)
    assert plane.answers.outputs.sum(axis=2) == pytest.approx(1, abs=1e-5)
    assert [(some.part, some.rows, len(some.true)) for some in plane.points] == [("train", 58, 58), ("test", 18, 18)]
    assert 20 < plane.points[0].xy[:, 0].mean() < 60  # raw units
    assert [(layer.activation, layer.units, layer.tiles.shape) for layer in plane.hidden] == [
        ("relu", 9, (8, 40, 40)),
        ("relu", 4, (4, 40, 40)),
    ]
    assert plane.layers == 2
    assert min(layer.tiles.min() for layer in plane.hidden) == 0  # of relu
    right = (plane.points[1].true == plane.points[1].predicted).mean()
    assert right == pytest.approx(read_evaluation(run)["accuracy"])


def test_the_snapshots_are_the_weights_of_the_run(tmp_path: Path) -> None:
    run, _ = _run(tmp_path, 2)
    snapshots, saved = read_snapshots(run), open_model(run)
    assert snapshots is not None
    assert snapshots.kept == read_metrics(run)["kept_epoch"]
    own = np.concatenate([np.ravel(array) for layer in saved.layers for array in saved.weights.get(layer.name, ())])
    assert snapshots.weights[snapshots.epochs.index(snapshots.kept)].tolist() == own.tolist()


def test_a_run_that_goes_on_has_the_snapshots_of_one_that_never_stopped(tmp_path: Path) -> None:
    table = _table(tmp_path / "two.csv", 2)
    whole = mlpcli.train(_config(tmp_path, table, "numpy", "", 6), run_dir=tmp_path / "whole").run
    short = mlpcli.train(_config(tmp_path, table, "numpy", "", 3), run_dir=tmp_path / "short").run
    mlpcli.resume(short, ["training.epochs=6"])
    first, second = read_snapshots(whole), read_snapshots(short)
    assert first is not None
    assert second is not None
    assert first.epochs == second.epochs == (0, 1, 2, 3, 4, 5, 6)
    assert first.weights.tolist() == second.weights.tolist()


@pytest.mark.parametrize("columns", ["sepal length (cm)", "sepal length (cm), petal width (cm), petal length (cm)"])
def test_other_numbers_of_inputs_have_no_plane(tmp_path: Path, columns: str) -> None:
    config = tmp_path / "iris.yaml"
    config.write_text(
        f"name: iris\ndata: {{source: iris, features: [{columns}], validation: 0.2}}\n"
        "training: {epochs: 1, engine: numpy}\noutput: {plots: []}\n"
    )
    run = mlpcli.train(config, run_dir=tmp_path / "run").run
    assert read_plane(run) is None
    assert read_snapshots(run) is None


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "plane.npz").write_bytes(b"PK not at all")
    with pytest.raises(RunDirectoryError, match=r"plane\.npz: is damaged: .*; restore it or train again"):
        read_plane(tmp_path)


def test_a_file_whose_classes_do_not_fit_is_damaged(tmp_path: Path, small_plane: Any) -> None:
    write_plane(tmp_path, small_plane(class_names=("a", "b"), target_name="kind"))
    assert read_plane(tmp_path) is not None
    write_plane(tmp_path, small_plane(class_names=("a", "b", "c")))
    with pytest.raises(RunDirectoryError, match="its outputs are not those of its classes"):
        read_plane(tmp_path)


def test_inputs_of_a_table_are_encoded_with_their_bins() -> None:
    columns = ValueColumn("a", "number", 0.0, True, edges=(0.0, 10.0, 20.0)), ValueColumn("b", "number", 0.0, False)
    inputs = PlaneInputs(("a", "b"), ("", ""), columns)
    x = inputs.encode(np.array([[15.0, -2.0], [5.0, 3.0]]))
    assert x.tolist() == [[15.0, 0.0, 1.0, 0.5, -2.0], [5.0, 0.0, 0.5, 0.0, 3.0]]
    assert inputs.points(x).tolist() == [[15.0, -2.0], [5.0, 3.0]]


def test_arrays_of_two_columns_are_a_plane_and_others_are_not() -> None:
    assert plane_inputs(Layout((2,), ("a", "b"), None)) == PlaneInputs(("input 1", "input 2"), ("", ""))
    assert plane_inputs(Layout((2,), None, ("x1", "x2"), targets=2)) is None
    assert plane_inputs(Layout((3,), ("a", "b"), None)) is None


def test_the_grid_covers_the_points_and_a_little_more() -> None:
    x, y = grid_axes(np.array([[0.0, 7.0], [10.0, 7.0]], np.float32), 5)
    assert x.tolist() == pytest.approx([-0.8, 2.1, 5.0, 7.9, 10.8])
    assert y[[0, -1]].tolist() == pytest.approx([7 - 0.56, 7 + 0.56])  # no range: of the number itself
    assert (side_for(1, 300), side_for(100, 300), side_for(1, 10**7)) == (100, 40, 40)
