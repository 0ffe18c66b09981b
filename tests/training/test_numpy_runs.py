"""Whole runs with `training.engine: numpy`: what they write, and how they end. No TensorFlow."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import ConfigError, TrainingError
from mlpcli.runs.history import read_history
from mlpcli.training.progress import Silence
from tests.forks import Forks
from tests.model_file_parts import read_metadata

NUMPY = "training.engine=numpy"
EXPLODES = "training.learning_rate_schedule={piecewise_constant_decay: {boundaries: [36], values: [0.05, 1e30]}}"
"""After two epochs of 18 steps."""

_SCRIPT = """
import sys
from mlpcli.workflows.train import train
train(sys.argv[1], ["training.engine=numpy", "output.plots=[png]", "data.limit=300"], runs_dir=sys.argv[2])
unwanted = ("tensorflow", "keras", "sklearn.neural_network", "mlflow", "wandb", "tensorboard")
heavy = [name for name in unwanted if name in sys.modules]
print("imported", heavy)
"""


def test_a_run_is_complete_and_never_imports_tensorflow(digits: Path, tmp_path: Path, forks: Forks) -> None:
    done = forks.run([digits, tmp_path / "runs"], tmp_path, program=_SCRIPT)
    assert done.stdout.splitlines()[-1:] == ["imported []"], done.stderr
    run = tmp_path / "runs" / "digits"
    assert sorted(path.name for path in run.glob("*.*")) == [
        "config.yaml", "confusion_matrix.png", "environment.json", "evaluation.json", "history.csv", "history.png",
        "layers.json", "metrics.json", "mistakes.json", "mistakes.png", "model.keras", "split.npz",
    ]  # fmt: skip
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["engine"] == {"engine": "numpy", "compiled": False, "reason": "training.engine is numpy"}
    environment = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    assert environment["machine"]["devices"] == ["CPU"]
    columns = ["epoch", "seconds", "learning_rate", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert list(read_history(run / "history.csv")) == columns


def test_it_learns_and_keeps_the_weights_of_its_best_epoch(train: Any) -> None:
    result = train(NUMPY, "training.epochs=30", "training.early_stopping={patience: 2}")
    history = read_history(result.run / "history.csv")
    kept = result.metrics["kept_epoch"]
    assert history["val_loss"][kept - 1] == min(history["val_loss"])
    scores = result.metrics["scores"]
    assert scores["validation"]["loss"] == pytest.approx(history["val_loss"][kept - 1], rel=1e-5)
    assert scores["test"]["accuracy"] > 0.9
    assert "val_loss had not improved for 2 epochs" in result.metrics["stopped"]


@pytest.mark.parametrize("model", ["model.keras", "model.h5"])
def test_the_same_config_gives_the_same_bytes(train: Any, model: str) -> None:
    regularized = ("model.dropout=0.3", "model.batch_normalization=true", f"output.model={model}")
    runs = [train(NUMPY, *regularized), train(NUMPY, *regularized), train(NUMPY, *regularized, "seed=778")]
    files = [run.model.read_bytes() for run in runs]
    assert files[0] == files[1]
    weights = [(read_metadata(run.model) or {})["weights"] for run in runs]
    assert weights[0] == weights[1] != weights[2]


@pytest.mark.parametrize("stopping", ["true", "false", "{restore_best_weights: false}", "{start_from_epoch: 5}"])
def test_a_loss_that_is_not_finite_ends_it_and_the_last_good_epoch_is_kept(train: Any, stopping: str) -> None:
    result = train(NUMPY, EXPLODES, "training.epochs=6", f"training.early_stopping={stopping}")
    assert isinstance(result.failure, TrainingError)
    assert "loss is nan after epoch 3 (first at step 3): the steps are too large" in str(result.failure)
    assert "lower training.optimizer.learning_rate (now 1e+30)" in str(result.failure)
    assert (result.metrics["epochs"], result.metrics["kept_epoch"]) == (3, 2)
    history = read_history(result.run / "history.csv")
    assert [math.isfinite(loss) for loss in history["loss"]] == [True, True, False]
    metadata = read_metadata(result.model)
    assert metadata is not None
    assert metadata["scores"]["validation"]["loss"] == pytest.approx(history["val_loss"][1], rel=1e-5)


class _SignalAt(Silence):
    """Sends a signal to this process at the first step of an epoch, from 1."""

    def __init__(self, number: int, epoch: int) -> None:
        self.number, self.left = number, epoch - 1

    def step(self, step: int) -> None:
        if self.left == 0:
            self.left = -1
            os.kill(os.getpid(), self.number)

    def epoch(self, row: Mapping[str, float]) -> None:
        self.left -= 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_gives_up_the_epoch_and_keeps_what_was_best(train: Any, number: int, code: int) -> None:
    result = train(NUMPY, "training.epochs=9", progress=_SignalAt(number, epoch=3))
    assert result.interrupted.exit_code == code
    assert (result.metrics["epochs"], result.metrics["kept_epoch"]) == (2, 2)
    assert result.metrics["stopped"] == str(result.interrupted)
    assert result.model.is_file()


def test_before_the_first_epoch_ends_there_is_no_model(train: Any) -> None:
    result = train(NUMPY, progress=_SignalAt(signal.SIGINT, epoch=1))
    assert (result.interrupted.exit_code, result.model, result.metrics["epochs"]) == (130, None, 0)


def test_it_can_stop_when_accuracies_meet(train: Any) -> None:
    result = train(NUMPY, "training.epochs=6", "training.stop_when_equal={tolerance: 1.0}")
    assert (result.metrics["epochs"], result.metrics["stopped"]) == (1, "training and validation accuracy met")


def test_the_history_has_the_rates_of_schedules_and_plateaus(train: Any) -> None:
    halved = "training.learning_rate_schedule={exponential_decay: {decay_steps: 18, decay_rate: 0.5}}"
    rates = read_history(train(NUMPY, halved, "training.epochs=3").run / "history.csv")["learning_rate"]
    assert rates == pytest.approx([0.025, 0.0125, 0.00625], rel=1e-6)
    plateau = "training.learning_rate_schedule={reduce_on_plateau: {patience: 0, min_delta: 100.0}}"
    rates = read_history(train(NUMPY, plateau, "training.epochs=3").run / "history.csv")["learning_rate"]
    assert rates == pytest.approx([0.05, 0.05, 0.005], rel=1e-6)  # the first value improves on nothing at all


LAYER = "model={layers: [%s]}"
REFUSED = [
    (
        "training.optimizer=nadam",
        "the optimizer nadam (the NumPy engine has sgd, adagrad, rmsprop, adam, adamw)",
    ),
    ("training.optimizer={gradient_accumulation_steps: 2}", "support the optimizer adam (its gradient_accumul"),
    ("training.precision=mixed_bfloat16", "does not support the precision mixed_bfloat16"),
    ("output.tensorboard=true", "does not support the logs of output.tensorboard"),
    (
        LAYER % "{dense: {units: 4, kernel_constraint: non_neg}}",
        "support the kernel_constraint of layer dense",
    ),
    (LAYER % "{depthwise_conv2d: {kernel_size: 3}}", "support layer depthwise_conv2d (the NumPy engine has no Depth"),
    (
        LAYER % "{dense: {units: 4, activity_regularizer: l2}}",
        "not support layer dense (a penalty on its outputs)",
    ),
]


@pytest.mark.parametrize(("override", "message"), REFUSED)
def test_what_is_left_to_keras_is_named_before_anything_is_written(
    train: Any, tmp_path: Path, override: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)  # tensorboard is here
    with pytest.raises(ConfigError) as caught:
        train(NUMPY, override)
    assert str(caught.value).startswith("-s training.engine=numpy: training.engine: numpy ")
    assert message in str(caught.value)
    assert str(caught.value).endswith("; use auto")
    assert not (tmp_path / "runs").exists()


class Stop(BaseException):
    """Raised by a script's own handler of SIGTERM."""


