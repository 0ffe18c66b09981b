"""One seed, one result, bit for bit; another seed, another result."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.model_file_parts import read_metadata

pytestmark = pytest.mark.tf

WITH_EVERYTHING_RANDOM = ("model.dropout=0.2", "model.batch_normalization=true", "training.optimizer=adam")


def _digest(result: Any) -> str:
    """The hash of the weights in the model file."""
    metadata = read_metadata(result.model)
    assert metadata is not None
    return str(metadata["weights"])


@pytest.fixture(scope="module")
def first(train_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The run that all others are compared with."""
    return train_in(tmp_path_factory.mktemp("first"), *WITH_EVERYTHING_RANDOM)


def test_the_same_config_twice_gives_the_same_bits_and_another_seed_gives_others(train: Any, first: Any) -> None:
    second = train(*WITH_EVERYTHING_RANDOM)
    assert first.run != second.run
    assert _digest(first) == _digest(second)
    assert _digest(train("seed=778", *WITH_EVERYTHING_RANDOM)) != _digest(first)


def test_another_process_gives_the_same_bits_whatever_was_done_before(first: Any, digits: Any, tmp_path: Any) -> None:
    code = "import sys, mlpcli; mlpcli.train(sys.argv[1], sys.argv[2:], run_dir='there')"
    subprocess.run([sys.executable, "-c", code, digits, *WITH_EVERYTHING_RANDOM], cwd=tmp_path, check=True, timeout=300)
    metadata = read_metadata(tmp_path / "there" / "model.keras")
    assert metadata is not None
    assert metadata["weights"] == _digest(first)


def test_the_written_config_repeats_the_run(first: Any) -> None:
    from mlpcli.workflows.train import train as run

    again = run(first.run / "config.yaml", runs_dir=first.run.parent)
    assert again.run.name == "digits-2"
    assert _digest(again) == _digest(first)


@pytest.mark.usefixtures("digits")
def test_threads_get_the_bits_of_the_seed(train: Any, first: Any) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: train(*WITH_EVERYTHING_RANDOM), range(2)))
    assert {_digest(run) for run in runs} == {_digest(first)}
