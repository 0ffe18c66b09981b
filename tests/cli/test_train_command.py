"""`mlpcli train` as a user types it: what it prints, where it writes, and how it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mlpcli.cli.train import may_draw
from mlpcli.runs.directory import find_model
from mlpcli.runs.history import read_history
from tests.forks import COMMAND, Forks

NUMPY = ("-s", "training.engine=numpy", "-s", "data.source=moons", "-s", "output.plots=[]")
"""What starts in a second, for what is the same whoever trains: without plots, matplotlib is not imported either."""


@pytest.mark.parametrize(
    ("text", "overrides", "expected"),
    [
        ("output: {plots: []}", (), False),
        ("output:\n  plots: [ ]  # none\n", (), False),
        ("output: {plots: [png]}", (), True),
        ("output:\n  # plots: []\n", (), True),
        ("name: 붓꽃\n", ("output.plots=[]",), False),
        ("name: 붓꽃\n", ("training.epochs=3",), True),
    ],
)
def test_nothing_is_started_for_pictures_that_nobody_wants(
    text: str, overrides: tuple[str, ...], expected: bool, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    assert may_draw(config, overrides) is (not overrides or expected)  # there is no file, which is said later
    config.write_text(text, encoding="utf-8")
    assert may_draw(config, overrides) is expected
    assert may_draw(tmp_path, overrides) is expected  # of --resume


def test_progress_goes_to_standard_error_one_plain_line_per_epoch(finished: Any) -> None:
    run, done = finished
    history = read_history(run / "history.csv")
    lines = done.stderr.splitlines()
    assert len(lines) == 2, done.stderr
    for number, line in enumerate(lines, 1):
        assert line.startswith(f"epoch {number}/2  loss {history['loss'][number - 1]:.4f}  accuracy ")
    assert "\x1b" not in done.stderr


def test_the_results_go_to_standard_output(finished: Any) -> None:
    run, done = finished
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert done.stdout.startswith("숫자\n")
    assert f"test         {metrics['scores']['test']['loss']:.4f}" in done.stdout
    assert f"test accuracy {metrics['scores']['test']['accuracy']:.4f}; baseline (always " in done.stdout
    assert "stopped: all 2 epochs were done" in done.stdout
    assert f"saved  {run / 'model.keras'}  (reloaded: same scores)" in done.stdout
    assert done.stdout.endswith(f"run    {run}\n")
    assert "\x1b" not in done.stdout


@pytest.mark.tf
def test_json_is_one_object_and_the_second_run_gets_a_number(mlpcli_here: Any, digits: Path, tmp_path: Path) -> None:
    (tmp_path / "runs" / "숫자").mkdir(parents=True)
    done = mlpcli_here("train", digits, "-q", "--json", "-s", "training.epochs=1")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    run = tmp_path / "runs" / "숫자-2"
    assert (found["run"], found["model"]) == (str(run), str(run / "model.keras"))
    written = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert {key: found[key] for key in written} == written


@pytest.mark.tf
def test_ascii_output_and_the_users_keras_settings_change_nothing(
    mlpcli: Any, mlpcli_here: Any, digits: Path, tmp_path: Path
) -> None:
    """Settings elsewhere that would shorten the run, change its numbers or break it."""
    (tmp_path / "keras").mkdir()
    settings = {"floatx": "float16", "epsilon": 0.1, "backend": "torch", "image_data_format": "channels_first"}
    (tmp_path / "keras" / "keras.json").write_text(json.dumps(settings), encoding="utf-8")
    plain = json.loads(mlpcli_here("train", digits, "--json", "-q").stdout)
    done = mlpcli(
        "train", digits, "--json", PYTHONIOENCODING="ascii", KERAS_MAX_EPOCHS="1",
        KERAS_MAX_STEPS_PER_EPOCH="1", KERAS_BACKEND="jax", KERAS_HOME=str(tmp_path / "keras"), MPLBACKEND="bogus",
    )  # fmt: skip
    assert done.returncode == 0
    lines = [line.partition("  loss ")[0] for line in done.stderr.splitlines()]
    assert lines == ["epoch 1/2", "epoch 2/2"], done.stderr  # nothing of TensorFlow's
    assert done.stdout.isascii()
    found = json.loads(done.stdout)
    assert found["epochs"] == 2
    assert found["scores"] == plain["scores"]


def test_a_loss_that_is_not_finite_is_exit_1_also_when_nobody_reads(digits: Path, tmp_path: Path, forks: Forks) -> None:
    read, write = os.pipe()
    os.close(read)
    much = ("-s", "training.optimizer={name: sgd, learning_rate: 1e30}")
    done = forks.run(["train", digits, *NUMPY, *much], tmp_path, stdout=write)
    os.close(write)
    assert done.returncode == 1
    error, last = done.stderr.splitlines()[-2:]
    assert last == f"resume with: mlpcli train --resume '{tmp_path / 'runs' / '숫자'}'"
    assert error.startswith("error: ")
    assert "after epoch 1 (first at step 2): the steps are too large; lower training.optimizer.learning_rate" in error
    assert error.endswith(
        f"; no epoch finished with finite numbers; no model was saved; the history is in {tmp_path / 'runs' / '숫자'}"
    )
    assert not list(tmp_path.rglob("model.*"))


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_full_disk_while_saving_is_exit_1_and_names_the_file(
    digits: Path, tmp_path: Path, forks: Forks, name: str
) -> None:
    """A limit on the size of a file stands for the full disk: all but the model are small enough."""
    options = (f"output.model={name}", "model.hidden_units=[200, 200]", "training.epochs=1")
    arguments = ["train", "-q", digits, *NUMPY, *(part for option in options for part in ("-s", option))]
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))"
    done = forks.run(arguments, tmp_path, program=f"{limit}; {COMMAND}")
    assert (done.returncode, done.stdout) == (1, "")
    path = tmp_path / "runs" / "숫자" / name
    assert done.stderr.startswith(f"error: {path}: cannot be written: ")
    assert done.stderr.splitlines()[1:] == [f"resume with: mlpcli train --resume '{path.parent}'"]
    assert sorted(path.name for path in path.parent.iterdir()) == [
        "config.yaml", "environment.json", "history.csv", "layers.json", "split.npz",
    ]  # fmt: skip


PLACES = [
    (["--runs-dir", "file"], "file: is a file, not a folder; choose another --runs-dir"),
    (["--run-dir", "file"], "file: is a file, not a folder; choose another --run-dir"),
    (["--run-dir", "full"], "full: is not empty, and runs are never overwritten; choose another --run-dir"),
]


@pytest.mark.parametrize(("arguments", "words"), PLACES, ids=lambda value: " ".join(value))
def test_a_place_that_cannot_be_used(
    mlpcli_here: Any, digits: Path, tmp_path: Path, nothing_written: Any, arguments: list[str], words: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    with nothing_written(tmp_path):
        done = mlpcli_here("train", digits, *NUMPY, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {words}\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(mlpcli_here: Any, digits: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    done = mlpcli_here("train", digits, *NUMPY, "--runs-dir", "locked")
    assert done.returncode == 2
    assert "locked" in done.stderr and "Permission denied" in done.stderr and "--runs-dir" in done.stderr


def test_evaluate_and_summary_of_the_run(mlpcli_here: Any, finished: Any) -> None:
    run, _ = finished
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    evaluated = mlpcli_here("evaluate", run, "--json")
    assert (evaluated.returncode, evaluated.stderr) == (0, "")
    found = json.loads(evaluated.stdout)
    assert found["model"] == str(find_model(run))
    assert found["loss"] == pytest.approx(metrics["scores"]["test"]["loss"], rel=1e-5)
    table = mlpcli_here("evaluate", run).stdout
    assert table.startswith("숫자: test, 120 rows\n")
    for word in ("precision", "recall", "f1", "support", "balanced_accuracy", "confusion matrix", "baseline: always"):
        assert word in table
    summary = mlpcli_here("summary", run)
    assert summary.returncode == 0
    assert "64x16+16 = 1,040" in summary.stdout
    assert "trainable 1,210, non-trainable 0" in summary.stdout


ALONE = [
    (["my.yaml"], "CONFIG"),
    (["--run-dir", "x"], "--run-dir"),
    (["--runs-dir", "runs"], "--runs-dir"),
    (["--baseline"], "--baseline"),
]


@pytest.mark.parametrize(("arguments", "option"), ALONE, ids=lambda value: value if isinstance(value, str) else "")
def test_what_a_resumed_run_has_already_is_refused(mlpcli_here: Any, arguments: list[str], option: str) -> None:
    done = mlpcli_here("train", "--resume", "runs/x", *arguments)
    assert done.returncode == 2
    assert done.stderr.endswith(f"error: --resume continues a run with its own config; leave out {option}\n")


def test_force_is_for_resuming(mlpcli_here: Any) -> None:
    done = mlpcli_here("train", "digits", "--force")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("error: --force works only with --resume; leave it out\n")
