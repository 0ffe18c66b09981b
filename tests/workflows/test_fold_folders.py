"""What the other commands do with a folder of `train --folds`: each row belongs to the run that held it out."""

from __future__ import annotations

import json
import math
import shutil
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris

import mlpcli
from mlpcli.cli.train_results import report_series
from mlpcli.errors import RunDirectoryError, UserError
from mlpcli.plotting import style
from mlpcli.runs.read_run import read_folds
from mlpcli.workflows.folds import FoldsResult

CONFIG = """
name: iris
seed: 5
data: {source: iris, validation: 0.2}
model: {hidden_units: [8]}
training: {engine: numpy, epochs: 8, batch_size: 16, optimizer: {name: adam, learning_rate: 0.01}}
output: {plots: []}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three folds, trained once for this file; the second folder beside it has a smaller network."""
    place = tmp_path_factory.mktemp("folds")
    (place / "iris.yaml").write_text(CONFIG, encoding="utf-8")
    mlpcli.train_folds(place / "iris.yaml", 3, ["model.hidden_units=[3]"], run_dir=place / "small")
    return mlpcli.train_folds(place / "iris.yaml", 3, run_dir=place / "iris").path


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """The folder, to be changed."""
    shutil.copytree(folder, tmp_path / "iris")
    return tmp_path / "iris"


def predicted(folder: Path) -> list[list[str]]:
    """Row, fold, truth and prediction of every line of out_of_fold.csv."""
    text = (folder / "out_of_fold.csv").read_text(encoding="utf-8-sig")
    return [line.split(",")[:4] for line in text.splitlines()[1:]]


def test_evaluate_scores_each_row_by_the_run_that_held_it_out(folder: Path) -> None:
    result = mlpcli.evaluate(folder)
    found, rows = result.evaluation, predicted(folder)
    right = [truth == label for _, _, truth, label in rows]
    assert (found["split"], found["rows"], found["accuracy"]) == ("out of fold", 150, pytest.approx(np.mean(right)))
    names = found["class_names"]
    matrix = np.zeros((3, 3), int)
    for _, _, truth, label in rows:
        matrix[names.index(truth), names.index(label)] += 1
    assert found["confusion_matrix"] == matrix.tolist()
    written = json.loads((folder / "folds.json").read_text(encoding="utf-8"))["scores"]["test"]
    assert list(found["folds"]["scores"]) == ["fold-1", "fold-2", "fold-3"]
    for metric in ("loss", "accuracy"):
        assert found["folds"]["mean"][metric] == pytest.approx(written[metric]["mean"], rel=1e-5)
        deviation = written[metric]["standard_deviation"]
        assert found["folds"]["standard_deviation"][metric] == pytest.approx(deviation, rel=1e-4)
    table = {row[0]: row for row in result.score_table()[1]}
    assert table["accuracy"][2] == f"{np.mean(written['accuracy']['values']):.4f} ± {deviation_of(written):.4f}"
    assert result.score_table()[0][1:3] == ["all rows", "mean of folds"]


def deviation_of(scores: dict[str, Any]) -> float:
    return statistics.stdev(scores["accuracy"]["values"])


def test_evaluate_of_what_is_for_one_run(folder: Path) -> None:
    for settings, option in (({"split": "train"}, "--split"), ({"baseline": True}, "--baseline")):
        with pytest.raises(UserError, match=f"{option}: is for one run, and .* has several folds; leave it out"):
            mlpcli.evaluate(folder, **settings)


def test_predict_averages_the_runs(folder: Path) -> None:
    x = load_iris().data[:7].astype(np.float32)
    result = mlpcli.predict(folder, x)
    each = [mlpcli.predict(folder / f"fold-{fold}", x).outputs for fold in (1, 2, 3)]
    np.testing.assert_allclose(result.outputs, np.mean(each, axis=0), rtol=1e-5)
    assert f"note: {folder}: the average of 3 runs" in result.notes
    assert mlpcli.predict(folder, x, spread=True).predictions[0]["agree"] == 1.0


