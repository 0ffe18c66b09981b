"""The folder of an earlier `train --seeds` or `--folds`: which runs are finished, their config, whether they can go on.

The config of all runs is the config.yaml of the first one that has it; the others differ from it in the seed and in the
fold alone. A run is finished if the file of the series says so and its metrics.json is whole. Any other is opened
again, which costs no epoch where all of them are done already.
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
from mlpcli.runs.directory import holds_folds, member_word
from mlpcli.runs.leftovers import remove_leftovers
from mlpcli.runs.read_run import read_environment, read_folds, read_metrics, read_seeds
from mlpcli.runs.run_file import LARGEST_CONFIG, read_run_text
from mlpcli.workflows.folds import fold_members
from mlpcli.workflows.prepare import prepare, read_config
from mlpcli.workflows.reopen import check_changes, check_data, config_differences
from mlpcli.workflows.seeds import check_count, check_last_seed, seed_members
from mlpcli.workflows.series import FINISHED, Member, MemberRun, summarize

if TYPE_CHECKING:
    from mlpcli.config.load_config import LoadedConfig
    from mlpcli.training.progress import Progress


@dataclass(frozen=True)
class EarlierSeries:
    """What can be resumed.

    loaded: the config, now, of the first member. source: the member whose config.yaml it is. runs: those that are
    known; none where the config has changed, since every member then goes on. seconds: that the earlier processes took.
    """

    path: Path
    loaded: LoadedConfig
    source: Member
    members: list[Member]
    runs: dict[Member, MemberRun]
    seconds: float

    @property
    def finished(self) -> list[Member]:
        return [member for member, run in self.runs.items() if run.outcome == FINISHED]

    def note(self) -> str:
        """How far it is; "" if no run is finished."""
        done, count, word = len(self.finished), len(self.members), member_word(self.path)
        if done < count:
            return f"note: {done} of {count} {word}s {'is' if done == 1 else 'are'} finished" if done else ""
        training = self.loaded.config.training
        said = [f"--seeds {2 * count} adds seeds"] if word == "seed" else []
        if not depends_on_run(training.learning_rate_schedule):
            said.append(f"-s training.epochs={2 * training.epochs} trains them longer")
        return f"note: all {count} {word}s are finished{'; ' if said else ''}{', '.join(said)}"


def read_earlier(path: Path, overrides: Sequence[str], seeds: int | None, listener: Progress) -> EarlierSeries:
    """Look at the folder, which is held, and check everything that can be checked without the data.

    seeds: how many, as before or more; None: as before.

    Raises:
        RunDirectoryError: the file of the series is damaged, or no run has a config.
        ConfigError: an override changes what cannot change, or a finished run has another config.
        UserError: fewer seeds than before, or other ones for folds.
    """
    found = read_folds(path) if holds_folds(path) else read_seeds(path)
    members = _members(path, found, seeds)
    _clean(path, members)
    source = next((member for member in members if _config(path, member).is_file()), None)
    if source is None:
        raise RunDirectoryError(
            f"{path}: none of its {member_word(path)}s has a {run_directory.CONFIG}, so there is nothing to resume;"
            " delete the folder, and train again"
        )
    as_it_was = read_config(_config(path, source))
    loaded = read_config(_config(path, source), overrides) if overrides else as_it_was
    _check_same_members(as_it_was, loaded, members)
    loaded = members[0].config(loaded)
    check_last_seed(loaded, members[-1].seed - members[0].seed + 1)
    runs = _known_runs(path, found["runs"], members) if loaded.config == members[0].config(as_it_was).config else {}
    other = _other_config(path, loaded, [member for member, run in runs.items() if run.outcome == FINISHED])
    if other and not overrides:
        raise RunDirectoryError(
            f"{path}: {other} in {source.folder}; give all {member_word(path)}s the same one with -s"
        )
    if other:
        runs = {}
    if not runs:
        _check_all_changes(path, loaded, members, listener)
    return EarlierSeries(path, loaded, source, members, runs, float(found["total_seconds"]))


def check_same_data(earlier: EarlierSeries, listener: Progress, force: bool) -> None:
    """Load the data of a finished run, and compare it with what it was trained on, before other runs get it.

    Raises:
        ConfigError, DataError: the data is gone, or another than before.
    """
    loaded = earlier.source.config(earlier.loaded)
    before = read_environment(earlier.path / earlier.source.folder).get("data_fingerprint")
    prepared = prepare(loaded, listener.loading)
    check_data(loaded.config, before, fingerprint(prepared.source, prepared.splits), force)


def _members(path: Path, found: Mapping[str, Any], seeds: int | None) -> list[Member]:
    before: list[int] = found["seeds_asked_for"]
    if not holds_folds(path):
        return seed_members(before[0], _count(path, len(before), seeds))
    if seeds not in (None, len(before)):
        raise UserError(f"seeds: cannot change for the folds of {path}; leave it out, or train again with other seeds")
    return fold_members(before[0], len(before), found["folds"])


def _count(path: Path, before: int, count: int | None) -> int:
    if count is None:
        return before
    check_count(count)
    if count < before:
        raise UserError(f"seeds: {count} are fewer than the {before} of {path}; leave it out, or give {before} or more")
    return count


def _config(path: Path, member: Member) -> Path:
    return path / member.folder / run_directory.CONFIG


def _clean(path: Path, members: Sequence[Member]) -> None:
    """Remove what was half written, and refuse a folder in which a run cannot begin."""
    remove_leftovers(path)
    for member in members:
        folder = path / member.folder
        if not folder.is_dir() or _config(path, member).is_file():
            continue  # the others are cleaned when they are opened, since somebody may be training in them
        remove_leftovers(folder)
        if any(folder.iterdir()):
            raise RunDirectoryError(
                f"{folder}: has files, but no {run_directory.CONFIG}; restore it, or delete the folder to train this"
                f" {member_word(path)} again"
            )


def _check_same_members(before: LoadedConfig, now: LoadedConfig, members: Sequence[Member]) -> None:
    with now.located():
        if now.config.seed != before.config.seed and members[0].fold is None:
            message = f"cannot change, since the seeds count up from {members[0].seed}; --seeds adds seeds"
            raise SettingError("seed", message)
        if now.config.seed != before.config.seed:
            raise SettingError("seed", "cannot change, since it determines the folds; train again for another seed")
        if now.config.data.folds != before.config.data.folds:
            raise SettingError("data.folds", "cannot change when folds are resumed; train again for others")


def _check_all_changes(path: Path, loaded: LoadedConfig, members: Sequence[Member], listener: Progress) -> None:
    for member in members:
        earlier = Checkpoints(path / member.folder).read(lambda text: listener.note(f"warning: {text}"))
        if earlier is not None:
            check_changes(member.config(loaded), earlier, path / member.folder)


def _other_config(path: Path, loaded: LoadedConfig, finished: Sequence[Member]) -> str:
    """`training.epochs is 80 in seed-778, and 40`, where somebody trained a single run further; "" as a rule."""
    here, seen = loaded.config.model_dump(mode="json"), set[str]()
    for member in finished:
        text = re.sub("(?m)^(seed| +held_out):.*$", "", read_run_text(_config(path, member), LARGEST_CONFIG))
        if text in seen:
            continue
        seen.add(text)
        there = read_config(_config(path, member)).config.model_dump(mode="json")
        for key, mine, other in config_differences(here, there):
            if key not in ("seed", "data.folds.held_out", "output.plots", "output.theme"):
                return f"{key} is {other} in {member.folder}, and {mine}"
    return ""


def _known_runs(path: Path, entries: Sequence[Mapping[str, Any]], members: Sequence[Member]) -> dict[Member, MemberRun]:
    """The runs that the file of the series lists, with what their metrics.json says."""
    members_of = {(member.seed, member.fold): member for member in members}
    runs = (_known_run(path, entry, members_of[entry["seed"], entry.get("fold")]) for entry in entries)
    return {run.member: run for run in runs if run is not None}


def _known_run(path: Path, entry: Mapping[str, Any], member: Member) -> MemberRun | None:
    """None where it has to be found out by opening it."""
    outcome = entry.get("outcome")
    failure = str(entry.get("stopped")) if outcome == "failed" else None
    try:
        metrics = _with_undefined(read_metrics(path / member.folder))
        summarize([MemberRun(member, metrics)], 0)  # it asks for all that will be asked for
    except (RunDirectoryError, KeyError, TypeError, ValueError, AttributeError):
        return MemberRun(member, {}, failure) if failure is not None else None
    if outcome not in (FINISHED, "interrupted", "failed") or not _config(path, member).is_file():
        return None
    return MemberRun(member, metrics, failure, outcome == "interrupted")


def _with_undefined(metrics: dict[str, Any]) -> dict[str, Any]:
    """The metrics with NaN for a score that JSON has as null."""
    scores = {
        split: {metric: math.nan if score is None else score for metric, score in of_split.items()}
        for split, of_split in metrics["scores"].items()
    }
    return {**metrics, "scores": scores}
