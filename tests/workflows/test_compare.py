"""`mlpcli runs` and `mlpcli compare`, on run directories made by hand."""

from __future__ import annotations

import csv
import io
import json
import math
import statistics
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import mlpcli
from mlpcli.cli import terminal
from mlpcli.errors import RunDirectoryError, UserError
from mlpcli.language import speaking
from mlpcli.runs.directory import held
from mlpcli.runs.run_summary import read_summary
from mlpcli.workflows.compare import cells, compare

Made = Callable[..., Path]
CONFIG = {
    "name": "digits",
    "seed": 7,
    "data": {"source": "digits", "test": 0.2, "scaling": "auto"},
    "model": {"hidden_units": [64]},
    "training": {"optimizer": {"name": "sgd", "learning_rate": 0.01}, "metrics": ["accuracy"], "loss": "auto"},
}


def with_values(values: dict[str, Any]) -> dict[str, Any]:
    """CONFIG with some dotted keys changed."""
    config = json.loads(json.dumps(CONFIG))
    for key, value in values.items():
        *folders, name = key.split(".")
        inside = config
        for folder in folders:
            inside = inside[folder]
        inside[name] = value
    return config


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Makes runs/NAME: its config's changes, its test scores (None: killed), the rows of its test part, its data."""
    monkeypatch.chdir(tmp_path)

    def make(
        name: str,
        changes: dict[str, Any] | None = None,
        scores: dict[str, float] | None = None,
        rows: range = range(100),
        data: str = "sha256:1",
        **metrics: Any,
    ) -> Path:
        run = Path("runs") / name
        run.mkdir(parents=True)
        (run / "config.yaml").write_text(yaml.safe_dump(with_values(changes or {})), encoding="utf-8")
        (run / "history.csv").write_text("epoch,loss\n1,2.0\n2,1.0\n3,1.5\n", encoding="utf-8")
        (run / "environment.json").write_text(json.dumps({"data_fingerprint": data}), encoding="utf-8")
        np.savez_compressed(run / "split.npz", test=np.arange(rows.start, rows.stop))
        if scores is not None:
            known = {
                "best_epoch": 2,
                "outcome": "finished",
                "scores": {"test": scores, "train": {"accuracy": 1.0}},
                "rows": {"test": len(rows), "train": 400},
                "seconds": {"total": 2.5},
            }
            (run / "metrics.json").write_text(json.dumps(known | metrics), encoding="utf-8")
        return run

    return make


ADAM = {"training.optimizer": {"name": "adam", "learning_rate": 0.001}}


def test_what_differs_and_the_best_first(made: Made, mlpcli_here: Any) -> None:
    made("digits", {}, {"accuracy": 0.9, "loss": 0.5})
    made("digits-2", ADAM, {"accuracy": 0.95, "loss": 0.6})
    done = mlpcli_here("compare", "runs/digits", "runs/digits-2")
    title, _, heading, _, *rows = done.stdout.splitlines()
    assert (title, heading.split()) == (
        "scores on the test rows",
        ["run", "optimizer", "learning_rate", "accuracy", "loss", "best", "epoch", "seconds"],
    )
    assert [row.split() for row in rows[:2]] == [
        ["digits-2", "adam", "0.001", "0.9500", "*", "0.6000", "2", "of", "3", "2.5"],
        ["digits", "sgd", "0.01", "0.9000", "0.5000", "*", "2", "of", "3", "2.5"],
    ]
    # 1.96 sqrt((0.95 x 0.05 + 0.9 x 0.1) / 100)
    assert rows[-1] == (
        "best by test accuracy: digits-2; it leads digits by 0.0500, within the noise (± 0.0727, 95 %, 100 rows)"
    )


def test_of_many_rows_the_same_lead_is_more_than_noise(made: Made) -> None:
    for name, accuracy in (("a", 0.9), ("b", 0.95)):
        made(name, {"model.hidden_units": [len(name), round(100 * accuracy)]}, {"accuracy": accuracy}, range(1000))
    (note,) = compare(["runs"]).notes
    assert note.endswith("by 0.0500, more than the noise (± 0.0230, 95 %, 1,000 rows)")


