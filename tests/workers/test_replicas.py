"""Two devices of one process against one replica: the same weights, metrics and averages, whatever the shares."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.tf

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    script = Path(__file__).with_name("replicas_of_one_process.py")
    command, environment = [sys.executable, str(script)], {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    values: dict[str, Any] = json.loads(done.stdout)
    return values


def test_two_replicas_take_the_steps_of_one(found: dict[str, Any]) -> None:
    # Class weights, an L2 penalty, clipping by the norm of the whole batch, averaged weights, a last batch of one row.
    assert {name: value < 1e-6 for name, value in found["compared"].items()} == dict.fromkeys(found["compared"], True)


def test_each_replica_draws_its_own_noise(found: dict[str, Any]) -> None:
    (seed, drawn), (other, also_drawn) = found["each"]["noise"]
    assert other == seed + 1
    assert drawn == also_drawn == 6  # once a step: two epochs of three


def test_the_replicas_end_an_epoch_with_the_same_moving_means(found: dict[str, Any]) -> None:
    first, second = found["each"]["means"]
    assert first == second
    assert any(value != 0 for value in first)
