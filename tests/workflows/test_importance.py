"""`importance`: what a column is worth, by hand, by scikit-learn, and from the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.data.dataset import Part
from mlpcli.errors import RunDirectoryError, UserError
from mlpcli.plotting.importance import MOST_BARS, importance_figure
from mlpcli.plotting.run_plots import draw_run
from mlpcli.scoring.importance import Judge, column_importances
from mlpcli.workflows import importance as workflow


class Linear:
    """A predictor that needs no file: x @ weights."""

    def __init__(self, *weights: float) -> None:
        self.weights = np.array(weights)[:, np.newaxis]

    def predict(self, part: Part) -> Any:
        return part.x @ self.weights


R2 = Judge("r2", None, 0.5)


def single(count: int) -> list[tuple[str, slice]]:
    return [(f"c{place}", slice(place, place + 1)) for place in range(count)]


def test_a_shuffled_column_costs_what_its_part_of_the_variance_says() -> None:
    x = np.random.default_rng(0).normal(size=(5000, 3))
    score, found = column_importances(Linear(2, 1, 0), x, 2 * x[:, 0] + x[:, 1], single(3), R2, 5, 0)
    assert score == pytest.approx(1)
    # Shuffling adds 2 w^2 to the squared error, of a variance of 4 + 1: 2 * 4 / 5 and 2 * 1 / 5.
    assert {one.name: round(one.mean, 1) for one in found} == {"c0": 1.6, "c1": 0.4, "c2": 0}
    assert [one.name for one in found] == ["c0", "c1", "c2"]
    assert (found[2].mean, found[2].deviation) == (0, 0)


def test_all_inputs_of_a_column_are_shuffled_together() -> None:
    """One-hot inputs: rows of sum 1 stay so, and the model, which multiplies the sum by 7, is right as before."""
    draws = np.random.default_rng(1)
    x = np.eye(3)[draws.integers(0, 3, 300)]
    groups = [("colour", slice(0, 3))]
    score, found = column_importances(Linear(7, 7, 7), x, x.sum(axis=1) * 7, groups, Judge("mae", None, 0.5), 3, 0)
    assert (score, found[0].mean) == (0, 0)
    apart = column_importances(Linear(7, 7, 7), x, x.sum(axis=1) * 7, single(3), Judge("mae", None, 0.5), 3, 0)[1]
    assert all(one.mean > 1 for one in apart)


def test_rows_are_left_as_they_were_and_a_seed_gives_the_same_numbers() -> None:
    x = np.random.default_rng(2).normal(size=(50, 2))
    before, y = x.copy(), x[:, 0]
    first, again, other = (column_importances(Linear(1, 1), x, y, single(2), R2, 2, seed) for seed in (3, 3, 4))
    assert np.array_equal(x, before)
    assert first == again != other


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
def test_equals_scikit_learn_within_the_spread(metric: str) -> None:
    from sklearn.inspection import permutation_importance
    from sklearn.linear_model import LogisticRegression

    draws = np.random.default_rng(3)
    x = draws.normal(size=(400, 4))
    y = (x @ [2, 1, 0.3, 0] + draws.normal(size=400) > 0).astype(np.int64)
    model = LogisticRegression().fit(x, y)

    class Probabilities:
        def predict(self, part: Part) -> Any:
            return model.predict_proba(part.x)

    repeats = 30
    scoring = {"accuracy": "accuracy", "log_loss": "neg_log_loss"}[metric]
    theirs = permutation_importance(model, x, y, scoring=scoring, n_repeats=repeats, random_state=0)
    _, ours = column_importances(Probabilities(), x, y, single(4), Judge(metric, ("a", "b"), 0.5), repeats, 0)  # type: ignore[arg-type]
    for one in ours:
        place = int(one.name[1:])
        spread = np.hypot(one.deviation, theirs.importances_std[place])
        assert one.mean == pytest.approx(theirs.importances_mean[place], abs=4 * spread / repeats**0.5)
        assert one.deviation == pytest.approx(theirs.importances_std[place], rel=0.5, abs=1e-12)


def table(path: Path, seed: int) -> Path:
    """`심은 열` decides; two others are noise."""
    draws = np.random.default_rng(seed)
    planted, noise = draws.integers(0, 3, 150), draws.normal(size=(150, 2))
    rows = [f"{a:.3f},{'가나다'[p]},{b:.3f},{'ny'[int(p == 1)]}" for p, (a, b) in zip(planted, noise, strict=True)]
    path.write_text("\n".join(["a,심은 열,b,y", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    config = folder / "config.yaml"
    table(folder / "rows.csv", 0)
    config.write_text(
        "data: {source: rows.csv, target: y, test: 0.4}\nmodel: {hidden_units: [4]}\n"
        "training: {engine: numpy, optimizer: {name: adam, learning_rate: 0.05}, epochs: 15}\noutput: {plots: []}\n",
        encoding="utf-8",
    )
    return mlpcli.train(config, run_dir=folder / "run").run


@pytest.mark.parametrize("seed", range(20))
def test_a_planted_input_comes_first_for_every_seed(seed: int) -> None:
    from sklearn.linear_model import LogisticRegression

    draws = np.random.default_rng(seed)
    x = draws.normal(size=(150, 6))
    y = (x[:, 4] + 0.5 * draws.normal(size=150) > 0).astype(np.int64)
    model = LogisticRegression().fit(x, y)

    class Probabilities:
        def predict(self, part: Part) -> Any:
            return model.predict_proba(part.x)

    judge = Judge("accuracy", ("a", "b"), 0.5)
    assert column_importances(Probabilities(), x, y, single(6), judge, 3, seed)[1][0].name == "c4"  # type: ignore[arg-type]


def test_a_run_keeps_the_result_and_draws_it(run: Path) -> None:
    found = mlpcli.importance(run)
    assert found.written == run / "importance.json"
    stored = json.loads((run / "importance.json").read_text(encoding="utf-8"))
    assert stored == found.as_json()
    assert (stored["metric"], stored["rows"], stored["repeats"]) == ("accuracy", 60, 5)
    assert stored["columns"][0]["name"] == "심은 열"
    assert len(stored["columns"]) == 3
    assert (run / "importance.png") in draw_run(run, ["png"]).paths
    assert "심은 열" in found._repr_html_()


def test_of_a_model_file_or_other_rows_nothing_is_written(run: Path, tmp_path: Path) -> None:
    (run / "importance.json").unlink(missing_ok=True)
    rows = table(tmp_path / "more.csv", 99)
    assert mlpcli.importance(run / "model.keras").written is None
    other = mlpcli.importance(run, rows, metric="log_loss")
    assert (other.written, other.rows, other.split) == (None, 150, str(rows))
    assert other.columns[0].name == "심은 열"
    assert not (run / "importance.json").exists()


def test_of_many_rows_some_are_drawn(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "MOST_ROWS", 40)
    found = mlpcli.importance(run / "model.keras")
    assert (found.rows, found.notes) == (40, ["note: 40 of 60 rows, drawn by --seed"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "r2"}, r"--metric: must be one of accuracy, .*log_loss where classes are predicted \(got r2\)"),
        ({"repeats": 0}, r"--repeats: must be from 1 to 1,000 \(got 0\)"),
        ({"seed": -1}, r"--seed: must be 0 or more \(got -1\)"),
        ({"split": "train", "data": "rows.csv"}, "--split chooses from the model's own rows"),
    ],
)
def test_what_is_refused(run: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        mlpcli.importance(run, **options)


def test_pictures_have_no_columns(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 255, (30, 4, 4)).astype(np.uint8)
    np.savez(tmp_path / "pictures.npz", x=x, y=np.arange(30) % 2)
    config = tmp_path / "c.yaml"
    config.write_text(
        f"data: {{source: {tmp_path / 'pictures.npz'}, task: classification}}\n"
        "training: {engine: numpy, epochs: 1}\noutput: {plots: []}\n",
        encoding="utf-8",
    )
    run = mlpcli.train(config, run_dir=tmp_path / "run").run
    with pytest.raises(UserError, match=r"rows of shape \(4, 4\), but importance is about columns; .*--only mistakes"):
        mlpcli.importance(run)


def test_the_command(run: Path, mlpcli_here: Callable[..., Any]) -> None:
    done = mlpcli_here("importance", str(run), "--repeats", "2")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("config: test, 60 rows, accuracy ")
    assert re.findall(r"^ (심은 열|a|b) ", done.stdout, re.MULTILINE)[0] == "심은 열"
    assert "importance.json; mlpcli plot draws it: --only importance" in done.stdout
    printed = json.loads(mlpcli_here("importance", str(run), "--json").stdout)
    assert printed["model"].endswith("model.keras")
    assert printed["columns"][0]["name"] == "심은 열"
    assert mlpcli_here("importance", str(run), "--metric", "x").returncode == 2


COLUMNS = [{"name": f"열 {place}", "mean": 0.3 - place / 100, "deviation": 0.01} for place in range(30)]
FOUND = {"metric": "balanced_accuracy", "score": 0.9, "rows": 1200, "split": "test", "repeats": 5, "columns": COLUMNS}


def test_the_picture_has_a_bar_a_column_and_says_what_is_left_out() -> None:
    axes = importance_figure(FOUND, "사람").axes[0]
    widths = [bar.get_width() for bar in axes.patches]  # type: ignore[attr-defined]
    assert len(widths) == MOST_BARS
    assert widths[:2] == [0.3, 0.29]
    assert axes.get_yticklabels()[0].get_text() == "열 0"
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first at the top
    assert "5 shuffles of each column; 5 columns below these" in axes.get_xlabel()


@pytest.mark.parametrize("content", ['{"columns": 3}', '{"metric": "r2", "columns": [{"name": "a"}]}', "[1]", "{"])
def test_a_damaged_file_is_named(run: Path, content: str) -> None:
    (run / "importance.json").write_text(content, encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=r"importance\.json: "):
        draw_run(run, ["png"], ["importance"])
    (run / "importance.json").unlink()