def test_a_comparison_in_korean(made: Made) -> None:
    made("a", {"seed": 7}, {"accuracy": 0.9})
    made("b", {"seed": 7}, {"accuracy": 0.95})
    with speaking("ko"):
        found = compare(["runs/a", "runs/b"])
        columns, rows = cells(found)
    assert found.notes == (
        "테스트 정확도 기준으로 가장 좋은 결과: b. a보다 0.0500만큼 좋지만, 오차 범위(±0.0727, 95%, 100행) 안입니다",
    )
    assert columns == ["학습 결과", "정확도", "가장 좋은 에포크", "시간(초)"]
    assert rows[0] == ["b", "0.9500 *", "2 / 3", "2.5"]


def test_numbers_of_single_runs_have_no_known_noise_and_a_smaller_error_is_better(made: Made) -> None:
    for name, error in (("a", 3.5), ("b", 2.5)):
        made(name, {"seed": 7}, {"mean_absolute_error": error})
    found = compare(["runs/a", "runs/b"])
    assert [run.path.name for run in found.runs] == ["b", "a"]
    assert found.best == {"mean_absolute_error": (0,)}
    assert found.notes == (
        "best by test mean_absolute_error: b; it leads a by 1.0000; whether that is more than noise, one run"
        " each cannot tell: train with --seeds 5",
    )


@pytest.mark.parametrize(
    ("changes", "rows", "data", "why"),
    [
        ({"data.test": 0.3}, range(100), "sha256:1", "differ in data.test, so their scores are of different rows"),
        ({"data.source": "iris"}, range(100), "sha256:1", "differ in data.source, so"),
        ({"seed": 8}, range(1, 101), "sha256:1", "have different rows in their parts; train both with the same seed"),
        ({}, range(100), "sha256:2", "the data has changed between runs/a and runs/b; train the older one again"),
    ],
)
def test_what_was_scored_on_other_rows_is_not_ranked(
    made: Made, changes: dict[str, Any], rows: range, data: str, why: str
) -> None:
    made("a", {}, {"accuracy": 0.9})
    made("b", changes, {"accuracy": 0.95}, rows, data)
    found = compare(["runs/a", "runs/b"])
    assert (found.best, found.ranked_by) == ({}, None)
    assert [run.path.name for run in found.runs] == ["a", "b"]
    assert found.notes[0].startswith("not ranked: ") and why in found.notes[0]


def test_rows_that_are_encoded_in_another_way_are_the_same_rows(made: Made) -> None:
    made("a", {}, {"accuracy": 0.9})
    made("b", {"data.scaling": "minmax"}, {"accuracy": 0.95}, data="sha256:2")
    assert compare(["runs"]).best == {"accuracy": (0,)}


def series(made: Made, name: str, changes: dict[str, Any], accuracies: list[float]) -> Path:
    """A folder as `train --seeds` makes it."""
    for seed, accuracy in enumerate(accuracies, 1):
        made(f"{name}/seed-{seed}", {**changes, "seed": seed}, {"accuracy": accuracy}, range(seed, 100 + seed))
    known = {"seeds_asked_for": [*range(1, len(accuracies) + 1)], "total_seconds": 9.0, "name": "digits"}
    entries = [{"seed": seed} for seed in known["seeds_asked_for"]]
    (Path("runs") / name / "seeds.json").write_text(json.dumps({**known, "runs": entries}), encoding="utf-8")
    return Path("runs") / name


def test_seeds_are_compared_in_pairs(made: Made) -> None:
    ours, theirs = [0.90, 0.92, 0.94], [0.91, 0.94, 0.95]
    series(made, "a", {}, ours)
    series(made, "b", ADAM, theirs)
    found = compare(["runs/a", "runs/b"])
    assert [run.path.name for run in found.runs] == ["b", "a"]
    assert [*found.settings] == ["optimizer", "learning_rate"]  # not the seed
    score = found.scores["accuracy"][0]
    assert score is not None and score.values == tuple(theirs)
    assert (score.mean, score.deviation) == (pytest.approx(2.8 / 3), pytest.approx(statistics.stdev(theirs)))
    # differences 0.01, 0.02, 0.01: mean 0.01333, deviation 0.005774; t(2) = 4.303
    assert 4.303 * 0.0057735 / math.sqrt(3) == pytest.approx(0.01434, abs=1e-5)
    assert found.notes[-1].endswith("by 0.0133, within the noise (± 0.0143, 95 %, 3 seeds in pairs)")


