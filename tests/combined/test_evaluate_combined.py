"""`mlpcli evaluate` of a file made of several runs: only on rows that no run has seen, with the members' own scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.errors import UserError
from mlpcli.modelfile.saved_model import open_model
from mlpcli.workflows.evaluate import choose_rows
from tests.model_file_parts import with_metadata


def _drawn(run: Path) -> dict[str, set[int]]:
    with np.load(run / "split.npz") as parts:
        return {name: set(parts[name].tolist()) for name in parts}


def test_rows_that_a_run_was_trained_or_stopped_on_are_left_out(best: Path, seeds: list[Path]) -> None:
    parts = [_drawn(run) for run in seeds]
    untouched = set.intersection(*(part["test"] for part in parts))
    seen = set.union(*(part["train"] | part["validation"] for part in parts))
    rows = choose_rows(open_model(best), None, None)
    assert set(rows.part.indices.tolist()) == untouched
    assert untouched and not untouched & seen
    assert rows.notes == [
        f"note: {len(untouched)} of 30 test rows are test rows of all 3 runs, and only these are scored; a file for"
        " data.test gives all seeds the same test rows"
    ]


def test_the_members_scores_and_their_mean(best: Path, seeds: list[Path], people: Path) -> None:
    result = mlpcli.evaluate(best, people / "rows.csv")
    alone = [mlpcli.evaluate(run, people / "rows.csv").evaluation for run in seeds]
    members = result.evaluation["members"]
    assert [one["accuracy"] for one in members["scores"]] == [one["accuracy"] for one in alone]
    assert members["mean"]["macro_f1"] == pytest.approx(np.mean([one["macro_f1"] for one in alone]))
    columns, rows = result.score_table()
    assert columns[:3] == ["score", "model", "mean of members"]
    assert len({len(row) for row in rows} | {len(columns)}) == 1


def test_other_parts_of_its_data_are_refused(best: Path) -> None:
    for split in ("train", "validation"):
        with pytest.raises(UserError, match=f"--split {split}: .* is made of several runs, and some were trained on"):
            mlpcli.evaluate(best, split=split)
    assert mlpcli.evaluate(best, split="test").evaluation["split"] == "test"


def test_changed_data_is_noticed(people: Path, seeds: list[Path], tmp_path: Path) -> None:
    def moved(metadata: dict[str, Any]) -> None:
        metadata["config"]["data"]["source"] = str(tmp_path / "rows.csv")

    text = (people / "rows.csv").read_text(encoding="utf-8")
    model = mlpcli.combine(seeds, tmp_path / "best.keras").model
    with_metadata(model, model.with_name("moved.keras"), moved)
    (tmp_path / "rows.csv").write_text(text, encoding="utf-8")
    assert not any("has changed" in note for note in mlpcli.evaluate(tmp_path / "moved.keras").notes)
    (tmp_path / "rows.csv").write_text(text.replace("51.5", "99.5"), encoding="utf-8")
    assert any(
        "has changed since this model was trained" in note for note in mlpcli.evaluate(tmp_path / "moved.keras").notes
    )


NO_TEST = """
name: some
data: {source: moons, generate: {rows: 60}, validation: 0.3, test: null}
model: {hidden_units: [3]}
training: {engine: numpy, epochs: 1, batch_size: 16, early_stopping: false}
output: {plots: []}
"""


@pytest.fixture
def without_test(tmp_path: Path) -> Callable[..., Path]:
    """The file of two seeds on generated rows, whose own test rows, if there are any, come as `test`."""

    def make(*overrides: str) -> Path:
        (tmp_path / "my.yaml").write_text(NO_TEST, encoding="utf-8")
        mlpcli.train_seeds(tmp_path / "my.yaml", 2, overrides, run_dir=tmp_path / "runs", resend_signals=False)
        return mlpcli.combine(tmp_path / "runs", tmp_path / "both.keras").model

    return make


def test_runs_without_test_rows(without_test: Callable[..., Path]) -> None:
    with pytest.raises(UserError, match="its runs have no test rows; give rows that none of them has seen with --data"):
        mlpcli.evaluate(without_test())


def test_no_row_is_left(without_test: Callable[..., Path]) -> None:
    with pytest.raises(UserError, match="each test row of one run is among the training or validation rows of another"):
        mlpcli.evaluate(without_test("data.test=0.02"))