def test_other_rows_are_scored_by_the_average(folder: Path) -> None:
    result = mlpcli.evaluate(folder, data="iris")
    assert (result.evaluation["rows"], len(result.evaluation["members"]["scores"])) == (150, 3)


def test_what_is_not_finished_is_left_out(copy: Path) -> None:
    known = json.loads((copy / "folds.json").read_text(encoding="utf-8"))
    known["runs"][1]["outcome"] = "failed"
    (copy / "folds.json").write_text(json.dumps(known), encoding="utf-8")
    result = mlpcli.evaluate(copy)
    assert result.evaluation["rows"] == 100
    assert f"note: {copy}: fold-2 did not finish, and is left out" in result.notes
    result = mlpcli.combine(copy, copy.parent / "both.keras")
    assert [file.parent.name for file in result.runs] == ["fold-1", "fold-3"]
    known["runs"][2]["outcome"] = "interrupted"
    (copy / "folds.json").write_text(json.dumps(known), encoding="utf-8")
    assert f"note: {copy}: fold-2, fold-3 did not finish, and are left out" in mlpcli.evaluate(copy).notes
    for run in known["runs"]:
        run["outcome"] = "interrupted"
    (copy / "folds.json").write_text(json.dumps(known), encoding="utf-8")
    for ask in (mlpcli.evaluate, lambda run: mlpcli.combine(run, copy.parent / "none.keras")):
        with pytest.raises(RunDirectoryError, match="none of its folds is finished; resume with: mlpcli train"):
            ask(copy)


def test_a_combined_file_cannot_be_scored_on_rows_that_its_runs_have_seen(folder: Path, tmp_path: Path) -> None:
    mlpcli.combine(folder, tmp_path / "all.keras")
    with pytest.raises(UserError, match="each run was trained on the folds that the others held out"):
        mlpcli.evaluate(tmp_path / "all.keras")


def test_compare_pairs_the_folds_and_corrects_for_shared_rows(folder: Path) -> None:
    """Nadeau and Bengio: the variance of the mean is s² (1/3 + 50/100), and Student's t for 2 degrees is 4.303."""
    small = folder.parent / "small"
    found = mlpcli.compare([folder, small])
    values = [read_folds(run)["scores"]["test"]["accuracy"]["values"] for run in (folder, small)]
    differences = [first - second for first, second in zip(*values, strict=True)]
    noise = 4.303 * statistics.stdev(differences) * math.sqrt(1 / 3 + 50 / 100)
    assert found.notes[-1].endswith(f"(± {noise:.4f}, 95 %, 3 folds in pairs)")
    assert {key: sorted(values) for key, values in found.settings.items()} == {"hidden_units": ["[3]", "[8]"]}
    assert [(run.folds, run.seeds, run.state) for run in found.runs] == [(3, 1, "done")] * 2
    assert "iris, fold-2" in found._runs()


def test_a_folder_of_folds_is_not_ranked_with_one_run(folder: Path) -> None:
    (note,) = mlpcli.compare([folder, folder / "fold-1"]).notes
    assert note == f"not ranked: {folder} and {folder / 'fold-1'} have different numbers of folds (3 and 1)"


def test_the_list_of_runs(folder: Path, mlpcli_here: Any) -> None:
    listed = mlpcli_here("runs", folder.parent)
    assert "3 folds, hidden_units=[8]" in " ".join(listed.stdout.split())


def test_the_picture_and_the_curves(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Any] = []
    monkeypatch.setattr(style, "save_figure", lambda figure, path: figures.append(figure))
    assert mlpcli.plot([copy]).paths == [copy / "folds.png"]
    assert mlpcli.plot([copy], metric="loss").paths == [copy / "loss.png"]
    first, curves = figures
    assert (first.get_suptitle(), curves.get_suptitle()) == ("iris: 3 folds", "iris: 3 folds")
    labels = [text.get_text() for text in first.legends[0].get_texts()]
    assert labels == ["fold 1", "fold 2", "fold 3", "training", "validation", "best epoch"]
    scores = read_folds(copy)["scores"]["test"]["accuracy"]
    above = next(axes for axes in first.axes if axes.get_ylabel() == "accuracy")
    assert above.get_title("left") == f"held-out rows: {scores['mean']:.4f} ± {scores['standard_deviation']:.4f}"
    dots = [line.get_xydata()[0].tolist() for line in above.lines if line.get_marker() == "o"]
    assert dots == [[fold, value] for fold, value in enumerate(scores["values"], start=1)]
    with pytest.raises(UserError, match=r"--only: is for one run, and .* has several folds; give one"):
        mlpcli.plot([copy], only=["weights"])