def test_a_run_and_a_series_are_not_ranked(made: Made) -> None:
    made("a", {}, {"accuracy": 0.9})
    series(made, "b", {}, [0.9, 0.92])
    assert compare(["runs"]).notes == ("not ranked: runs/a has 1 seed and runs/b 2",)


def test_a_metric_of_a_name_of_the_user_s_own_has_its_direction(made: Made) -> None:
    named = {"training.metrics": [{"auc": {"name": "mine"}}]}
    for name, value in (("a", 0.7), ("b", 0.8)):
        made(name, named, {"mine": value})
    assert compare(["runs"]).runs[0].path.name == "b"


def test_losses_of_two_kinds_are_not_compared(made: Made) -> None:
    made("a", {}, {"accuracy": 0.9, "loss": 0.5})
    made("b", {"training.loss": "mse"}, {"accuracy": 0.9, "loss": 0.1})
    found = compare(["runs"])
    assert [*found.scores] == ["accuracy"]
    assert found.notes == ("best by test accuracy: a, level with b",)
    assert found.best == {"accuracy": (0, 1)}


def test_a_run_that_goes_on_has_no_scores_yet(made: Made) -> None:
    for name in ("a", "b"):
        made(name, {}, {"accuracy": 0.9})
    made("c", ADAM)
    found = compare(["runs"])
    assert [run.path.name for run in found.runs] == ["a", "b", "c"]
    assert found.notes[0] == "runs/c: killed, without scores"
    assert found.scores["accuracy"][2] is None


