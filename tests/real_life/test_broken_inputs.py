"""One broken picture or row does not lose the batch: the others are answered, and it is marked."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mlpcli.errors import DataError
from mlpcli.workflows.predict import predict

Run = Callable[..., Any]


def _trained(folder: Path, mlpcli_here: Run, data: str) -> Path:
    (folder / "my.yaml").write_text(
        f"data: {{{data}}}\nmodel: {{hidden_units: [4]}}\n"
        "training: {epochs: 2, engine: numpy}\noutput: {plots: []}\n",
        encoding="utf-8",
    )
    assert mlpcli_here("train", "my.yaml", "--run-dir", "run", "-q").returncode == 0
    return folder / "run"


@pytest.fixture
def table_model(tmp_path: Path, mlpcli_here: Run) -> Path:
    rows = [f"{row % 40},{'ab'[row % 2]},{'no' if row % 40 < 20 else 'yes'}" for row in range(200)]
    (tmp_path / "train.csv").write_text("\n".join(["age,kind,y", *rows]) + "\n", encoding="utf-8")
    return _trained(tmp_path, mlpcli_here, "source: train.csv, target: y")


@pytest.fixture
def picture_model(tmp_path: Path, mlpcli_here: Run) -> Path:
    """Photos of two kinds to learn from, and a folder of new ones: whole, cut off, and a text that is called .jpg."""
    random = np.random.default_rng(20)

    def photo(base: int, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.clip(random.normal(base, 25, (20, 20, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(path)

    for kind, base in (("hell", 200), ("dunkel", 60)):
        for index in range(15):
            photo(base, tmp_path / "shots" / kind / f"{index}.jpg")
    for index in range(4):
        photo((60, 200)[index % 2], tmp_path / "new" / f"p{index}.jpg")
    whole = (tmp_path / "new" / "p1.jpg").read_bytes()
    (tmp_path / "new" / "p1.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "new" / "p2.jpg").write_text("no picture", encoding="utf-8")
    return _trained(tmp_path, mlpcli_here, "source: shots")


def test_a_bad_row_has_no_answer_and_the_others_have(table_model: Path, tmp_path: Path, mlpcli_here: Run) -> None:
    lines = ["age,kind", "3,a", "x3,b", "35,a", "12,b"]
    (tmp_path / "new.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = mlpcli_here("predict", table_model, "new.csv", "--output", "answers.csv", "--probabilities")
    assert done.returncode == 0
    assert 'warning: new.csv:3: age: "x3" is not a number' in done.stderr
    assert "warning: 1 of 4 inputs cannot be read and get no answer; --strict refuses them" in done.stderr
    with open(tmp_path / "answers.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["age"] for row in rows] == ["3", "x3", "35", "12"]
    assert [row["predicted"] != "" and row["probability"] != "" and row["yes"] != "" for row in rows] == [
        True,
        False,
        True,
        True,
    ]

    alone = predict(table_model, _csv(tmp_path / "good.csv", [lines[0], lines[1], *lines[3:]]))
    together = predict(table_model, tmp_path / "new.csv")
    np.testing.assert_array_equal(alone.outputs, together.outputs[[0, 2, 3]])
    assert np.isnan(together.outputs[1]).all()


def _csv(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_bad_pictures_have_no_answer_and_the_others_have(
    picture_model: Path, mlpcli_here: Run, options: list[str]
) -> None:
    done = mlpcli_here("predict", picture_model, "new", *options)
    assert done.returncode == 0
    assert "2 of 4 inputs cannot be read" in done.stderr
    assert "p1.jpg" in done.stderr
    assert "p2.jpg" in done.stderr
    if options:
        entries = json.loads(done.stdout)["predictions"]
        assert ["error" in entry for entry in entries] == [False, True, True, False]
        assert all("label" in entry for entry in (entries[0], entries[3]))
        return
    cells = [line.split("\t") for line in done.stdout.splitlines()]
    assert [len(row) for row in cells] == [3] * 4
    assert [row[1] == "error" for row in cells] == [False, True, True, False]


def test_strict_stops_at_the_first(table_model: Path, tmp_path: Path, mlpcli_here: Run) -> None:
    _csv(tmp_path / "new.csv", ["age,kind", "3,a", "x3,b"])
    done = mlpcli_here("predict", table_model, "new.csv", "--strict", "--output", "answers.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert 'error: new.csv:3: age: "x3" is not a number' in done.stderr
    assert not (tmp_path / "answers.csv").exists()


def test_where_nothing_can_be_read_it_is_an_error(picture_model: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"p2\.jpg"):
        predict(picture_model, tmp_path / "new" / "p2.jpg")


def test_a_file_of_bad_rows_is_an_error(table_model: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a number"):
        predict(table_model, _csv(tmp_path / "new.csv", ["age,kind", "x,a", "y,b"]))
    many = _csv(tmp_path / "many.csv", ["age,kind", *["x,a"] * 2000, "3,a"])
    with pytest.raises(DataError, match="is not a number"):
        predict(table_model, many)
