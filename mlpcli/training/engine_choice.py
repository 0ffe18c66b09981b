"""How the epochs run; decided before training from the config alone, so that a run stays reproducible.

Compiling costs seconds and saves microseconds per step. Both were measured over the networks of benchmarks/engine.py
(docs/performance.md): what is paid grows with the number of layers, what is saved with layers, parameters and the
values of a batch. Their ratio is much the same on every machine, since a slower one compiles more slowly, too.

What is paid is that of a first run. A later one finds the program in the cache (mlpcli/keras_engine/programs.py) and
pays less; but it must choose as the first one did, since compiled and uncompiled runs differ in their rounding. Seeds
and folds in one process share their graphs (mlpcli/keras_engine/graphs.py), so that it is paid once for all of them,
and the steps of all of them count.

Convolutions are not compiled: inside a compiled loop XLA on a CPU does not reach the library that TensorFlow's own
convolutions come from, and its code takes many times as long (docs/performance.md). No device is asked for, so that
this holds on a GPU too, where it was not measured; there `training.engine: resident` compiles them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlpcli.config.schema import Config
from mlpcli.config.sections import TrainingConfig
from mlpcli.model.plan import Prepared
from mlpcli.numpy_engine.numpy_epochs import NumpyEngine

if TYPE_CHECKING:
    from mlpcli.keras_engine.keras_epochs import KerasEngine
    from mlpcli.keras_engine.team import Team

COMPILE_SECONDS, COMPILE_SECONDS_PER_LAYER = 0.25, 0.05
SAVED_SECONDS_PER_LAYER, SAVED_SECONDS_PER_PARAMETER, SAVED_SECONDS_PER_VALUE = 20e-6, 0.5e-9, 1.5e-9
EXPECTED_SHARE_OF_EPOCHS = 0.5
"""With early stopping a run ends, on the average, well before its last epoch."""
MOST_SHARED = 1_000_000
"""Parameters; the graphs of a larger network, which hold on to its weights, are not kept for the next run."""
Engine = Literal["resident", "keras", "numpy"]


@dataclass(frozen=True)
class EngineChoice:
    """How the epochs run, and the reason as text."""

    engine: Engine
    compiled: bool
    reason: str

    def __str__(self) -> str:
        how = {"keras": "plain model.fit", "resident": "resident epochs", "numpy": "NumPy"}[self.engine]
        return f"{how}{', compiled' if self.compiled else ''}: {self.reason}"


def choose_engine(
    training: TrainingConfig,
    steps_per_epoch: int,
    layers: int,
    parameters: int,
    convolutions: bool = False,
    replicas: int = 1,
    batch_values: int = 0,
    runs: int = 1,
) -> EngineChoice:
    """Follow the config; for `auto`, compile if the run is long enough for that to pay off.

    Args:
        replicas: that share each batch; XLA does not compile what sums their gradients on a CPU.
        batch_values: the numbers that a batch of inputs has.
        runs: of this config, one after another in this process.
    """
    if replicas > 1:
        return EngineChoice("resident", False, f"{replicas} replicas share each batch")
    if training.engine == "keras":
        return EngineChoice("keras", False, "training.engine is keras")
    if training.engine == "numpy":
        return EngineChoice("numpy", False, "training.engine is numpy")
    if training.engine == "resident":
        return EngineChoice("resident", True, "training.engine is resident")
    if convolutions:
        return EngineChoice("resident", False, "compiled convolutions are slower on a CPU")
    share = EXPECTED_SHARE_OF_EPOCHS if training.early_stopping else 1.0
    sharing = runs if parameters <= MOST_SHARED else 1
    steps = int(training.epochs * share * steps_per_epoch) * sharing
    enough = steps_that_pay(layers, parameters, batch_values)
    of_all = f" in {sharing} runs that share a program" if sharing > 1 else ""
    if steps < enough:
        reason = f"about {steps:,} steps{of_all} are too few for compiling, which pays from {enough:,}"
        return EngineChoice("resident", False, reason)
    return EngineChoice("resident", True, f"about {steps:,} steps{of_all}; compiling pays from {enough:,}")


def steps_that_pay(layers: int, parameters: int, batch_values: int = 0) -> int:
    """The number of steps from which the seconds saved exceed those spent on compiling."""
    spent = COMPILE_SECONDS + COMPILE_SECONDS_PER_LAYER * layers
    saved = SAVED_SECONDS_PER_LAYER * layers + SAVED_SECONDS_PER_PARAMETER * parameters
    saved += SAVED_SECONDS_PER_VALUE * batch_values
    return int(spent / saved)


def make_engine(
    config: Config, prepared: Prepared, callbacks: Sequence[Any] = (), team: Team | None = None
) -> NumpyEngine | KerasEngine:
    """The engine of the config, with its model built; TensorFlow is imported where it is Keras.

    Args:
        callbacks: the user's own, for Keras.
        team: the workers that train together; otherwise it is the devices of training.devices.

    Raises:
        SettingError: the NumPy engine does not support something in the config, or there are fewer devices.
        UserError: one of the callbacks is none.
    """
    if config.training.engine == "numpy":
        return NumpyEngine(config, prepared)
    from mlpcli.keras_engine.keras_epochs import KerasEngine
    from mlpcli.keras_engine.team import local_team

    return KerasEngine(config, prepared, callbacks, team or local_team(config.training.devices))
