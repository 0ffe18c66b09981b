"""A training that experiment trackers are told of as well: what they are told, and by whom."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from mlpcli.config.schema import Config
from mlpcli.config.trackers import AnyTracker, Mlflow, Tensorboard, Wandb
from mlpcli.errors import SettingError
from mlpcli.runs import directory as run_directory
from mlpcli.runs.history import History, read_history
from mlpcli.trackers.parameters import config_parameters
from mlpcli.trackers.tracker import Ending, TrackedRun, Tracker, Trackers
from mlpcli.workflows.train_result import TrainResult

if TYPE_CHECKING:
    from mlpcli.training.progress import Progress


def check_installed(config: Config) -> None:
    """Refuse trackers whose packages are not there (raises SettingError)."""
    for index, tracker in enumerate(config.output.trackers):
        missing = [package for package in tracker.packages if importlib.util.find_spec(package) is None]
        if missing:
            raise SettingError(
                f"output.trackers[{index}]",
                f"{tracker.tag} needs a package that is not installed ({', '.join(missing)}):"
                f" pip install 'mlpcli[{tracker.tag}]'",
            )


class TrackedProgress:
    """Passes on what it is told, and the epochs to the trackers, too."""

    def __init__(self, progress: Progress, trackers: Trackers) -> None:
        self.progress, self.trackers = progress, trackers
        self.note, self.loading, self.start, self.step = progress.note, progress.loading, progress.start, progress.step
        self.finish, self.best = progress.finish, progress.best
        self.result: TrainResult | None = None

    def epoch(self, row: Mapping[str, float]) -> None:
        self.trackers.epoch(row)
        self.progress.epoch(row)  # last, since that of a sweep's trial may end it


@contextmanager
def tracked(
    config: Config,
    path: Path,
    batch_size: int,
    epochs_before: int,
    progress: Progress,
    left_out: set[str] | None = None,
) -> Iterator[TrackedProgress]:
    """Begin with the trackers of the config, and end with the `result` that the progress was given.

    path: the run directory. batch_size: what became of `auto`. epochs_before: those that training goes on from.
    left_out: trackers that are not told; one that fails is added, so that the next of many runs need not wait for it.
    """
    given_up = set() if left_out is None else left_out
    chosen = {tracker.tag: _make(tracker) for tracker in config.output.trackers if tracker.tag not in given_up}
    trackers = Trackers(chosen, path, progress.note)
    if trackers.trackers:
        trackers.begin(_describe(config, path, batch_size), _history(path, epochs_before))
    told = TrackedProgress(progress, trackers)
    try:
        yield told
    finally:
        trackers.end(_ending(path, told.result))
        given_up |= chosen.keys() - trackers.trackers.keys()


def _make(tracker: AnyTracker) -> Tracker:
    from mlpcli.trackers.mlflow_tracker import MlflowTracker
    from mlpcli.trackers.tensorboard_tracker import TensorboardTracker
    from mlpcli.trackers.wandb_tracker import WandbTracker

    if isinstance(tracker, Mlflow):
        return MlflowTracker(tracker)
    if isinstance(tracker, Wandb):
        return WandbTracker(tracker)
    if isinstance(tracker, Tensorboard):
        return TensorboardTracker()
    assert_never(tracker)


def _describe(config: Config, path: Path, batch_size: int) -> TrackedRun:
    home = run_directory.outermost_series(path).parent
    series = run_directory.sweep_of(path) or path.parent
    return TrackedRun(
        path=path,
        home=home,
        name=path.relative_to(home).as_posix(),
        group=series.relative_to(home).as_posix() if series != home else None,
        repeats=run_directory.holds_series(series),
        project=config.name,
        parameters={**config_parameters(config), "training.batch_size": batch_size},
        files=(path / run_directory.CONFIG, path / run_directory.ENVIRONMENT),
    )


def _history(path: Path, epochs: int) -> History:
    """The epochs that training goes on from; what a killed process wrote after them is computed again."""
    if not epochs:
        return {}
    return {name: values[:epochs] for name, values in read_history(path / run_directory.HISTORY).items()}


def _ending(path: Path, result: TrainResult | None) -> Ending:
    """result: None where training raised."""
    if result is None:
        return Ending("failed", {}, None)
    names = (run_directory.METRICS, run_directory.EVALUATION, run_directory.HISTORY)
    files: Sequence[Path] = [path / name for name in names]
    metrics = result.metrics
    scores = {
        split: {name: value for name, value in found.items() if value is not None}  # a score may be undefined
        for split, found in metrics["scores"].items()
    }
    return Ending(metrics["outcome"], scores, metrics["kept_epoch"], files, result.pictures, result.model)
