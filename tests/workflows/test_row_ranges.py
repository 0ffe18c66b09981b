"""Rows that were divided or scaled already, or not yet: `predict` and `evaluate` say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.modelfile.saved_model import SavedModel, open_model
from mlpcli.workflows.row_ranges import range_warning

FORMS = ["raw", "scaled"]


def _model(folder: Path, x: np.ndarray, form: str, *overrides: str) -> SavedModel:
    np.savez(folder / "rows.npz", x=x, y=np.arange(len(x)) % 3)
    config = folder / "my.yaml"
    config.write_text("data: {source: rows.npz}\nmodel: {hidden_units: []}\n", encoding="utf-8")
    settings = ["training.engine=numpy", "training.epochs=1", "output.plots=[]", f"output.input={form}", *overrides]
    return open_model(mlpcli.train(config, settings, run_dir=folder / form).run)


def _pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (60, 6, 6), np.uint8)


HOW = {
    "raw": "which its first layer scales",
    "scaled": "which mlpcli scales itself, though this file leaves the scaling out for stock Keras",
}


@pytest.mark.parametrize("form", FORMS)
def test_pixels_in_another_range(tmp_path: Path, form: str) -> None:
    x = _pixels()
    model = _model(tmp_path, x, form)

    def said(rows: np.ndarray) -> str:
        return (range_warning(model, rows) or "").partition(";")[0]

    assert said(x) == said(x.astype(np.float32)) == said(x[:0]) == said(np.zeros((3, 6, 6))) == ""
    assert said(x / 255) == f"these rows hold values from 0 to 1, but the model takes 0 to 255, {HOW[form]}"
    trained = "but the model was trained on 0 to 255"
    assert said(x / 127.5 - 1) == f"these rows hold values from -1 to 1, {trained}"
    assert said(x.astype(np.uint16) * 257) == f"these rows hold values from 0 to 65535, {trained}"


@pytest.mark.parametrize("form", FORMS)
def test_pixels_for_a_model_of_0_to_1(tmp_path: Path, form: str) -> None:
    x = _pixels()
    model = _model(tmp_path, (x / 255).astype(np.float32), form)
    said = "these rows hold values up to 255, but the model was trained on 0 to 1; divide them by 255"
    assert range_warning(model, x) == range_warning(model, x.astype(np.float32)) == said
    assert range_warning(model, x / 255) is None


def _table() -> np.ndarray:
    """Ages of about 40 +- 10, incomes of about 3000 +- 500, and a column that is about 0 +- 1 by nature."""
    draw = np.random.default_rng(1)
    return np.stack([draw.normal(40, 10, 90), draw.normal(3000, 500, 90), draw.normal(0, 1, 90)], axis=1)


OWN = "but the model takes columns in their own units and scales them itself; give them unscaled"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scaling", ["standardize", "minmax"])
def test_columns_that_were_scaled_already(tmp_path: Path, form: str, scaling: str) -> None:
    x = _table()
    model = _model(tmp_path, x, form, f"data.scaling={scaling}")
    standardized = (x - x.mean(axis=0)) / x.std(axis=0)
    squeezed = (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))
    assert range_warning(model, x) is None
    assert range_warning(model, x[:20]) is None
    assert range_warning(model, standardized[:9]) is None  # too few to have a mean
    said = f"these rows look scaled already: they have a mean near 0 and a deviation near 1, {OWN}"
    assert range_warning(model, standardized) == range_warning(model, standardized[:20]) == said
    assert range_warning(model, squeezed) == f"these rows look scaled already: they lie between 0 and 1, {OWN}"


def test_columns_that_are_alike_in_both_units_tell_nothing(tmp_path: Path) -> None:
    model = _model(tmp_path, _table()[:, 2:], "raw")
    x = _table()[:, 2:]
    assert range_warning(model, (x - x.mean(axis=0)) / x.std(axis=0)) is None


@pytest.mark.parametrize("form", FORMS)
def test_predict_and_evaluate_say_it_of_tables_and_arrays(tmp_path: Path, form: str) -> None:
    draw = np.random.default_rng(2)
    age, money = draw.normal(40, 10, 60), draw.normal(3000, 500, 60)

    def table(name: str, *columns: Any) -> Path:
        rows = zip(*columns, ["no", "yes"] * 30, strict=True)
        text = "age,money,out\n" + "".join(f"{first:.4f},{second:.4f},{out}\n" for first, second, out in rows)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    source = table("rows.csv", age, money)
    scaled = table("scaled.csv", (age - age.mean()) / age.std(), (money - money.mean()) / money.std())
    config = tmp_path / "my.yaml"
    config.write_text("data: {source: rows.csv, target: out}\nmodel: {hidden_units: []}\n", encoding="utf-8")
    settings = ["training.engine=numpy", "training.epochs=1", "output.plots=[]", f"output.input={form}"]
    run = mlpcli.train(config, settings, run_dir=tmp_path / form).run
    said = f"warning: these rows look scaled already: they have a mean near 0 and a deviation near 1, {OWN}"
    for result in (mlpcli.evaluate(run, data=scaled), mlpcli.predict(run, scaled)):
        assert said in result.notes
    for result in (mlpcli.evaluate(run, data=source), mlpcli.predict(run, source)):
        assert result.notes == []
