"""Sizes for a first config, worked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlpcli.workflows.init import config_name
from mlpcli.workflows.init_text import (
    StarterData,
    batch_size,
    epochs_and_patience,
    hidden_units,
    is_line,
    wants_dropout,
)


@pytest.mark.parametrize(
    ("rows", "inputs", "units"),
    [
        (600, 2, [32, 16]),  # at least 32
        (600, 20, [32, 16]),  # 40 inputs ask for 64, but 600 rows allow 60: 32
        (891, 20, [64, 32]),
        (344, 10, [32, 16]),
        (60_000, 784, [256, 128]),  # at most 256
        (20, 4, [16, 8]),  # at least 16 with the fewest rows
        (10_000, 64, [128, 64]),  # exactly twice
        (10_000, 65, [256, 128]),  # the next power of two above 130
    ],
)
def test_hidden_units(rows: int, inputs: int, units: list[int]) -> None:
    assert hidden_units(rows, inputs) == units


@pytest.mark.parametrize(("rows", "size"), [(2, 16), (344, 16), (3300, 32), (10_000, 64), (60_000, 512), (10**7, 512)])
def test_batch_size(rows: int, size: int) -> None:
    assert batch_size(rows) == size


def test_epochs_and_patience() -> None:
    assert [epochs_and_patience(rows) for rows in (9_999, 10_000)] == [(200, 20), (50, 5)]


@pytest.mark.parametrize(
    ("rows", "inputs", "task", "wanted"),
    [(499, 10, "binary", True), (500, 10, "binary", False), (100, 10, "regression", False)],
)
def test_dropout(rows: int, inputs: int, task: str, wanted: bool) -> None:
    assert wants_dropout(rows, inputs, task) is wanted


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("iris", "iris"),
        ("../펭귄 자료/펭귄.csv", "펭귄"),
        ("people (1).csv.gz", "people-1"),
        ("a.b.parquet", "a.b"),
        ("people/*.csv", "people"),
        ("people/year=*/part-?.parquet", "people"),
        ("photos/", "photos"),
        ("con.csv", "data"),
        ("???.csv", "data"),
        ("가" * 100, "가" * 26),
        ("-rf.csv", "rf"),
        (".csv", "data"),
    ],
)
def test_the_config_is_called_as_the_data_is(
    data: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "con"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert config_name(data) == name


@pytest.mark.parametrize(
    ("task", "rows", "inputs", "line"),
    [("regression", 4, 1, True), ("regression", 10, 1, False), ("regression", 4, 2, False), ("binary", 4, 1, False)],
)
def test_a_number_from_one_input_and_a_few_rows_starts_with_a_line(
    task: str, rows: int, inputs: int, line: bool
) -> None:
    assert is_line(StarterData("", "", task, rows, inputs)) is line
