"""Sizes for a first config, worked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mlpcli.config.data_words import ColumnKind
from mlpcli.workflows.init import config_name
from mlpcli.workflows.init_text import batch_size, epochs_and_patience, hidden_units, starter_text, wants_dropout
from mlpcli.workflows.starter_data import STRONG_FROM, Form, Preset, StarterData, choose_preset


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


@pytest.mark.parametrize(
    ("rows", "inputs", "classes", "units"),
    [
        (12_800, 16, 26, [64, 32]),  # twice the classes are 52
        (12_800, 40, 26, [128, 64]),  # twice the inputs are 80
        (12_800, 16, 16, [32, 16]),
        (400, 4, 100, [32, 16]),  # few rows
        (100_000, 10, 1000, [256, 128]),
    ],
)
def test_hidden_units_for_classes(rows: int, inputs: int, classes: int, units: list[int]) -> None:
    assert hidden_units(rows, inputs, classes) == units


def test_the_width_names_the_classes_where_they_decide() -> None:
    data = StarterData("", "t.csv", "classification", 12_800, 16, class_rows=(500,) * 26)
    assert "hidden_units: [64, 32]         # for 12,800 rows with 16 inputs and 26 classes\n" in _text(data, "fast")
    assert "# for 60 rows with 4 inputs\n" in _text(
        StarterData("", "t", "classification", 60, 4, class_rows=(30, 30)), "fast"
    )


def _text(data: StarterData, preset: Preset) -> str:
    return starter_text(data, "t", "t.yaml", preset)


@pytest.mark.parametrize(
    ("wanted", "rows", "form", "more", "chosen", "note"),
    [
        (None, STRONG_FROM, "table", {}, "strong", None),
        (None, STRONG_FROM - 1, "table", {}, "fast", None),
        (None, 10**6, "array", {}, "fast", None),
        (None, 10**6, "image", {}, "fast", None),
        (None, 10**8, "table", {"streamed": True}, "strong", "would not fit into memory"),
        ("fast", 10**6, "table", {}, "fast", None),
        ("best", 20, "table", {}, "best", None),
        ("strong", 5, "table", {}, "fast", "using a straight line"),
        ("best", 60_000, "image", {}, "fast", "using fast instead"),
        ("strong", 150, "array", {}, "strong", "bins are for tables"),
    ],
)
def test_which_preset_is_written(
    wanted: Preset | None, rows: int, form: Form, more: dict[str, Any], chosen: str, note: str | None
) -> None:
    preset, notes = choose_preset(wanted, StarterData("", "", "regression", rows, 1, form=form, **more))
    assert preset == chosen
    assert len(notes) == (note is not None)
    assert all((note or "") in said for said in notes)


@pytest.mark.parametrize(
    ("kinds", "form", "streamed", "encoded", "parted"),
    [
        ({"number"}, "table", False, True, False),
        ({"date", "category"}, "table", False, True, True),
        ({"category", "boolean"}, "table", False, False, False),
        ({"number", "date"}, "table", True, False, True),
        (set(), "array", False, False, False),
    ],
)
def test_what_strong_encodes(kinds: set[ColumnKind], form: Form, streamed: bool, encoded: bool, parted: bool) -> None:
    data = StarterData("", "t", "regression", 5000, 9, form=form, kinds=frozenset(kinds), streamed=streamed)
    text = _text(data, "strong")
    assert ("  numeric_encoding: {piecewise_linear: {bins: 16}}" in text) == encoded
    assert ("  dates: parts" in text) == parted


def test_the_recipe_of_strong_and_best() -> None:
    data = StarterData("", "t.csv", "binary", 20_000, 9, kinds=frozenset({"number"}), class_rows=(10_000, 10_000))
    written = yaml.safe_load(_text(data, "best"))
    assert written["model"] == {
        **{"hidden_units": [128, 128], "activation": "relu", "kernel_initializer": "he_normal", "dropout": 0.15},
        "input_scale": 6,
        "members": 8,
    }
    assert written["training"] == {
        "optimizer": {"name": "adamw", "learning_rate": 0.001, "weight_decay": 0.02},
        "epochs": 200,
        "batch_size": "auto",
        "early_stopping": {"monitor": "val_loss", "patience": 20},
    }
    strong = yaml.safe_load(_text(data, "strong"))
    assert strong["model"].pop("members") == 4
    del written["model"]["members"]
    assert strong == written
    few = StarterData("", "t.csv", "binary", 4, 9, class_rows=(2, 2))
    assert "early_stopping" not in yaml.safe_load(_text(few, "strong"))["training"]


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
        ("people.xlsx", "people"),
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
    assert StarterData("", "", task, rows, inputs).is_line is line
