"""One config, several folds, on NumPy: each run is the one that the rows split by hand would give."""

from __future__ import annotations

import csv
import json
import shutil
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import StratifiedKFold

import mlpcli
from mlpcli.errors import ConfigError, DataError, UserError
from mlpcli.modelfile.saved_model import open_model
from mlpcli.training.progress import Silence

CONFIG = """
name: iris
seed: 5
data: {source: iris, validation: 0.2, test: 0.2}
model: {hidden_units: [8], dropout: 0.1}
training: {engine: numpy, epochs: 4, batch_size: 16}
output: {plots: []}
"""


class Notes(Silence):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three folds, trained once for this file."""
    place = tmp_path_factory.mktemp("folds")
    (place / "iris.yaml").write_text(CONFIG, encoding="utf-8")
    return mlpcli.train(place / "iris.yaml", runs_dir=place / "runs", folds=3).path


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def read_rows(folder: Path) -> list[dict[str, str]]:
    with open(folder / "out_of_fold.csv", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def weights_of(run: Path) -> list[list[float]]:
    return [array.ravel().tolist() for arrays in open_model(run).weights.values() for array in arrays]


def test_the_folder_holds_ordinary_runs(folder: Path, tmp_path: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "fold-1", "fold-2", "fold-3", "folds.json", "out_of_fold.csv",
    ]  # fmt: skip
    alone = mlpcli.train(folder / "fold-2" / "config.yaml", run_dir=tmp_path / "alone").run
    assert sorted(path.name for path in alone.iterdir()) == sorted(path.name for path in (folder / "fold-2").iterdir())
    assert weights_of(alone) == weights_of(folder / "fold-2") != weights_of(folder / "fold-1")
    assert (alone / "evaluation.json").read_bytes() == (folder / "fold-2" / "evaluation.json").read_bytes()


def test_each_run_is_the_one_of_rows_split_by_hand(folder: Path, tmp_path: Path) -> None:
    """scikit-learn's parts as two files, of which one is the test rows: the same weights and scores to the bit."""
    x, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])
    splitter = StratifiedKFold(3, shuffle=True, random_state=5)
    (tmp_path / "my.yaml").write_text(CONFIG.replace("source: iris", "source: train.npz"), encoding="utf-8")
    for fold, (train, test) in enumerate(splitter.split(x, y), start=1):
        for name, rows in (("train", train), ("test", test)):
            np.savez(tmp_path / f"{name}.npz", x=x[rows].astype(np.float32), y=y[rows], class_names=names)
        by_hand = mlpcli.train(
            tmp_path / "my.yaml", [f"data.test={tmp_path / 'test.npz'}"], run_dir=tmp_path / f"hand-{fold}"
        )
        run = folder / f"fold-{fold}"
        assert weights_of(by_hand.run) == weights_of(run)
        assert by_hand.metrics["scores"] == read_json(run / "metrics.json")["scores"]


def test_means_and_spreads_are_those_of_the_runs(folder: Path) -> None:
    written = read_json(folder / "folds.json")
    values = [read_json(folder / f"fold-{fold}" / "metrics.json")["scores"] for fold in (1, 2, 3)]
    for split in ("train", "validation", "test"):
        accuracies = [scores[split]["accuracy"] for scores in values]
        found = written["scores"][split]["accuracy"]
        assert found["values"] == accuracies
        assert found["mean"] == pytest.approx(sum(accuracies) / 3)
        assert found["standard_deviation"] == pytest.approx(statistics.stdev(accuracies))
    assert (written["folds"], written["seeds_asked_for"]) == (3, [5])
    assert written["runs_done"] == ["fold-1", "fold-2", "fold-3"]
    assert [(run["fold"], run["seed"], run["folder"]) for run in written["runs"]] == [
        (1, 5, "fold-1"), (2, 5, "fold-2"), (3, 5, "fold-3"),
    ]  # fmt: skip