def test_a_signal_goes_to_whoever_handled_it_before_when_the_run_is_saved(train: Any, tmp_path: Path) -> None:
    def handler(number: int, frame: Any) -> None:
        raise Stop

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with pytest.raises(Stop):
            train(NUMPY, "training.epochs=9", progress=_SignalAt(signal.SIGTERM, epoch=3), resend_signals=True)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert read_history(tmp_path / "runs" / "digits" / "history.csv")["epoch"] == [1, 2]
    assert (tmp_path / "runs" / "digits" / "model.keras").is_file()


def test_ctrl_c_is_a_keyboard_interrupt_to_a_script(train: Any, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(NUMPY, "training.epochs=9", progress=_SignalAt(signal.SIGINT, epoch=2), resend_signals=True)
    assert (tmp_path / "runs" / "digits" / "model.keras").is_file()


def test_a_script_that_trains_in_a_loop_ends_at_sigterm(digits: Path, tmp_path: Path, forks: Forks) -> None:
    code = (
        "import os, signal, sys, mlpcli\n"
        "from mlpcli.training.progress import Silence\n"
        "class Send(Silence):\n"
        "    def epoch(self, row): os.kill(os.getpid(), signal.SIGTERM)\n"
        "for run in range(3): mlpcli.train(sys.argv[1], ['training.engine=numpy'], progress=Send())\n"
    )
    assert forks.run([digits], tmp_path, program=code).returncode == -signal.SIGTERM
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["digits"]
    assert (tmp_path / "runs" / "digits" / "metrics.json").is_file()


@pytest.mark.usefixtures("digits")
def test_threads_train_one_after_the_other(train: Any) -> None:
    """Each would otherwise hear of epochs of the others."""
    active: list[int] = []
    most: list[int] = []

    class Watch(Silence):
        def start(self, epochs: int, steps: int, rows: int) -> None:
            active.append(1)

        def epoch(self, row: Mapping[str, float]) -> None:
            most.append(len(active))

        def finish(self) -> None:
            active.pop()

    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: train(NUMPY, progress=Watch()), range(4)))
    assert set(most) == {1}
    assert len({run.run for run in runs}) == 4
    assert len({(read_metadata(run.model) or {})["weights"] for run in runs}) == 1