def test_the_picture_while_the_first_fold_is_trained(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Any] = []
    monkeypatch.setattr(style, "save_figure", lambda figure, path: figures.append(figure))
    known = json.loads((copy / "folds.json").read_text(encoding="utf-8"))
    (copy / "folds.json").write_text(json.dumps({**known, "runs": []}), encoding="utf-8")
    shutil.rmtree(copy / "fold-3")
    mlpcli.plot([copy])
    assert figures[0].get_suptitle() == "iris: 2 folds"
    assert [text.get_text() for axes in figures[0].axes for text in axes.texts].count("not scored yet") == 2


def test_a_report(folder: Path, tmp_path: Path) -> None:
    result = mlpcli.report([folder], tmp_path / "report.md", markdown=True)
    text = Path(result.path).read_text(encoding="utf-8")
    assert "3 folds, mean ± standard deviation" in text
    assert f"± {deviation_of(read_folds(folder)['scores']['test']):.4f}" in text


@pytest.mark.parametrize("command", [["summary"], ["gradcheck"], ["importance"]])
def test_commands_for_one_run_name_one(folder: Path, mlpcli_here: Any, command: list[str]) -> None:
    done = mlpcli_here(*command, folder)
    message = f"error: {folder}: contains 3 folds; give one of them, such as {folder / 'fold-1'}\n"
    assert (done.returncode, done.stderr) == (2, message)


@pytest.mark.parametrize(
    "change", [{"folds": 1}, {"folds": "3"}, {"seeds_asked_for": []}, {"runs": [{"seed": 5, "fold": 4}]}, {"runs": 1}]
)
def test_a_damaged_file(copy: Path, change: dict[str, Any]) -> None:
    known = json.loads((copy / "folds.json").read_text(encoding="utf-8"))
    (copy / "folds.json").write_text(json.dumps({**known, **change}), encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=r"folds\.json: is damaged: it does not list the folds; restore it"):
        mlpcli.evaluate(copy)


def test_what_train_prints(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = json.loads((folder / "folds.json").read_text(encoding="utf-8"))
    assert report_series(FoldsResult(folder, summary), as_json=False) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line]
    assert lines[0] == "iris: 3 folds, mean ± standard deviation"
    assert "each fold, scores on the test rows" in lines
    assert [line.split()[0] for line in lines if line[0] in "123" and " of 8" in line] == ["1", "2", "3"]
    assert lines[-3:] == [
        f"folds {folder / 'folds.json'}", f"rows {folder / 'out_of_fold.csv'}", f"runs {folder}",
    ]  # fmt: skip
    failed = {"fold": 2, "seed": 5, "message": "gone"}
    assert report_series(FoldsResult(folder, {**summary, "failures": [failed]}), as_json=False) == 1
    assert capsys.readouterr().err.startswith("error: fold 2: gone\nresume with: mlpcli train --resume ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--folds", "1"], "1 is not a valid number of folds; give a whole number from 2 to 1000"),
        (["--folds", "x"], "x is not a valid number of folds; give a whole number from 2 to 1000"),
        (["--folds", "3", "--baseline"], "--baseline is for one run; leave out --folds"),
        (["--folds", "3", "--vary", "seed=1,2"], "--folds is for one config; leave out --vary"),
        (["--folds", "60"], 'data.folds.count: the class "setosa" has 50 rows, too few for 60 folds'),
        (["--folds", "3", "-s", "data.folds={group: shop}"], "names a column of a table, but iris is not one"),
    ],
)
def test_wrong_options(options: list[str], message: str, write_config: Callable[..., Path], mlpcli_here: Any) -> None:
    done = mlpcli_here("train", write_config(CONFIG), *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert not Path("runs").exists()
