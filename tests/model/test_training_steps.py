"""What training takes from the number of its rows: the batch size, and the steps of a schedule."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kills import outcome_of
from mlpcli.config.schedules import CosineDecay, ReduceLROnPlateau, depends_on_run
from mlpcli.config.sections import TrainingConfig
from mlpcli.errors import ConfigError, SettingError
from mlpcli.model.plan import choose_batch_size, choose_schedule
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


def _schedule(**settings: Any) -> Any:
    return TrainingConfig(learning_rate_schedule=settings).learning_rate_schedule  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cosine_decay": {"decay_steps": "auto"}}, {"decay_steps": 200, "warmup_steps": 0}),
        (
            {"cosine_decay": {"decay_steps": "auto", "warmup_steps": 0.05, "warmup_target": 0.1}},
            {"decay_steps": 190, "warmup_steps": 10},
        ),
        (
            {"cosine_decay": {"decay_steps": "auto", "warmup_steps": 50, "warmup_target": 0.1}},
            {"decay_steps": 150, "warmup_steps": 50},
        ),
        ({"cosine_decay": {"decay_steps": 0.5}}, {"decay_steps": 100, "warmup_steps": 0}),
        ({"polynomial_decay": {"decay_steps": "auto"}}, {"decay_steps": 200}),
        ({"exponential_decay": {"decay_steps": 0.001, "decay_rate": 0.5}}, {"decay_steps": 1}),
        ({"cosine_decay_restarts": {"first_decay_steps": 0.25}}, {"first_decay_steps": 50}),
        (
            {"piecewise_constant_decay": {"boundaries": [0.5, 0.75], "values": [0.1, 0.01, 0.001]}},
            {"boundaries": [100, 150]},
        ),
    ],
)
def test_fractions_are_of_all_steps_of_the_run(given: dict[str, Any], expected: dict[str, Any]) -> None:
    schedule = choose_schedule(_schedule(**given), 200)
    assert depends_on_run(_schedule(**given))
    assert not depends_on_run(schedule)
    assert {key: getattr(schedule, key) for key in expected} == expected


def test_steps_stay_as_they_are() -> None:
    for schedule in (None, ReduceLROnPlateau(), CosineDecay(decay_steps=5000, warmup_steps=0)):
        assert choose_schedule(schedule, 200) is schedule


@pytest.mark.parametrize(
    ("given", "key", "message"),
    [
        (
            {"cosine_decay": {"decay_steps": "auto", "warmup_steps": 200, "warmup_target": 0.1}},
            "cosine_decay.warmup_steps",
            "leaves no steps after 200: the whole run has 200 steps; use fewer",
        ),
        (
            {"piecewise_constant_decay": {"boundaries": [0.001, 0.002], "values": [0.1, 0.01, 0.001]}},
            "piecewise_constant_decay.boundaries",
            "the whole run has 200 steps, too few to tell these fractions apart; train longer",
        ),
    ],
)
def test_a_run_may_be_too_short(given: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        choose_schedule(_schedule(**given), 200)
    assert (caught.value.key, caught.value.message) == (f"training.learning_rate_schedule.{key}", message)


COSINE = "training.learning_rate_schedule={cosine_decay: {decay_steps: %s, warmup_steps: %s, warmup_target: 0.02}}"
FORMS = "must be a whole number of steps, a fraction of all steps such as 0.5"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (COSINE % (1.0, 0), f"decay_steps: {FORMS}, or auto (got 1.0)"),
        (COSINE % (0, 0), f"decay_steps: {FORMS}, or auto (got 0)"),
        (COSINE % ("50%", 0), f'decay_steps: {FORMS}, or auto (got the text "50%")'),
        (
            COSINE % ("auto", "auto"),
            'warmup_steps: must be a whole number of steps, or a fraction of all steps such as 0.5 (got the text "auto',
        ),
        (COSINE % ("auto", -1), "warmup_steps: must be a whole number of steps, or a fraction"),
        (
            "training.learning_rate_schedule={piecewise_constant_decay: {boundaries: [10, 0.5], values: [1, 2, 3]}}",
            "boundaries must all be steps, or all fractions of the run",
        ),
    ],
)
def test_what_is_no_number_of_steps(config: Path, setting: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(config, [setting])
    assert message in str(caught.value)


def test_a_run_with_fractions_is_the_run_with_their_steps(config: Path, tmp_path: Path) -> None:
    """3600 rows in batches of 64 are 57 steps an epoch; three epochs have 171, a tenth of them is 17."""
    longer = "training.epochs=3"
    run = train(config, [longer, COSINE % ("auto", 0.1)], run_dir=tmp_path / "run").run
    given = train(config, [longer, COSINE % (154, 17)], run_dir=tmp_path / "given").run
    assert outcome_of(run) == outcome_of(given)
    with zipfile.ZipFile(run / "model.keras") as archive:
        optimizer = json.loads(archive.read("config.json"))["compile_config"]["optimizer"]
    arguments = optimizer["config"]["learning_rate"]["config"]
    assert (arguments["decay_steps"], arguments["warmup_steps"]) == (154, 17)
    chosen = read_metrics(run)["chosen"]["learning_rate_schedule"]["cosine_decay"]
    assert (chosen["decay_steps"], chosen["warmup_steps"]) == (154, 17)
    with pytest.raises(ConfigError, match="cosine_decay was laid out for its 3 epochs"):
        resume(run, ["training.epochs=6"])
    assert outcome_of(resume(run).run) == outcome_of(given)


@pytest.mark.tf
def test_keras_gets_the_steps(config: Path) -> None:
    from mlpcli.config.load_config import load_config
    from mlpcli.keras_engine.build import build_optimizer

    settings = ["training.epochs=3", COSINE % ("auto", 0.1)]
    plan, training = validate(config, settings).plan, load_config(config, settings).config.training
    schedule = build_optimizer(training, plan.schedule).get_config()["learning_rate"]["config"]
    assert (schedule["decay_steps"], schedule["warmup_steps"], schedule["warmup_target"]) == (154, 17, 0.02)


def test_no_file_has_a_schedule_in_fractions() -> None:
    from mlpcli.modelfile.keras_objects import compilation_of

    loss = {"class_name": "MeanSquaredError", "config": {"name": "mse"}}
    for steps, known in ((10, True), (0.5, False), ("auto", False)):
        schedule = {"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": steps}}
        optimizer = {"class_name": "SGD", "config": {"learning_rate": schedule}}
        found, _ = compilation_of({"compile_config": {"loss": loss, "metrics": [], "optimizer": optimizer}})
        assert found is not None
        assert (found.optimizer is not None) == known
