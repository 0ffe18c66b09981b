"""`mlpcli reproduce`: a run is trained again from its config.yaml, in a fresh process, and compared with itself."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import RunDirectoryError, TrainingError
from mlpcli.process import MLPCLI, python_command
from mlpcli.runs import directory as run_directory
from mlpcli.runs.directory import environment_differences
from mlpcli.runs.history import History, read_history
from mlpcli.runs.read_run import read_environment
from mlpcli.text import listed

CLOSE = 1e-6
"""The largest difference, relative to numbers above 1, that counts as equal."""
Verdict = Literal["identical", "close", "different"]


@dataclass(frozen=True, repr=False)
class ReproduceResult:
    """How the second training compares with the first.

    epochs: compared, of the history. first_different: the first epoch that is not identical, or None. largest: the
    largest difference of history and weights. weights: whether they were compared. differences: of the environments,
    each as a few words. again: the second run, if it was kept.
    """

    run: Path
    verdict: Verdict
    epochs: int
    first_different: int | None
    largest: float
    weights: bool
    differences: list[str]
    again: Path | None

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        what = f"{self.epochs} epochs{' and the weights' if self.weights else ''}"
        if self.verdict == "identical":
            return f"identical: {what} are the same to the bit"
        since = f"from epoch {self.first_different} on" if self.first_different else "in the weights"
        if self.verdict == "close":
            return f"equal to {CLOSE:g}: {what} differ by at most {self.largest:.1e}, {since}"
        if np.isinf(self.largest):
            return f"different {since}: the second training stopped after {self.epochs} epochs"
        return f"different {since}: by up to {self.largest:.1e}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.run.name}: {'; '.join([self.sentence, *self.differences])}>"

    def _repr_html_(self) -> str:
        from mlpcli.workflows import notebook

        return notebook.page(self.run.name, notebook.lines([self.sentence, *self.differences]))


def reproduce(run_dir: str | Path, keep: str | Path | None = None, quiet: bool = True) -> ReproduceResult:
    """Train a run again and compare history and weights.

    Args:
        run_dir: the run.
        keep: a new or empty folder for the second run, which is removed otherwise.
        quiet: whether the second training shows no progress on standard error.

    Raises:
        RunDirectoryError: it is no run directory, no epoch has finished, or it was resumed with another learning rate.
        TrainingError: the second training failed; what it said is on standard error.
    """
    run = Path(run_dir)
    config = run_directory.find_file(run, run_directory.CONFIG)
    before = read_history(run_directory.find_file(run, run_directory.HISTORY))
    if not before.get("epoch"):
        raise RunDirectoryError(f"{run}: no epoch has finished, so there is nothing to compare")
    environment = read_environment(run)
    _check_resumed(run, environment)
    with tempfile.TemporaryDirectory(prefix="mlpcli-") if keep is None else nullcontext(str(keep)) as folder:
        again = Path(folder) / "again" if keep is None else Path(folder)
        _train(config, again, quiet)
        return _compared(run, again, before, environment, keep is not None)


def _check_resumed(run: Path, environment: Mapping[str, Any]) -> None:
    """A learning rate that was changed on the way is not in config.yaml."""
    for entry in environment.get("resumed", []):
        rates = [text for text in entry.get("changed", []) if "learning_rate" in text]
        if rates:
            raise RunDirectoryError(
                f"{run}: was resumed after epoch {entry.get('after_epoch')} with another setting ({listed(rates)}), so"
                " config.yaml alone does not repeat it"
            )


def _changes(environment: Mapping[str, Any]) -> Iterator[str]:
    """What was changed when the run was resumed, but for what config.yaml repeats: epochs, and what follows them."""
    for entry in environment.get("resumed", []):
        keys = dict.fromkeys(text.split(":")[0] for text in entry.get("changed", []))
        changed = [key for key in keys if not key.startswith(("training.epochs", "output."))]
        if changed:
            yield f"the run was resumed after epoch {entry.get('after_epoch')} with another {listed(changed)}"


def _train(config: Path, folder: Path, quiet: bool) -> None:
    command = [*python_command(MLPCLI), "train", str(config), "--run-dir", str(folder)]
    bare = ["-s", "output.plots=[]", "-s", "output.trackers=[]"]
    done = subprocess.run([*command, *bare, *(["-q"] if quiet else [])], stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise TrainingError(f"{config}: the second training ended with exit code {done.returncode}; see above")


def _compared(run: Path, again: Path, before: History, environment: Mapping[str, Any], kept: bool) -> ReproduceResult:
    after = read_history(again / run_directory.HISTORY)
    epochs = min(len(before["epoch"]), len(after["epoch"]))
    rows = [_largest(_row(before, epoch), _row(after, epoch)) for epoch in range(epochs)]
    weights = 0.0
    same_end = len(before["epoch"]) == len(after["epoch"])
    if same_end:
        weights = _largest(*(_weights(folder) for folder in (run, again)))
    first = next((number for number, difference in enumerate(rows, start=1) if difference), None)
    if not same_end and len(after["epoch"]) < len(before["epoch"]):
        first, rows = first or epochs + 1, [*rows, np.inf]
    largest = max([*rows, weights])
    verdict: Verdict = "identical" if not largest else "close" if largest <= CLOSE else "different"
    now = read_environment(again)
    differences = [*_changes(environment), *environment_differences(environment, now)]
    if environment.get("data_fingerprint") not in (None, now.get("data_fingerprint")):
        differences.append("the data holds other rows now")
    place = again.resolve() if kept else None
    return ReproduceResult(run.resolve(), verdict, epochs, first, largest, same_end, differences, place)


def _row(history: History, epoch: int) -> list[Array]:
    """All numbers of an epoch but its duration."""
    return [np.asarray(values[epoch]) for name, values in history.items() if name != "seconds"]


def _weights(run: Path) -> list[Array]:
    from mlpcli.modelfile.saved_model import open_model

    return [array for arrays in open_model(run).weights.values() for array in arrays]


def _largest(first: Sequence[Array], second: Sequence[Array]) -> float:
    """The largest difference, relative where a number is above 1; infinity where shapes differ."""
    if [array.shape for array in first] != [array.shape for array in second]:
        return float("inf")
    largest = 0.0
    for one, other in zip(first, second, strict=True):
        if np.array_equal(one, other, equal_nan=True):
            continue
        difference = np.abs(one - other) / np.maximum(1, np.abs(one))
        largest = max(largest, float(np.max(difference, initial=0.0)))
    return largest if not np.isnan(largest) else float("inf")
