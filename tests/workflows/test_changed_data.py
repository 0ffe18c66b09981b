"""Data that has changed since a model was trained on it, and labels that no file format likes: real models."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mlpcli
from mlpcli.errors import DataError

LABELS = ("=1+1", 'a, "b"', "두\n줄")
ROWS = [["키", "색", "종"], *([str(n % 30), "빨강파랑노랑"[n % 3 * 2 :][:2], LABELS[n % 3]] for n in range(90))]
TABLE = """
name: table
data: {{source: a.csv, target: 종, test: 0.2, streaming: {streaming}}}
model: {{hidden_units: [8]}}
training: {{engine: numpy, optimizer: {{name: adam, learning_rate: 0.05}}, epochs: 12}}
output: {{plots: []}}
"""


def _write(path: Path, rows: list[list[str]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _trained(folder: Path, text: str) -> Path:
    (folder / "my.yaml").write_text(text, encoding="utf-8")
    return Path(mlpcli.train(folder / "my.yaml", run_dir=folder / "run").run)


@pytest.mark.parametrize("streaming", ["never", "always"])
def test_a_table_that_has_changed(tmp_path: Path, streaming: str) -> None:
    file = tmp_path / "a.csv"
    _write(file, ROWS)
    run = _trained(tmp_path, TABLE.format(streaming=streaming))
    assert mlpcli.evaluate(run).notes == []

    changed: list[Callable[[], Any]] = [
        lambda: _write(file, [*ROWS[:-1], ["29.5", *ROWS[-1][1:]]]),
        lambda: _write(file, ROWS[:-1]),
        lambda: _write(file, [ROWS[0], *ROWS[:0:-1]]),
    ]
    for change in changed:
        change()
        assert mlpcli.evaluate(run).notes == [
            f"warning: {file} has changed since this model was trained; the parts are not the same rows"
        ]

    refused = {
        "lacks the column 키": [["크기", *ROWS[0][1:]], *ROWS[1:]],
        'a.csv:122: 종: the label "새" is not in any training row': [*ROWS, ["1", "빨강", "새"]],
        'a.csv:122: 키: "?" is no': [*ROWS, ["?", "빨강", "=1+1"]],
        "has the names of 3 columns but no rows": ROWS[:1],
    }
    for words, rows in refused.items():
        _write(file, rows)
        with pytest.raises(DataError) as caught:
            mlpcli.evaluate(run)
        assert words in str(caught.value) and f"(the data that {run / 'model.keras'} was trained on)" in str(
            caught.value
        )
    _write(file, ROWS)
    assert mlpcli.evaluate(run).notes == []


def test_labels_from_training_to_the_file_of_answers(tmp_path: Path) -> None:
    _write(tmp_path / "a.csv", ROWS)
    run = _trained(tmp_path, TABLE.format(streaming="never"))
    result = mlpcli.predict(run, tmp_path / "a.csv", output=tmp_path / "answers.csv")
    assert [one["label"] for one in result.predictions] == [row[2] for row in ROWS[1:]]
    with open(tmp_path / "answers.csv", encoding="utf-8-sig", newline="") as file:
        answers = list(csv.DictReader(file, strict=True))
    assert [row["predicted"].removeprefix("'") for row in answers] == [row[2] for row in ROWS[1:]]
    assert {row["predicted"] for row in answers} == {"'=1+1", 'a, "b"', "두\n줄"}
    assert [row["name"] for row in mlpcli.evaluate(run).evaluation["per_class"]] == sorted(LABELS)


OTHER: list[tuple[list[list[str]], str]] = [
    ([["색", "종"], ["빨강", "=1+1"]], "other.csv: lacks the column 키; it has: 색, 종"),
    ([["키", "색"], ["1", "빨강"]], "other.csv: lacks the column 종"),
    ([["키", "색", "종"], ["1", "빨강", "새"]], 'other.csv:2: 종: the label "새" is not in any training row'),
    ([["키", "색", "종"], ["1", "빨강", "=1+1"], ["inf", "빨강", "=1+1"]], 'other.csv:3: 키: "inf" is not a number'),
    ([["키", "색", "종"]], "other.csv: has the names of 3 columns but no rows"),
]


def test_other_rows_that_do_not_fit(tmp_path: Path) -> None:
    _write(tmp_path / "a.csv", ROWS)
    run = _trained(tmp_path, TABLE.format(streaming="never"))
    for rows, words in OTHER:
        _write(tmp_path / "other.csv", rows)
        with pytest.raises(DataError) as caught:
            mlpcli.evaluate(run, data=tmp_path / "other.csv")
        assert words in str(caught.value)


def test_pictures_that_have_changed(tmp_path: Path) -> None:
    from PIL import Image

    for name, gray in (("cat", 20), ("dog", 200)):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for n in range(12):
            Image.new("L", (4, 4), gray + n).save(tmp_path / "pets" / name / f"{n}.png")
    config = "name: pets\ndata: {source: pets, test: 0.25}\ntraining: {engine: numpy, epochs: 1}\noutput: {plots: []}\n"
    run = _trained(tmp_path, config)
    assert mlpcli.evaluate(run).notes == []
    Image.new("L", (4, 4), 99).save(tmp_path / "pets" / "cat" / "3.png")
    assert "pets has changed since this model was trained" in mlpcli.evaluate(run).notes[0]
    (tmp_path / "pets" / "cat" / "3.png").unlink()
    assert "pets has changed since this model was trained" in mlpcli.evaluate(run).notes[0]
