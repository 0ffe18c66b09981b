"""`mlpcli train`: from a config to a run directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlpcli.errors import MlpcliError
    from mlpcli.training.interrupts import Interrupted
    from mlpcli.training.progress import Progress
    from mlpcli.workflows.preparation import Prepared


@dataclass(frozen=True)
class TrainResult:
    """A finished run: where it lies and what metrics.json says."""

    run: Path
    model: Path | None
    metrics: dict[str, Any]
    evaluation: dict[str, Any] | None
    pictures: list[Path] = field(default_factory=list)
    failure: MlpcliError | None = None
    interrupted: Interrupted | None = None


def train(
    config: str | Path,
    overrides: Sequence[str] = (),
    runs_dir: str | Path = "runs",
    run_dir: str | Path | None = None,
    progress: Progress | None = None,
    command: Sequence[str] = (),
    verbose: bool = False,
) -> TrainResult:
    """Train the network that a config describes.

    Args:
        config: path of the YAML file.
        overrides: "training.epochs=5" and the like.
        runs_dir: where the run directory is made, called after the config's `name`.
        run_dir: or exactly this directory, new or empty.
        progress: listens to the training.
        command: the command line, for environment.json.
        verbose: also note which engine was chosen, and why.

    Returns:
        The run. A loss that was not finite, and an interruption, are in the result rather than raised, because the run
        directory then still holds what was best before.

    Raises:
        ConfigError, DataError: nothing has been written.
        RunDirectoryError: the run directory cannot be made.
        OutputError: the disk is full.
    """
    from mlpcli.artifacts import run_directory
    from mlpcli.config.load import load_config
    from mlpcli.training.progress import Silence
    from mlpcli.workflows.preparation import prepare

    listener = progress or Silence()
    loaded = load_config(Path(config), overrides)
    prepared = prepare(loaded, listener.loading)
    say_findings(prepared, listener)
    from mlpcli.workflows.run import Run  # a mistake in the config is reported without the wait for an engine

    def make_directory() -> Path:
        if run_dir:
            return run_directory.create_exact_directory(Path(run_dir))
        return run_directory.create_run_directory(Path(runs_dir), loaded.config.name)

    return Run.create(loaded.config, prepared, make_directory, list(command)).train(listener, verbose)


def say_findings(prepared: Prepared, listener: Progress) -> None:
    """What should be known of the data before the training."""
    for note in prepared.source.notes:
        listener.note(f"note: {note}")
    for warning in prepared.look.warnings:
        listener.note(f"warning: {warning}")
