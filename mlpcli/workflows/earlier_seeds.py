"""The folder of an earlier `train --seeds`: which seeds are finished, their config, and whether they can be resumed.

The config of all seeds is the config.yaml of the first one that has it; the others differ from it in `seed` alone. A
seed is finished if seeds.json says so and its metrics.json is whole. Any other is opened again, which costs no epoch
where all of them are done already.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.config.schedules import depends_on_run
from mlpcli.data.facts import fingerprint
from mlpcli.errors import RunDirectoryError, SettingError, UserError
from mlpcli.runs import directory as run_directory
from mlpcli.runs.checkpoint import Checkpoints
from mlpcli.runs.directory import seed_folder
from mlpcli.runs.leftovers import remove_leftovers
from mlpcli.runs.read_run import read_environment, read_metrics, read_seeds
from mlpcli.runs.run_file import LARGEST_CONFIG, read_run_text
from mlpcli.workflows.prepare import prepare, read_config
from mlpcli.workflows.reopen import check_changes, check_data, config_differences
from mlpcli.workflows.seeds import FINISHED, SeedRun, summarize, with_seed
from mlpcli.workflows.train import check_count, check_last_seed

if TYPE_CHECKING:
    from mlpcli.config.load_config import LoadedConfig
    from mlpcli.training.progress import Progress


@dataclass(frozen=True)
class EarlierSeeds:
    """What can be resumed.

    loaded: the config, now, with the first seed. source: the seed whose config.yaml it is. runs: those that are known;
    none where the config has changed, since every seed then goes on. seconds: that the earlier processes took.
    """

    path: Path
    loaded: LoadedConfig
    source: int
    seeds: range
    runs: dict[int, SeedRun]
    seconds: float

    @property
    def finished(self) -> list[int]:
        return [seed for seed, run in self.runs.items() if run.outcome == FINISHED]

    def note(self) -> str:
        """How far it is; "" if no seed is finished."""
        done, count, epochs = len(self.finished), len(self.seeds), self.loaded.config.training.epochs
        if done == count:
            more = f"note: all {count} seeds are finished; --seeds {2 * count} adds seeds"
            fixed = depends_on_run(self.loaded.config.training.learning_rate_schedule)
            return more if fixed else f"{more}, -s training.epochs={2 * epochs} trains them longer"
        return f"note: {done} of {count} seeds {'is' if done == 1 else 'are'} finished" if done else ""


def read_earlier(path: Path, overrides: Sequence[str], count: int | None, listener: Progress) -> EarlierSeeds:
    """Look at the folder, which is held, and check everything that can be checked without the data.

    count: of seeds, as many as before or more; None: as before.

    Raises:
        RunDirectoryError: seeds.json is damaged, or no seed has a config.
        ConfigError: an override changes what cannot change, or a finished seed has another config.
        UserError: fewer seeds than before.
    """
    found = read_seeds(path)
    before: list[int] = found["seeds_asked_for"]
    seeds = range(before[0], before[0] + _count(path, len(before), count))
    _clean(path, seeds)
    source = next((seed for seed in seeds if _config(path, seed).is_file()), None)
    if source is None:
        raise RunDirectoryError(
            f"{path}: none of its seeds has a {run_directory.CONFIG}, so there is nothing to resume; delete the"
            " folder, and train again"
        )
    as_it_was = read_config(_config(path, source))
    loaded = read_config(_config(path, source), overrides) if overrides else as_it_was
    _check_seed(as_it_was, loaded, seeds)
    loaded = with_seed(loaded, seeds[0])
    check_last_seed(loaded, len(seeds))
    runs = _known_runs(path, found["runs"]) if loaded.config == with_seed(as_it_was, seeds[0]).config else {}
    other = _other_config(path, loaded, [seed for seed, run in runs.items() if run.outcome == FINISHED])
    if other and not overrides:
        raise RunDirectoryError(f"{path}: {other} in {seed_folder(source)}; give all seeds the same one with -s")
    if other:
        runs = {}
    if not runs:
        _check_all_changes(path, loaded, seeds, listener)
    return EarlierSeeds(path, loaded, source, seeds, runs, float(found["total_seconds"]))


def check_same_data(earlier: EarlierSeeds, listener: Progress, force: bool) -> None:
    """Load the data of a finished seed, and compare it with what it was trained on, before other seeds get it.

    Raises:
        ConfigError, DataError: the data is gone, or another than before.
    """
    loaded = with_seed(earlier.loaded, earlier.source)
    before = read_environment(earlier.path / seed_folder(earlier.source)).get("data_fingerprint")
    prepared = prepare(loaded, listener.loading)
    check_data(loaded.config, before, fingerprint(prepared.source, prepared.splits), force)


def _count(path: Path, before: int, count: int | None) -> int:
    if count is None:
        return before
    check_count(count)
    if count < before:
        raise UserError(f"seeds: {count} are fewer than the {before} of {path}; leave it out, or give {before} or more")
    return count


def _config(path: Path, seed: int) -> Path:
    return path / seed_folder(seed) / run_directory.CONFIG


def _clean(path: Path, seeds: Sequence[int]) -> None:
    """Remove what was half written, and refuse a folder in which a seed cannot begin."""
    remove_leftovers(path)
    for seed in seeds:
        folder = path / seed_folder(seed)
        if not folder.is_dir() or _config(path, seed).is_file():
            continue  # the others are cleaned when they are opened, since somebody may be training in them
        remove_leftovers(folder)
        if any(folder.iterdir()):
            raise RunDirectoryError(
                f"{folder}: has files, but no {run_directory.CONFIG}; restore it, or delete the folder to train this"
                " seed anew"
            )


def _check_seed(before: LoadedConfig, now: LoadedConfig, seeds: range) -> None:
    if now.config.seed != before.config.seed:
        with now.located():
            raise SettingError("seed", f"cannot change, since the seeds count up from {seeds[0]}; --seeds adds seeds")


def _check_all_changes(path: Path, loaded: LoadedConfig, seeds: range, listener: Progress) -> None:
    for seed in seeds:
        earlier = Checkpoints(path / seed_folder(seed)).read(lambda text: listener.note(f"warning: {text}"))
        if earlier is not None:
            check_changes(with_seed(loaded, seed), earlier, path / seed_folder(seed))


def _other_config(path: Path, loaded: LoadedConfig, finished: Sequence[int]) -> str:
    """`training.epochs is 80 in seed-778, and 40`, where somebody trained a single seed further; "" as a rule."""
    here, seen = loaded.config.model_dump(mode="json"), set[str]()
    for seed in finished:
        text = re.sub("(?m)^seed:.*$", "", read_run_text(_config(path, seed), LARGEST_CONFIG))
        if text in seen:
            continue
        seen.add(text)
        there = read_config(_config(path, seed)).config.model_dump(mode="json")
        for key, mine, other in config_differences(here, there):
            if key not in ("seed", "output.plots", "output.theme"):
                return f"{key} is {other} in {seed_folder(seed)}, and {mine}"
    return ""


def _known_runs(path: Path, entries: Sequence[Mapping[str, Any]]) -> dict[int, SeedRun]:
    """The runs that seeds.json lists, with what their metrics.json says."""
    runs = (_known_run(path, entry) for entry in entries)
    return {run.seed: run for run in runs if run is not None}


def _known_run(path: Path, entry: Mapping[str, Any]) -> SeedRun | None:
    """None where it has to be found out by opening it."""
    seed, outcome = entry["seed"], entry.get("outcome")
    failure = str(entry.get("stopped")) if outcome == "failed" else None
    try:
        metrics = _with_undefined(read_metrics(path / seed_folder(seed)))
        summarize("", [seed], [SeedRun(seed, metrics)], 0)  # it asks for all that will be asked for
    except (RunDirectoryError, KeyError, TypeError, ValueError, AttributeError):
        return SeedRun(seed, {}, failure) if failure is not None else None
    if outcome not in (FINISHED, "interrupted", "failed") or not _config(path, seed).is_file():
        return None
    return SeedRun(seed, metrics, failure, outcome == "interrupted")


def _with_undefined(metrics: dict[str, Any]) -> dict[str, Any]:
    """The metrics with NaN for a score that JSON has as null."""
    scores = {
        split: {metric: math.nan if score is None else score for metric, score in of_split.items()}
        for split, of_split in metrics["scores"].items()
    }
    return {**metrics, "scores": scores}