def test_every_row_is_predicted_by_the_run_that_did_not_see_it(folder: Path) -> None:
    x, y = load_iris(return_X_y=True)
    names = ["setosa", "versicolor", "virginica"]
    rows = read_rows(folder)
    assert list(rows[0]) == ["row", "fold", "truth", "predicted", "probability", *names]
    assert [int(row["row"]) for row in rows] == list(range(150))
    assert [row["truth"] for row in rows] == [names[label] for label in y]
    for fold in (1, 2, 3):
        mine = [row for row in rows if row["fold"] == str(fold)]
        places = [int(row["row"]) for row in mine]
        with np.load(folder / f"fold-{fold}" / "split.npz") as split:
            assert split["test"].tolist() == places
        outputs = mlpcli.predict(folder / f"fold-{fold}", x[places].astype(np.float32)).outputs
        np.testing.assert_allclose([[float(row[name]) for name in names] for row in mine], outputs, rtol=1e-5)
        assert [row["predicted"] for row in mine] == [names[best] for best in outputs.argmax(axis=1)]
        right = np.mean([row["predicted"] == row["truth"] for row in mine])
        scores = read_json(folder / f"fold-{fold}" / "metrics.json")["scores"]
        assert right == pytest.approx(scores["test"]["accuracy"])


TABLE = "shop,x,size,price\n" + "".join(
    f"{'abcdef'[row * row * row // 7 % 6]},{row % 7},{'' if row == 9 else row * 0.5},{row % 5 + 0.25}\n"
    for row in range(60)
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "prices.csv").write_text(TABLE, encoding="utf-8")
    path = tmp_path / "prices.yaml"
    text = CONFIG.replace("source: iris", "source: prices.csv, target: price").replace(", test: 0.2", "")
    path.write_text(text.replace("name: iris", "name: prices"), encoding="utf-8")
    return path


def test_numbers_of_a_table_with_seeds(table: Path) -> None:
    result = mlpcli.train_folds(table, 2, runs_dir=table.parent / "runs", seeds=2)
    folders = ["fold-1-seed-5", "fold-2-seed-5", "fold-1-seed-6", "fold-2-seed-6"]
    assert [run["folder"] for run in result.summary["runs"]] == folders
    assert (result.counted(), result.done, result.asked_for) == ("2 folds x 2 seeds", 4, 4)
    assert len(result.summary["scores"]["test"]["loss"]["values"]) == 4
    rows = read_rows(result.path)
    assert list(rows[0]) == ["row", "file", "line", "fold", "seed", "truth", "predicted"]
    assert [(row["row"], row["seed"]) for row in rows[:4]] == [("0", "5"), ("0", "6"), ("1", "5"), ("1", "6")]
    assert len(rows) == 120
    lines = TABLE.splitlines()
    for row in rows:
        assert (row["file"], row["truth"]) == ("prices.csv", lines[int(row["line"]) - 1].split(",")[-1])
    assert set(result.history["fold"]) == {"1, seed 5", "2, seed 5", "1, seed 6", "2, seed 6"}
    assert "2 folds x 2 seeds" in repr(result)


def test_by_group_and_in_the_order_of_time(table: Path) -> None:
    result = mlpcli.train_folds(table, 2, ["data.folds={group: shop}", "data.exclude=[shop]"], table.parent / "runs")
    rows, lines = read_rows(result.path), TABLE.splitlines()
    first, second = ({lines[int(row["line"]) - 1][0] for row in rows if row["fold"] == fold} for fold in "12")
    assert (first | second, first & second) == (set("abcdef"), set())
    assert (result.summary["group"], result.summary["time"]) == ("shop", None)
    result = mlpcli.train_folds(table, 3, ["data.folds={time: true}"], table.parent / "runs")
    assert [int(row["row"]) for row in read_rows(result.path)] == list(range(15, 60)), "the first rows are in no fold"


def test_a_test_fraction_gives_way_with_a_note(table: Path) -> None:
    listener = Notes()
    mlpcli.train_folds(table, 2, ["data.test=0.3", "training.epochs=1"], table.parent / "runs", progress=listener)
    note = "note: data.test: 0.3 is left out: the test rows are the held-out fold"
    assert [text for text in listener.notes if text.startswith(("note: data.test", "fold"))] == [
        note, "fold 1 (1 of 2)", "fold 2 (2 of 2)",
    ]  # fmt: skip


