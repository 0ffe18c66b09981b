"""Files of a run that are swollen, endless, or hold numbers of thousands of digits: refused before they are read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import RunDirectoryError
from mlpcli.runs.directory import find_model
from mlpcli.runs.history import LONGEST_LINE, MOST_COLUMNS, read_history
from mlpcli.runs.read_run import read_config, read_curves, read_evaluation
from mlpcli.runs.run_file import LARGEST_CONFIG, LARGEST_EVALUATION, LARGEST_HISTORY, LARGEST_METRICS

HISTORY = "epoch,loss\n1,0.5\n2,0.25\n"
LARGEST = {
    "history.csv": LARGEST_HISTORY,
    "metrics.json": LARGEST_METRICS,
    "config.yaml": LARGEST_CONFIG,
    "evaluation.json": LARGEST_EVALUATION,
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "history.csv").write_text(HISTORY)
    return tmp_path


def read_all(run: Path) -> Any:
    return read_curves(run), read_evaluation(run)


@pytest.mark.parametrize("size", [1_200_000_000, 40_000_000_000])
@pytest.mark.parametrize("name", LARGEST)
def test_a_swollen_file_is_refused_by_its_size(run: Path, name: str, size: int) -> None:
    with open(run / name, "ab") as file:
        file.truncate(size)  # sparse: it takes no room on the disk
    with pytest.raises(RunDirectoryError) as caught:
        read_all(run)
    assert str(caught.value) == (
        f"{run / name}: has {size:,} bytes, but at most {LARGEST[name]:,} are read; restore it or train again"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no such pipes")
@pytest.mark.parametrize("name", LARGEST)
def test_a_pipe_and_a_device_are_refused_and_not_waited_for(run: Path, name: str) -> None:
    for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        (run / name).unlink(missing_ok=True)
        make(run / name)
        with pytest.raises(RunDirectoryError, match=f"{name}: is a pipe or a device, not a file that a run wrote"):
            read_all(run)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no such pipes")
def test_a_pipe_is_no_model(run: Path) -> None:
    os.mkfifo(run / "model.keras")
    with pytest.raises(RunDirectoryError, match=r"model\.keras: is a pipe or a device"):
        find_model(run)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch,loss\n1," + "0" * LONGEST_LINE, ":2: is damaged: a line of more than 1,048,576 bytes"),
        ("epoch" + ",a" * MOST_COLUMNS + "\n", ":1: has 10,001 columns, but at most 10,000 are read"),
        ("epoch,loss\n1,x" + "7" * 5000 + "\n", "could not convert string to float: 'x7777"),
    ],
)
def test_a_history_that_is_too_wide(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(RunDirectoryError) as caught:
        read_history(tmp_path / "history.csv")
    assert message in str(caught.value)
    assert len(str(caught.value)) < len(str(tmp_path)) + 300


def test_a_history_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.runs.history.MOST_VALUES", 4)
    path = tmp_path / "history.csv"
    path.write_text(HISTORY)
    assert read_history(path)["loss"] == [0.5, 0.25]
    path.write_text(HISTORY + "3,0.125\n")
    with pytest.raises(RunDirectoryError, match="has more than 2 rows of 2 columns, the most that mlpcli reads"):
        read_history(path)


def test_numbers_of_thousands_of_digits(run: Path) -> None:
    long = "7" * 5000
    (run / "history.csv").write_text(f"epoch,loss\n1,{long}\n")
    assert read_curves(run).history["loss"] == [float("inf")]  # which is drawn as a gap
    for name, text in (("metrics.json", f'{{"best_epoch": {long}}}'), ("config.yaml", f"seed: {long}")):
        (run / name).write_text(text)
        with pytest.raises(RunDirectoryError) as caught:
            read_all(run)
        assert str(caught.value).endswith(
            "is damaged: it holds a number of thousands of digits; restore it or train again"
        )
        (run / name).unlink()


@pytest.mark.parametrize("best", ["7" * 4000, "-1", "0", "true", "1e9", '"2"'])
def test_a_best_epoch_that_is_none_is_not_marked(run: Path, best: str) -> None:
    (run / "metrics.json").write_text(f'{{"best_epoch": {best}}}')
    assert read_curves(run).best_epoch is None


def test_values_are_counted_before_they_are_made(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.runs.run_file.MOST_JSON_VALUES", 5)
    (run / "evaluation.json").write_text('{"a": [1, [], {}, []]}')
    with pytest.raises(RunDirectoryError, match="lists 8 values, but at most 5 are read"):
        read_evaluation(run)
    monkeypatch.setattr("mlpcli.runs.read_run.MOST_CONFIG_VALUES", 3)
    (run / "config.yaml").write_text("{a: 1, b: 2}")
    with pytest.raises(RunDirectoryError, match="it has more than 3 values"):
        read_config(run)