def test_a_table_that_is_too_wide_is_turned(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    columns, row = ["run", "hidden_units", "accuracy"], ["패션", "[64, 32]", "0.9667 *"]
    monkeypatch.setattr(terminal, "PIPE_WIDTH", 28)
    terminal.table("", columns, [row], 2, may_turn=True)
    assert [line.split("  ") for line in capsys.readouterr().out.split("\n") if "0.9667" in line or "[64" in line] == [
        [" hidden_units", " [64, 32]"],
        [" accuracy", "", "", " 0.9667 *"],
    ]
    monkeypatch.setattr(terminal, "PIPE_WIDTH", 40)
    terminal.table("", columns, [row], 2, may_turn=True)
    assert " 패션   [64, 32]       0.9667 *" in capsys.readouterr().out


def test_as_json_csv_and_markdown(made: Made, mlpcli_here: Any) -> None:
    made("a|1", {}, {"accuracy": 0.9, "loss": 0.5})
    made("나", ADAM, {"accuracy": 0.95, "loss": 0.4})
    as_json = json.loads(mlpcli_here("compare", "runs", "--json").stdout)
    assert (as_json["part"], as_json["ranked_by"], as_json["best"]) == (
        "test",
        "accuracy",
        {"accuracy": [0], "loss": [0]},
    )
    first = as_json["runs"][0]
    assert (first["run"], first["settings"]) == ("runs/나", {"optimizer": "adam", "learning_rate": "0.001"})
    assert first["scores"]["loss"] == {"mean": 0.4, "standard_deviation": None, "values": [0.4]}
    rows = list(csv.reader(io.StringIO(mlpcli_here("compare", "runs", "--csv").stdout)))
    assert rows[0] == [
        *["run", "state", "optimizer", "learning_rate", "test accuracy", "test loss"],
        *["best epoch", "epochs", "seconds", "seeds", "folds"],
    ]
    assert rows[1] == ["runs/나", "done", "adam", "0.001", "0.95", "0.4", "2", "3", "2.5", "1", "1"]
    lines = mlpcli_here("compare", "runs", "--markdown").stdout.splitlines()
    assert lines[1:4] == [
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| 나 | adam | 0.001 | 0.9500 * | 0.4000 * | 2 of 3 | 2.5 |",
        "| a\\|1 | sgd | 0.01 | 0.9000 | 0.5000 | 2 of 3 | 2.5 |",
    ]
    both = mlpcli_here("compare", "runs", "--csv", "--json")
    assert (both.returncode, both.stderr.splitlines()[-1]) == (
        2,
        "error: --csv, --markdown and --json cannot be combined; choose one",
    )


def test_the_curves_in_one_picture(made: Made, mlpcli_here: Any) -> None:
    for name in ("a", "b"):
        made(name, {}, {"accuracy": 0.9})
    done = mlpcli_here("compare", "runs", "--output", "both.png")
    assert done.stderr == "plot  both.png\n"
    assert Path("both.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_compared(made: Made) -> None:
    made("a", {}, {"accuracy": 0.9})
    with pytest.raises(UserError, match=r"^runs/a alone cannot be compared; give two runs or more, or a folder"):
        compare(["runs/a", "runs/a"])
    with pytest.raises(RunDirectoryError, match=r"^runs/b: does not exist"):
        compare(["runs/a", "runs/b"])


def test_the_states(made: Made, mlpcli_here: Any) -> None:
    made("a", {}, {"accuracy": 0.9})
    made("b", ADAM)
    made("c", {}, {"accuracy": 0.9}, outcome="interrupted")
    made("d", {}, {}, outcome="failed")
    made("e", {}, {"accuracy": 0.9}, outcome=None)  # as before it was written
    made("f").joinpath("metrics.json").write_text("[", encoding="utf-8")
    (Path("runs") / "g").mkdir()
    with held((Path("runs") / "g").resolve()):
        made("h")
        (Path("runs") / "g" / "config.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
        listed = {entry["run"]: entry for entry in json.loads(mlpcli_here("runs", "--json").stdout)}
    states = {Path(run).name: entry["state"] for run, entry in listed.items()}
    assert states == {
        **{"a": "done", "b": "killed", "c": "interrupted", "d": "failed", "e": "done"},
        **{"f": "failed", "g": "running", "h": "killed"},
    }
    assert listed["runs/f"]["damaged"].startswith("runs/f/metrics.json: is damaged")


def test_the_list(made: Made, mlpcli_here: Any) -> None:
    made("digits", {}, {"accuracy": 0.9})
    made("digits-2", ADAM, {"accuracy": 0.95})
    series(made, "digits-3", {}, [0.9, 0.92])
    _, heading, _, *rows = mlpcli_here("runs").stdout.splitlines()
    assert heading.split() == ["run", "data", "what", "is", "special", "state", "best", "epoch", "score", "seconds"]
    assert [" ".join(row.split()) for row in rows[:3]] == [
        "digits digits optimizer=sgd, learning_rate=0.01 done 2 of 3 test accuracy 0.9000 2.5",
        "digits-2 digits optimizer=adam, learning_rate=0.001 done 2 of 3 test accuracy 0.9500 2.5",
        "digits-3 digits 2 seeds, optimizer=sgd, learning_rate=0.01 done 2 of 3 test accuracy 0.9100 ± 0.0141 9.0",
    ]


def test_folders_without_runs(mlpcli_here: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert mlpcli_here("runs", "empty").stdout == "no runs in empty; mlpcli train makes one\n"
    (tmp_path / "a.txt").touch()
    assert mlpcli_here("runs", "a.txt").stderr.startswith("error: a.txt: is a file; ")
    done = mlpcli_here("runs")
    assert (done.returncode, done.stderr) == (
        2,
        "error: runs: does not exist; mlpcli train makes runs, and mlpcli runs DIR lists those in DIR\n",
    )


def test_damaged_parts_are_told(made: Made) -> None:
    run = made("a", {}, {"accuracy": 0.9})
    (run / "split.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(RunDirectoryError, match=r"split.npz: is damaged: .*; restore it or train again"):
        read_summary(run)
    with zipfile.ZipFile(run / "split.npz", "w") as archive:
        archive.writestr("test.npy", b"")
    assert read_summary(run).parts == ("test.npy:0:0",)


def test_after_a_real_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "data: {source: iris, test: 0.2}\ntraining: {engine: numpy, epochs: 2}\noutput: {plots: []}\n"
    Path("c.yaml").write_text(text, encoding="utf-8")
    for rate in ("0.01", "0.001"):
        mlpcli.train("c.yaml", overrides=[f"training.optimizer.learning_rate={rate}"])
    found = compare(["runs"])
    assert (found.settings, found.ranked_by) == ({"learning_rate": ["0.01", "0.001"]}, "accuracy")
    assert [run.state for run in found.runs] == ["done", "done"]
