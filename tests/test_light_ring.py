"""The tests that are not marked tf are collected where TensorFlow and Keras are not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_collecting_the_light_ring_imports_neither_tensorflow_nor_keras(
    pytestconfig: pytest.Config, imported_by_collecting: list[str]
) -> None:
    if pytestconfig.option.markexpr == "not tf":
        assert imported_by_collecting == []
        return
    # Files that need TensorFlow as a whole are collected in this run, so that the light ring is collected in another.
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-m",
        "not tf",
        "-k",
        "collecting_the_light_ring",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
