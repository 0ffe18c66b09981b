"""Which engine runs the epochs: a function of the config, worked out by hand from the costs it assumes."""

from __future__ import annotations

import pytest

from mlpcli.config.sections import TrainingConfig
from mlpcli.training.engine_choice import choose_engine, steps_that_pay


def test_compiling_pays_from_the_steps_that_earn_its_seconds() -> None:
    # 5 layers: 0.25 + 5 * 0.05 = 0.5 s spent; 5 * 20 us + 8,000 * 0.5 ns = 104 us saved per step
    assert steps_that_pay(5, 8_000) == int(0.5 / 104e-6)
    # a wide network saves more per step: 100 us + 2 million * 0.5 ns = 1.1 ms
    assert steps_that_pay(5, 2_000_000) == int(0.5 / 1.1e-3)
    # and so do large batches of many inputs: 104 us + 100 * 784 * 1.5 ns = 221.6 us
    assert steps_that_pay(5, 8_000, 100 * 784) == int(0.5 / 221.6e-6)


@pytest.mark.parametrize(
    ("settings", "engine", "compiled"),
    [
        ({"engine": "keras", "epochs": 1000}, "keras", False),
        ({"engine": "resident", "epochs": 1}, "resident", True),
        ({"epochs": 10, "early_stopping": False}, "resident", False),  # 450 steps
        ({"epochs": 200, "early_stopping": False}, "resident", True),  # 9,000 steps
        ({"epochs": 200}, "resident", False),  # the same, expected to end half-way: 4,500
        ({"epochs": 300}, "resident", True),  # 6,750
    ],
)
def test_the_choice(settings: dict[str, object], engine: str, compiled: bool) -> None:
    choice = choose_engine(TrainingConfig.model_validate(settings), steps_per_epoch=45, layers=5, parameters=8_000)
    assert (choice.engine, choice.compiled) == (engine, compiled)


def test_convolutions_are_compiled_only_when_it_is_asked_for() -> None:
    long = TrainingConfig.model_validate({"epochs": 1000, "early_stopping": False})
    choice = choose_engine(long, 45, 5, 8_000, convolutions=True)
    assert (choice.compiled, choice.reason) == (False, "compiled convolutions are slower on a CPU")
    asked = TrainingConfig.model_validate({"engine": "resident"})
    assert choose_engine(asked, 45, 5, 8_000, convolutions=True).compiled


@pytest.mark.parametrize(
    ("runs", "parameters", "words"),
    [
        (10, 8_000, "epochs: about 4,500 steps in 10 runs that share a program are too few for compiling, which pays"),
        (11, 8_000, "epochs, compiled: about 4,950 steps in 11 runs that share a program; compiling pays from 4,807"),
        (11, 1_000_001, "epochs: about 450 steps are too few for compiling, which pays from 833"),
        (11, 1_000_000, "epochs, compiled: about 4,950 steps in 11 runs that share a program; compiling pays from 833"),
    ],
)
def test_the_steps_of_all_runs_of_a_series_count_if_the_network_is_small(
    runs: int, parameters: int, words: str
) -> None:
    training = TrainingConfig.model_validate({"epochs": 10, "early_stopping": False})
    assert f"resident {words}" in str(choose_engine(training, 45, 5, parameters, runs=runs))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"engine": "keras"}, "plain model.fit: training.engine is keras"),
        ({"engine": "resident"}, "resident epochs, compiled: training.engine is resident"),
        (
            {"epochs": 10, "early_stopping": False},
            "resident epochs: about 450 steps are too few for compiling, which pays from 4,807",
        ),
        (
            {"epochs": 200, "early_stopping": False},
            "resident epochs, compiled: about 9,000 steps; compiling pays from 4,807",
        ),
    ],
)
def test_it_says_what_it_chose_and_why(settings: dict[str, object], words: str) -> None:
    assert str(choose_engine(TrainingConfig.model_validate(settings), 45, 5, 8_000)) == words
