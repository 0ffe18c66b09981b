"""What training takes from the number of its rows: the batch size."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kills import outcome_of
from mlpcli.model.training_steps import choose_batch_size
from mlpcli.runs.read_run import read_metrics
from mlpcli.workflows.resume import resume
from mlpcli.workflows.train import train
from mlpcli.workflows.validate import validate
from tests.model_file_parts import read_metadata

MOONS = """
data: {source: moons, generate: {rows: 4500}}
model: {hidden_units: [4]}
training: {engine: numpy, batch_size: auto, epochs: 2}
output: {plots: []}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "moons.yaml"
    path.write_text(MOONS, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("rows", "size"),
    [(1, 32), (1_600, 32), (3_199, 32), (3_200, 64), (6_399, 64), (6_400, 128), (12_800, 256), (10**7, 256)],
)
def test_auto_is_a_power_of_two_up_to_a_fiftieth_of_the_rows(rows: int, size: int) -> None:
    assert choose_batch_size("auto", rows) == size


def test_a_size_that_is_given_stays_and_unknown_rows_get_the_smallest() -> None:
    assert (choose_batch_size(7, 10**6), choose_batch_size("auto", None)) == (7, 32)


def test_the_rows_are_those_of_training(config: Path) -> None:
    """Of 4500 rows a fifth is for validation, which leaves 3600: 72 rows would make 50 steps."""
    assert validate(config).plan.batch_size == 64
    assert validate(config, ["data.validation=0.4"]).plan.batch_size == 32


def test_a_run_says_what_auto_became_and_keeps_it_when_it_is_resumed(config: Path, tmp_path: Path) -> None:
    run = train(config, run_dir=tmp_path / "run").run
    assert read_metrics(run)["chosen"]["batch_size"] == 64
    assert read_metadata(run / "model.keras")["plan"]["batch_size"] == 64
    assert "batch_size: auto" in (run / "config.yaml").read_text(encoding="utf-8")
    straight = outcome_of(train(config, ["training.epochs=3"], run_dir=tmp_path / "straight").run)
    assert outcome_of(resume(run, ["training.epochs=3"]).run) == straight
    given = outcome_of(train(config, ["training.epochs=3", "training.batch_size=64"], run_dir=tmp_path / "given").run)
    assert given["history"] == straight["history"]
