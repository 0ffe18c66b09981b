"""What `mlpcli train` refuses where several workers train one model, before it waits for them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlpcli.cluster import tf_config

RunHere = Callable[..., "subprocess.CompletedProcess[str]"]
CONFIG = """\
version: 1
name: moons
data: {source: moons}
training: {epochs: 2}
"""


@pytest.fixture
def in_cluster(mlpcli_here: RunHere, monkeypatch: pytest.MonkeyPatch, write_config: Callable[..., Path]) -> RunHere:
    write_config(CONFIG)
    monkeypatch.setenv("TF_CONFIG", tf_config(["127.0.0.1:1", "127.0.0.1:2"], 0))
    return mlpcli_here


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--seeds", "2"], "--seeds trains several models, but 2 workers train one together here"),
        (["--vary", "seed=1,2"], "--vary trains several models"),
        (["-s", "training.engine=numpy"], "training.engine: numpy trains in one process, not on several workers"),
        (["-s", "training.engine=keras"], "training.engine: keras runs model.fit, which Keras 3 does not support"),
        (
            ["-s", "training.optimizer={adam: {gradient_accumulation_steps: 2}}"],
            "training.optimizer.gradient_accumulation_steps: does not work on several workers",
        ),
    ],
)
def test_it_is_refused_with_its_key_and_nothing_is_written(
    in_cluster: RunHere, tmp_path: Path, options: list[str], words: str
) -> None:
    done = in_cluster("train", "my.yaml", *options)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "runs").exists()


def test_several_seeds_are_not_resumed(in_cluster: RunHere, tmp_path: Path) -> None:
    (tmp_path / "several").mkdir()
    (tmp_path / "several" / "seeds.json").write_text("{}")
    done = in_cluster("train", "--resume", "several")
    assert done.returncode == 2
    assert "--resume several trains several models" in done.stderr


def test_several_devices_are_for_the_resident_engine(mlpcli_here: RunHere, write_config: Callable[..., Path]) -> None:
    write_config(CONFIG)
    done = mlpcli_here("validate", "my.yaml", "-s", "training.devices=2", "-s", "training.engine=keras")
    assert done.returncode == 2
    refused = "training.engine: keras runs model.fit, which Keras 3 does not support on several workers or GPUs"
    assert refused in done.stderr


def test_a_wrong_tf_config_is_one_line(mlpcli_here: RunHere, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", "worker")
    done = mlpcli_here("train", "digits")
    assert done.returncode == 2
    assert done.stderr.startswith("error: TF_CONFIG: cannot be read")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workers", "3"], "give a config, as to mlpcli train"),
        (["digits"], "Missing option '--workers'"),
        (["--workers", "1", "digits"], "1 is not in the range 2<=x<=64"),
    ],
)
def test_launch_says_what_it_needs(mlpcli_here: RunHere, arguments: list[str], words: str) -> None:
    done = mlpcli_here("launch", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
