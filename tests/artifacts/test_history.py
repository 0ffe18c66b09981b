"""history.csv: written row by row, read at any time."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from mlpcli.errors import OutputError, RunDirectoryError
from mlpcli.runs.history import HistoryWriter, read_history

ROWS = [
    {"epoch": 1, "seconds": 0.5, "learning_rate": 1e-3, "loss": 1 / 3},
    {"epoch": 2, "seconds": 0.25, "learning_rate": 1e-3, "loss": math.nan},
    {"epoch": 3, "seconds": 1.0, "learning_rate": 1e-4, "loss": 1e300},
]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path / "history.csv")
    for count, row in enumerate(ROWS, start=1):
        writer.append(row)
        assert read_history(writer.path)["epoch"] == list(range(1, count + 1))
    assert writer.path.read_bytes() == (
        b"epoch,seconds,learning_rate,loss\r\n1,0.5,0.001,0.3333333333333333\r\n2,0.25,0.001,nan\r\n3,1,0.0001,1e+300\r\n"
    )
    history = read_history(writer.path)
    assert history["loss"] == pytest.approx([1 / 3, math.nan, 1e300], rel=0, nan_ok=True)


def test_a_missing_value_is_nan_and_a_new_one_is_left_out(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path / "history.csv")
    writer.append({"epoch": 1, "loss": 2.0})
    writer.append({"epoch": 2, "accuracy": 0.5})
    history = read_history(writer.path)
    assert list(history) == ["epoch", "loss"]
    assert math.isnan(history["loss"][1])


@pytest.mark.parametrize(
    ("text", "epochs"),
    [
        ("", None),
        ("epoch,lo", None),
        ("epoch,loss\r\n", []),
        ("epoch,loss\r\n1,0.5\r\n2,0.", [1]),
        ("epoch,loss\r\n1,0.5\r\n2,0.25\r", [1]),
        ("\ufeffepoch,loss\n1,0.5\n", [1]),
    ],
)
def test_a_half_written_row_is_left_out(tmp_path: Path, text: str, epochs: list[int] | None) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(text.encode("utf-8"))
    assert read_history(path).get("epoch") == epochs


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", 'csv:1: is not the history of a run: the first column must be "epoch"'),
        (b"epoch,loss\n1,0.5\n2\n", "csv:3: is damaged: 1 values for 2 columns"),
        (b"epoch,loss\n1,0.5,7\n", "csv:2: is damaged: 3 values for 2 columns"),
        (b"epoch,loss\n\n1,0.5\n", "csv:2: is damaged: 0 values for 2 columns"),
        (b"epoch,loss\n1,half\n", "is damaged: could not convert string to float: 'half'; restore it or train again"),
        (b"\xff\xfe\x00epoch\n", "is not the history of a run"),
        (b"epoch,loss\n1,\x00\n", "history.csv: is"),
    ],
)
def test_what_is_no_history(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    with pytest.raises(RunDirectoryError) as caught:
        read_history(path)
    assert message in str(caught.value)


def test_a_history_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="cannot be read: Is a directory"):
        read_history(tmp_path)


def test_a_folder_that_went_away(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path / "gone" / "history.csv")
    with pytest.raises(OutputError, match=r"history.csv: cannot be written: No such file or directory"):
        writer.append({"epoch": 1})
