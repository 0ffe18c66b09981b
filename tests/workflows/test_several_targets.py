"""A table with two columns to predict, from init to predict; against the same rows as .npz, and by hand."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.workflows.init import init
from mlpcli.workflows.validate import validate

ROWS = 120
CONFIG = """
name: houses
seed: 5
data: {source: SOURCE, validation: 0.2, test: 0.25, streaming: STREAMING}
model: {hidden_units: [8]}
training: {epochs: 4, batch_size: 16, engine: ENGINE, learning_rate_schedule: null}
output: {plots: PLOTS}
"""


def _numbers() -> tuple[np.ndarray, np.ndarray]:
    """x (n, 2) and targets (n, 2) that follow from it, all in eighths: exact as decimals and in 32 bits."""
    x = np.random.default_rng(0).integers(0, 80, (ROWS, 2)) / 8
    y = np.stack([x[:, 0] + 0.5 * x[:, 1], 2 - x[:, 1]], axis=1)
    return x, y


@pytest.fixture
def table(tmp_path: Path) -> Path:
    x, y = _numbers()
    with open(tmp_path / "houses.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "가격", "b", "rent, net"])
        writer.writerows([a, f"{price} kg", b, rent] for (a, b), (price, rent) in zip(x, y, strict=True))
    np.savez(tmp_path / "houses.npz", x=x, y=y, feature_names=np.array(["a", "b"]))
    return tmp_path / "houses.csv"


def _train(table: Path, source: str, engine: str = "numpy", streaming: str = "never", more: str = "") -> Any:
    folder = table.parent / f"{source}-{engine}-{streaming}"
    folder.mkdir()
    text = CONFIG.replace("SOURCE", f"../{source}").replace("ENGINE", engine)
    drawn = engine == "numpy" and source.endswith("csv") and streaming == "never"
    text = text.replace("PLOTS", "[png]" if drawn else "[]")
    text = text.replace(", streaming: STREAMING", f", streaming: {streaming}" if source.endswith("csv") else "")
    if source.endswith("csv"):
        text = text.replace("validation:", 'target: [가격, "rent, net"], validation:')
    (folder / "my.yaml").write_text(text.replace("validation:", f"{more}validation:"), encoding="utf-8")
    return mlpcli.train(folder / "my.yaml", run_dir=folder / "run", resend_signals=False)


def _outputs(result: Any, rows: Any) -> np.ndarray:
    return np.asarray(mlpcli.predict(result.model, rows).outputs)


def _history(result: Any) -> list[list[str]]:
    """All but the seconds."""
    with open(result.run / "history.csv", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    return [[cell for name, cell in zip(head, row, strict=True) if name != "seconds"] for row in rows]


def _check_the_same_as_npz(table: Path, engine: str) -> None:
    x, y = _numbers()
    arrays, rows = _train(table, "houses.npz", engine), _train(table, "houses.csv", engine)
    assert _history(rows) == _history(arrays)
    np.testing.assert_array_equal(_outputs(rows, table), _outputs(arrays, x.astype(np.float32)))
    assert rows.metrics["scores"] == arrays.metrics["scores"]
    # The same rows in the same parts: the scores by hand, of the test rows that the run says it had.
    with np.load(rows.run / "split.npz") as parts:
        test = parts["test"]
    errors = _outputs(rows, table)[test].astype(np.float64) - y[test]
    found = rows.evaluation
    np.testing.assert_allclose([one["mae"] for one in found["targets"]], np.abs(errors).mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose([one["rmse"] ** 2 for one in found["targets"]], (errors**2).mean(axis=0), rtol=1e-6)
    spread = ((y[test] - y[test].mean(axis=0)) ** 2).sum(axis=0)
    r2 = 1 - (errors**2).sum(axis=0) / spread
    np.testing.assert_allclose([one["r2"] for one in found["targets"]], r2, rtol=1e-6)
    assert [one["name"] for one in found["targets"]] == ["가격", "rent, net"]
    assert [one["name"] for one in arrays.evaluation["targets"]] == [None, None]
    assert found["loss"] == pytest.approx((errors**2).mean(), rel=1e-5)
    assert found["metrics"]["mean_absolute_error"] == pytest.approx(np.abs(errors).mean(), rel=1e-5)
    assert found["baseline"]["name"] == "always the mean of each target"
    assert found["sample"]["true"] == y[test].tolist()
    assert (rows.run / "predicted_against_true.png").is_file() == (engine == "numpy")


def test_the_same_as_arrays_of_two_targets_in_numpy(table: Path) -> None:
    _check_the_same_as_npz(table, "numpy")


@pytest.mark.tf
@pytest.mark.parametrize("engine", ["keras", "auto"])
def test_the_same_as_arrays_of_two_targets_in_keras(table: Path, engine: str) -> None:
    _check_the_same_as_npz(table, engine)


def test_from_init_to_answers(table: Path, monkeypatch: pytest.MonkeyPatch, mlpcli_here: Any) -> None:
    monkeypatch.chdir(table.parent)
    written = init("houses.csv", ["가격", "rent, net"])
    assert "target: [가격, 'rent, net']" in written.text
    result = mlpcli.train(
        "houses.yaml", ["training.engine=numpy", "training.epochs=2", "output.plots=[]"],
        run_dir="run", resend_signals=False,
    )  # fmt: skip
    outputs = _outputs(result, table)
    done = mlpcli_here("predict", "run", "houses.csv", "--output", "answers.csv", "--no-bom")
    assert done.returncode == 0, done.stderr
    with open("answers.csv", encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["a", "가격", "b", "rent, net", "predicted_가격", "predicted_rent, net"]
    assert rows[0][1].endswith(" kg")
    np.testing.assert_array_equal(np.array([row[4:] for row in rows], np.float32), outputs)
    lines = mlpcli_here("predict", "run", "houses.csv").stdout.splitlines()
    assert lines[0].split("\t") == ["houses.csv", "0", f"{outputs[0, 0]:.6g} kg", f"{outputs[0, 1]:.6g}"]
    found = json.loads(mlpcli_here("predict", "run", "houses.csv", "--json").stdout)
    assert (found["target"], found["unit"]) == (["가격", "rent, net"], ["kg", None])
    assert found["predictions"][0]["values"] == [float(str(value)) for value in outputs[0]]
    shown = mlpcli_here("evaluate", "run")
    assert shown.returncode == 0, shown.stderr
    assert "rent, net" in shown.stdout
    again = mlpcli.evaluate("run")
    assert again.notes == []
    assert again.evaluation["targets"] == result.evaluation["targets"]
    other = mlpcli.evaluate("run", table)
    assert other.evaluation["rows"] == ROWS


def test_streamed_rows_give_both(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLPCLI_CACHE", str(table.parent / "cache"))
    result = _train(table, "houses.csv", streaming="always")
    assert [one["name"] for one in result.evaluation["targets"]] == ["가격", "rent, net"]
    assert mlpcli.evaluate(result.run).evaluation["targets"] == result.evaluation["targets"]


def test_names_with_commas_between_them(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(table.parent)
    assert "target: [가격, a]" in init("houses.csv", "가격, a").text
    assert "task:" not in init("houses.csv", ["a", "b"], Path("-")).text
    (table.parent / "rooms.csv").write_text("a,b,rooms\n" + "0.5,1.5,2\n1.5,2.5,3\n2.5,9.5,3\n" * 9, encoding="utf-8")
    assert "task: regression" in init("rooms.csv", ["b", "rooms"]).text
    assert validate("rooms.yaml").plan.task == "regression"
    assert "target: [a, b]" in init("houses.csv", ["a", "b"], Path("two.yaml")).text
    assert validate("two.yaml").plan.target_scaling == "standardize"
    assert "target: 'rent, net'" in init("houses.csv", "rent, net", Path("one.yaml")).text