@pytest.mark.parametrize("folds", [1, 0, 1001, 2.0, "3", True])
def test_no_number_of_folds(table: Path, folds: Any) -> None:
    with pytest.raises(UserError, match=r"is not a valid number of folds; give a whole number from 2 to 1,000"):
        mlpcli.train_folds(table, folds, runs_dir=table.parent / "runs")
    assert not (table.parent / "runs").exists()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data.test=other.csv"], "data.test: is a file, and folds hold out test rows of their own; set it to null"),
        (["data.folds={count: 3, held_out: 1}"],
         "data.folds.held_out: belongs to one run; remove it and data.folds.count"),
        (["data.limit=3"], "4 folds need 4 rows, but there are 3; choose 3 folds or fewer"),
        (["data.streaming=always"], "data.folds: folds need all rows in memory; set data.streaming: never"),
        (["data.source=mnist", "data.target=null"],
         "data.source: mnist brings its own test rows, and folds would hold out others; leave out --folds"),
    ],
)  # fmt: skip
def test_what_folds_cannot_be(table: Path, overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        mlpcli.train_folds(table, 4, overrides, table.parent / "runs")
    assert message in str(raised.value)
    assert not (table.parent / "runs").exists()


class Killed(BaseException):
    """Ends a process where it happens to be."""


class Kills(Silence):
    """Ends the series at the `count`th epoch."""

    def __init__(self, count: int) -> None:
        self.left = count

    def epoch(self, row: Any) -> None:
        self.left -= 1
        if not self.left:
            raise Killed


@pytest.mark.parametrize("epoch", [2, 7, 12])
def test_killed_and_resumed(folder: Path, tmp_path: Path, epoch: int) -> None:
    """The same folder at the end, wherever the process ended."""
    (tmp_path / "iris.yaml").write_text(CONFIG, encoding="utf-8")
    with pytest.raises(Killed):
        mlpcli.train_folds(tmp_path / "iris.yaml", 3, run_dir=tmp_path / "cut", progress=Kills(epoch))
    result = mlpcli.resume(tmp_path / "cut")
    assert result.summary["scores"] == read_json(folder / "folds.json")["scores"]
    for fold in ("fold-1", "fold-2", "fold-3"):
        assert weights_of(tmp_path / "cut" / fold) == weights_of(folder / fold)
    here, there = read_rows(tmp_path / "cut"), read_rows(folder)
    assert [(row["row"], row["fold"], row["predicted"]) for row in here] == [
        (row["row"], row["fold"], row["predicted"]) for row in there
    ]


def test_resumed_when_all_is_done_and_with_what_cannot_change(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    listener = Notes()
    mlpcli.resume(copy, progress=listener)
    assert listener.notes == ["note: all 3 folds are finished; -s training.epochs=8 trains them longer"]
    assert (copy / "out_of_fold.csv").read_bytes() == (folder / "out_of_fold.csv").read_bytes()
    with pytest.raises(UserError, match="seeds: cannot change for the folds of"):
        mlpcli.resume(copy, seeds=2)
    with pytest.raises(ConfigError, match=r"data.folds: cannot change when folds are resumed"):
        mlpcli.resume(copy, ["data.folds.count=4"])
    with pytest.raises(ConfigError, match="seed: cannot change, since it determines the folds"):
        mlpcli.resume(copy, ["seed=6"])
    longer = mlpcli.resume(copy, ["training.epochs=6"])
    assert longer.summary["epochs"]["values"] == [6, 6, 6]
    assert (copy / "out_of_fold.csv").read_bytes() != (folder / "out_of_fold.csv").read_bytes()


def test_a_fold_that_fails_leaves_the_others_alone(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpcli.workflows import series

    real = series.prepare

    def prepare(loaded: Any, watch: Any) -> Any:
        if loaded.config.data.folds.held_out == 2:
            raise DataError("gone")
        return real(loaded, watch)

    monkeypatch.setattr(series, "prepare", prepare)
    result = mlpcli.train_folds(table, 3, runs_dir=table.parent / "runs")
    assert result.summary["failures"] == [{"fold": 2, "seed": 5, "message": "gone"}]
    assert result.counted() == "2 of 3 folds"
    assert {row["fold"] for row in read_rows(result.path)} == {"1", "3"}


def test_folds_of_what_is_for_one_run(table: Path) -> None:
    train: Callable[..., Any] = mlpcli.train
    with pytest.raises(UserError, match="folds: leave out baseline, which is for one run"):
        train(table, folds=3, baseline=True)
