from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import RunDirectoryError
from mlpcli.files import write_json
from mlpcli.plotting.run_plots import differing_parts, distinct_names, draw_evaluation, draw_run, overlaid_curves
from mlpcli.runs.read_run import read_config, read_curves, read_evaluation
from mlpcli.runs.run_file import LARGEST_CONFIG

pytestmark = pytest.mark.usefixtures("hangul_font")

HEADER = "epoch,seconds,learning_rate,loss,accuracy,val_loss,val_accuracy\n"
HISTORY = HEADER + "1,0.5,0.01,2.0,0.4,1.9,0.5\n2,0.5,0.01,1.5,0.6,1.6,0.6\n"
CONFUSION = {"split": "test", "class_names": ["포유류", "$새_1$"], "confusion_matrix": [[3, 1], [0, 4]]}
REGRESSION = {"split": "test", "rows": 2, "r2": 0.5, "sample": {"true": [1.0, 2.0], "predicted": [1.5, 1.5]}}
ONE_INPUT = REGRESSION | {
    "sample": {"true": [1.0, 2.0], "predicted": [1.5, 1.5], "input": [3.0, 4.0]},
    "curve": {"input": [3.0, 4.0], "predicted": [1.5, 1.5]},
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that is still going: a history, a config, and nothing else."""
    folder = tmp_path / "숫자"
    folder.mkdir()
    (folder / "history.csv").write_text(HISTORY, encoding="utf-8")
    (folder / "config.yaml").write_text("name: 숫자 모델\n", encoding="utf-8")
    return folder


def test_read_curves(run: Path) -> None:
    write_json(run / "metrics.json", {"best_epoch": 2})
    curves = read_curves(run)
    assert (curves.label, curves.best_epoch) == ("숫자 모델", 2)
    assert curves.history["val_loss"] == [1.9, 1.6]


def test_a_run_that_is_still_going(run: Path) -> None:
    (run / "history.csv").write_text(HISTORY + "3,0.5,0.0", encoding="utf-8")
    (run / "config.yaml").unlink()
    curves = read_curves(run)
    assert (curves.label, curves.best_epoch, curves.history["epoch"]) == ("숫자", None, [1.0, 2.0])
    drawn = draw_run(run, ["png"])
    assert drawn.paths == [run / "history.png"]
    assert drawn.notes == [f"{run}: has no scores in evaluation.json yet, so only the learning curves are drawn"]


@pytest.mark.parametrize(
    ("evaluation", "stems"),
    [(CONFUSION, ["confusion_matrix"]), (REGRESSION, ["predicted_against_true", "residuals"])],
)
def test_draws_what_fits_the_task(run: Path, evaluation: dict[str, Any], stems: list[str]) -> None:
    write_json(run / "evaluation.json", evaluation)
    drawn = draw_run(run, ["svg", "png"])
    names = [f"{stem}.{kind}" for stem in ("history", *stems) for kind in ("svg", "png")]
    assert [path.name for path in drawn.paths] == names
    assert all(path.stat().st_size > 1000 for path in drawn.paths)
    assert len(drawn.notes) <= 1  # the missing font, on a machine without Hangul


@pytest.mark.parametrize(
    ("evaluation", "scores"),
    [
        (CONFUSION, "test: accuracy 0.875 on 8 rows"),
        (REGRESSION, "test: R² 0.5 on 2 rows"),
        (ONE_INPUT, "test: R² 0.5 on 2 rows"),
    ],
)
def test_the_name_of_the_run_is_in_every_title(run: Path, evaluation: dict[str, Any], scores: str) -> None:
    write_json(run / "evaluation.json", evaluation)
    assert {figure.get_suptitle() for figure in draw_evaluation(run).values()} == {f"숫자 모델\n{scores}"}
    assert {figure.get_suptitle() for figure in draw_evaluation(run, "other").values()} == {f"other\n{scores}"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("history.csv", "", "no epoch has finished yet"),
        ("history.csv", "epoch,loss\n", "no epoch has finished yet"),
        ("history.csv", "a,b\n1,2\n", 'the first column must be "epoch"'),
        ("history.csv", "epoch,loss\n1,x\n", "is damaged: could not convert string to float"),
        ("history.csv", "epoch,loss\nnan,1\n", "is damaged: epochs must be whole numbers from 1"),
        ("history.csv", "epoch,loss\n1e300,1\n", "is damaged: epochs must be whole numbers from 1"),
        ("metrics.json", "{", "is damaged"),
        ("metrics.json", "[1]", "is damaged: keys with values were expected"),
        ("config.yaml", "- a\n", "is damaged: keys with values were expected"),
        ("config.yaml", "a: [\n", "is damaged: while parsing"),
        ("config.yaml", "a: &x 1\nb: *x\n", r"is damaged: it has an alias \(\*\)"),
        ("config.yaml", "[" * 200_000, "is damaged: it is nested deeper than 50 levels"),
        ("config.yaml", "#" * (LARGEST_CONFIG + 1), "has 1,048,577 bytes, but at most 1,048,576 are read"),
    ],
)
def test_files_that_cannot_be_used(run: Path, name: str, text: str, message: str) -> None:
    (run / name).write_text(text, encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=message) as caught:
        read_curves(run)
    assert str(caught.value).startswith(f"{run / name}:")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["history.csv", "config.yaml", "metrics.json"])
def test_bytes_that_are_no_text(run: Path, name: str) -> None:
    (run / name).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunDirectoryError, match="'utf-8' codec can't decode"):
        read_curves(run)


@pytest.mark.parametrize(
    "evaluation",
    [
        {"confusion_matrix": [[1, 2], [3]], "class_names": ["a", "b"]},
        {"confusion_matrix": [[1]], "class_names": ["a", "b"]},
        {"confusion_matrix": [["x"]], "class_names": ["a"]},
        {"confusion_matrix": [[1]]},
        {"confusion_matrix": 7, "class_names": None},
        {"sample": {"true": [1.0]}},
        {"sample": [1.0], "rows": 1},
        {"sample": {"true": [1.0], "predicted": [1.0]}, "rows": "many"},
        {"sample": {"true": [1.0], "predicted": [1.0]}, "r2": "good"},
        {"sample": {"true": [1.0], "predicted": [1.0]}, "curve": {"input": [1.0], "predicted": [1.0]}},
        {"sample": {"true": [1.0], "predicted": [1.0], "input": [1.0]}, "curve": {"input": [1.0]}},
    ],
)
def test_damaged_evaluation(run: Path, evaluation: dict[str, Any]) -> None:
    write_json(run / "evaluation.json", evaluation)
    with pytest.raises(RunDirectoryError, match=r"evaluation\.json: is damaged: .*; evaluate the run again"):
        draw_evaluation(run)


def test_one_input_gets_the_curve_through_its_points(run: Path) -> None:
    points, curve = {"true": [3.0, 5.0], "predicted": [3.0, 5.0], "input": [1.0, 2.0]}, {"input": [1.0, 2.0]}
    write_json(run / "evaluation.json", {"sample": points, "rows": 2, "curve": {**curve, "predicted": [3.0, 5.0]}})
    names = [path.name for path in draw_run(run, ["png"]).paths]
    assert names == ["history.png", "predicted_against_true.png", "residuals.png", "fitted_curve.png"]


def test_missing_config_and_evaluation_are_empty(tmp_path: Path) -> None:
    assert (read_config(tmp_path), read_evaluation(tmp_path)) == ({}, {})


def test_folders_called_the_same_are_told_apart() -> None:
    runs = [Path("/a/digits"), Path("/b/digits"), Path("/a/iris")]
    assert distinct_names(runs) == [str(runs[0]), str(runs[1]), "iris"]


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (["digits-adam-long", "digits-sgd-long"], ["adam", "sgd"]),
        (["패션 의류 넓은 망", "패션 의류 깊고 좁은 망"], ["넓은", "깊고 좁은"]),
        (["digits", "digits-2"], ["digits", "digits-2"]),
        (["digits-2", "digits-3"], ["2", "3"]),
        (["a_lr=1e-3", "a_lr=1e-4"], ["lr=1e-3", "lr=1e-4"]),
        (["lr 0.1", "lr 0.01"], ["0.1", "0.01"]),
        (["/x/a/digits", "/x/b/digits"], ["a", "b"]),
        (["a-a", "a-a-a"], ["a", "a-a"]),
        (["a-b", "a_b"], ["a-b", "a_b"]),
        (["iris", "digits"], ["iris", "digits"]),
    ],
)
def test_of_names_only_what_differs(names: list[str], parts: list[str]) -> None:
    assert differing_parts(names) == parts


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (["digits", "digits-2"], "digits: 2 runs"),
        (["패션 의류 넓은 망", "패션 의류 좁은 망"], "패션 의류: 2 runs"),
        (["iris", "digits"], "2 runs"),
        (["a/x", "b/x"], "2 runs"),
    ],
)
def test_the_title_of_several_runs_has_what_their_names_share(tmp_path: Path, names: list[str], title: str) -> None:
    runs = [tmp_path / name for name in names]
    for run in runs:
        run.mkdir(parents=True)
        (run / "history.csv").write_text(HISTORY, encoding="utf-8")
    assert overlaid_curves(runs).get_suptitle() == title


def test_odd_numbers_are_drawn(run: Path) -> None:
    rows = "1,0,0,1e308,nan,-1e308,1\n2,0,0,inf,nan,-inf,1\n3,0,0,1e30,nan,nan,1\n4,0,0,1e-30,nan,nan,1\n"
    (run / "history.csv").write_text(HEADER + rows, encoding="utf-8")
    write_json(run / "metrics.json", {"best_epoch": 3})
    assert draw_run(run, ["png"]).paths[0].stat().st_size > 1000
