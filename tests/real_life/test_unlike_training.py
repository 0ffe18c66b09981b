"""New rows that are unlike the training rows: counted for each column, and said by predict and evaluate."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
ROWS = [
    (["male", "female"][row % 2], ["서울", "부산", "대구"][row % 3], ["001", "007", "013"][row % 5 % 3], row % 40)
    for row in range(400)
]


def _csv(path: Path, rows: list[tuple[Any, ...]], head: str = "sex,city,code,age,bought") -> Path:
    lines = [",".join(map(str, (*row, "no" if row[0] == "male" else "yes"))) for row in rows]
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def model(tmp_path: Path, mlpcli_here: Run) -> Path:
    _csv(tmp_path / "train.csv", ROWS)
    (tmp_path / "my.yaml").write_text(
        "data: {source: train.csv, target: bought, test: 0.2}\nmodel: {hidden_units: [4]}\n"
        "training: {epochs: 2, engine: numpy}\noutput: {plots: []}\n",
        encoding="utf-8",
    )
    done = mlpcli_here("train", "my.yaml", "--run-dir", "run", "-q")
    assert done.returncode == 0, done.stderr
    return tmp_path / "run" / "model.keras"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda sex, city, code, age: (sex.title(), city, code, age), [
            'sex: 100 of 100 values are in no training row: "Male", "Female"; training had female, male',
            'write "male" for "Male", as in training']),
        (lambda sex, city, code, age: (sex, city, int(code), age), [
            'code: 100 of 100 values are in no training row: "1", "7", "13"',
            'the zeros in front are lost: write "001" for "1"']),
        (lambda sex, city, code, age: (sex, "", code, age), [
            "city: 100 of 100 rows have no value, but every training row had one"]),
        (lambda sex, city, code, age: (sex, city, code, ""), [
            "age: 100 of 100 rows have no value, but every training row had one"]),
        (lambda sex, city, code, age: (sex, city, code, 1990 + age % 20), [
            "age: 100 of 100 values are far outside the training rows' range, such as 1990; training had 0 to 39"]),
        (lambda sex, city, code, age: (sex, unicodedata.normalize("NFD", city), code, age), []),
        (lambda *row: row, []),
    ],
)  # fmt: skip
def test_what_is_unlike_training_is_said(
    model: Path, tmp_path: Path, mlpcli_here: Run, change: Callable[..., tuple[Any, ...]], words: list[str]
) -> None:
    new = _csv(tmp_path / "new.csv", [change(*row) for row in ROWS[:100]])
    for command in (("predict", model, new), ("evaluate", model, "--data", new)):
        done = mlpcli_here(*command)
        assert done.returncode == 0
        assert done.stderr.count("training") >= len(words) or not words
        assert all(word in done.stderr for word in words), done.stderr
        assert words or "warning" not in done.stderr


def test_a_few_new_values_are_no_matter(model: Path, tmp_path: Path, mlpcli_here: Run) -> None:
    new = _csv(tmp_path / "new.csv", [*ROWS[:99], ("male", "광주", "001", 5)])
    assert "warning" not in mlpcli_here("predict", model, new).stderr
    assert "광주" in mlpcli_here("predict", model, _csv(tmp_path / "one.csv", [("male", "광주", "001", 5)])).stderr


def test_rare_categories_of_training_are_known(tmp_path: Path, mlpcli_here: Run) -> None:
    """They share one input, and are still told from those that no row had."""
    rng = np.random.default_rng(3)
    rows = [
        ("male" if rng.random() < 0.5 else "female", f"t{row}" if row < 20 else "서울", "001", 1) for row in range(400)
    ]
    _csv(tmp_path / "train.csv", rows)
    (tmp_path / "my.yaml").write_text(
        "data: {source: train.csv, target: bought, validation: null}\nmodel: {hidden_units: [4]}\n"
        "training: {epochs: 1, engine: numpy}\noutput: {plots: []}\n",
        encoding="utf-8",
    )
    assert mlpcli_here("train", "my.yaml", "--run-dir", "run", "-q").returncode == 0
    known = _csv(tmp_path / "known.csv", [("male", f"t{row}", "001", 1) for row in range(20)])
    assert "warning" not in mlpcli_here("predict", "run", known).stderr
    new = _csv(tmp_path / "new.csv", [("male", f"u{row}", "001", 1) for row in range(20)])
    assert "city: 20 of 20 values are in no training row" in mlpcli_here("predict", "run", new).stderr


def test_answers_have_the_unit_of_the_target(tmp_path: Path, mlpcli_here: Run) -> None:
    rows = "".join(f'{row % 40},"${1000 + 30 * (row % 40):,}"\n' for row in range(200))
    (tmp_path / "train.csv").write_text(f"size,price\n{rows}", encoding="utf-8")
    (tmp_path / "my.yaml").write_text(
        "data: {source: train.csv, target: price, target_scaling: standardize}\nmodel: {hidden_units: [4]}\n"
        "training: {epochs: 2, engine: numpy}\noutput: {plots: []}\n",
        encoding="utf-8",
    )
    assert mlpcli_here("train", "my.yaml", "--run-dir", "run", "-q").returncode == 0
    (tmp_path / "new.csv").write_text("size\n5\n", encoding="utf-8")
    answer = mlpcli_here("predict", "run", "new.csv").stdout.split("\t")[-1].strip()
    found = json.loads(mlpcli_here("predict", "run", "new.csv", "--json").stdout)
    assert found["unit"] == "$"
    assert answer == f"${found['predictions'][0]['value']:.6g}"
