"""An earlier run opened again, to be trained further: what can change on the way, and whether its data is the same.

What can change is little: how long it trains, the learning rate, the pictures. Anything else would make a run that no
config describes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.config.schedules import depends_on_run
from mlpcli.config.schema import Config, best_epoch_rule
from mlpcli.data.facts import fingerprint
from mlpcli.errors import DataError, RunDirectoryError, SettingError
from mlpcli.runs import directory as run_directory
from mlpcli.runs.checkpoint import FOLDER, Checkpoint, Checkpoints
from mlpcli.runs.directory import describe_environment, environment_differences
from mlpcli.runs.read_run import read_environment
from mlpcli.text import listed
from mlpcli.training.engine_choice import make_engine
from mlpcli.training.keeper import kept_state
from mlpcli.workflows.prepare import prepare, say_findings
from mlpcli.workflows.run import Run
from mlpcli.workflows.workers import gather

if TYPE_CHECKING:
    from mlpcli.cluster import Cluster
    from mlpcli.config.load_config import LoadedConfig
    from mlpcli.training.progress import Progress

CAN_CHANGE = (
    "training.epochs",
    "training.min_epochs",
    "training.early_stopping",
    "training.stop_when_equal",
    "training.optimizer.learning_rate",
    "training.devices",
    "output.calibration",
    "output.threshold",
    "output.plots",
    "output.theme",
    "output.trackers",
)
PLACES = ("data.source", "data.path", "data.streaming")
"""Keys about where the data lies; what it holds is compared by its fingerprint."""


def reopen(
    path: Path,
    loaded: LoadedConfig,
    listener: Progress,
    command: list[str],
    callbacks: Sequence[Any] = (),
    force: bool = False,
    cluster: Cluster | None = None,
) -> Run:
    """The run in `path`, which is held, ready to be trained further as `loaded` says.

    Raises:
        ConfigError, DataError, RunDirectoryError: as `mlpcli.resume`; nothing has been changed.
        OutputError: the disk is full.
    """
    earlier = Checkpoints(path).read(lambda text: listener.note(f"warning: {text}"))
    changed = check_changes(loaded, earlier, path) if earlier is not None else []
    prepared = prepare(loaded, listener.loading)
    environment = read_environment(path)
    print_now = fingerprint(prepared.source, prepared.splits)
    if earlier is not None:
        check_data(loaded.config, environment.get("data_fingerprint"), print_now, force)
    team = None if cluster is None else gather(cluster, loaded, prepared, earlier, listener)
    started = time.perf_counter()
    with loaded.located():
        engine = make_engine(loaded.config, prepared, callbacks, team)
    now = describe_environment(command, engine.devices, print_now)
    if earlier is not None:
        for difference in environment_differences(environment, now):
            listener.note(f"note: {difference}; the result may differ in its last digits from an uninterrupted run's")
    say_findings(prepared, listener)
    for change in changed:
        listener.note(f"note: {change}")
    listener.note(_where_it_is(loaded.config, earlier))
    run = Run(loaded.config, prepared, path, engine, started, print_now, now, earlier)
    if earlier is not None:
        run.environment = _with_resumption(environment, now, earlier, changed)
    run.write_inputs()
    ended = (
        run_directory.METRICS, run_directory.EVALUATION, run_directory.MISTAKES, run_directory.IMPORTANCE,
        run_directory.PLANE,
    )  # fmt: skip
    for name in ended:  # of the earlier end; new ones follow
        with suppress(OSError):
            (path / name).unlink(missing_ok=True)
    return run


def _config_of(earlier: Checkpoint, path: Path) -> Config:
    """The config of the epochs so far.

    Raises:
        RunDirectoryError: see `kept_state`; or the config is one of another mlpcli.
    """
    try:
        return Config.model_validate(kept_state(earlier)["config"])
    except ValueError as error:  # pydantic's has a line for each key
        reason = " ".join(str(error).split())
        raise RunDirectoryError(
            f"{path / FOLDER}: its checkpoint cannot be used: {reason}; delete the folder to train from the first epoch"
        ) from error


def check_changes(loaded: LoadedConfig, earlier: Checkpoint, path: Path) -> list[str]:
    """The keys that differ from those of the checkpoint, as `training.epochs: 30, now 80`.

    Raises:
        ConfigError: one of them cannot change.
        RunDirectoryError: see `_config_of`.
    """
    before = _config_of(earlier, path)
    differences = config_differences(before.model_dump(mode="json"), loaded.config.model_dump(mode="json"))
    with loaded.located():
        _check_schedule(loaded.config, differences)
        for key, old, _ in differences:
            if not key.startswith(CAN_CHANGE):
                raise SettingError(
                    key,
                    f"was {old} in the epochs so far, and cannot change when a run is resumed; only"
                    f" {listed(CAN_CHANGE)} can; start a new run for another {key.split('.')[-1]}",
                )
        _check_rule(before, loaded.config)
    return [f"{key}: {old}, now {new}" for key, old, new in differences]


def config_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Key, old and new value, where two configs as dicts differ, but for where the data lies."""
    old, new = _flat(before), _flat(now)
    keys = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key) and key not in PLACES)
    return [(key, old.get(key), new.get(key)) for key in keys]


def _check_schedule(config: Config, differences: Sequence[tuple[str, Any, Any]]) -> None:
    """A schedule that was laid out for the whole run would have been another one in the epochs so far."""
    schedule = config.training.learning_rate_schedule
    for key, old, _ in differences:
        if schedule is not None and depends_on_run(schedule) and key == "training.epochs":
            raise SettingError(
                key,
                f"cannot change when this run is resumed: {schedule.tag} was laid out for its {old} epochs"
                " (training.learning_rate_schedule); start a new run for another number",
            )


def _check_rule(before: Config, now: Config) -> None:
    """Which epoch is the best must have been judged alike from the first epoch on."""
    old, new = best_epoch_rule(before), best_epoch_rule(now)
    if new is None:
        return
    what = "monitor, mode, baseline, start_from_epoch, restore_best_weights and ties"
    if old is None or any(_judged(old)[key] != _judged(new)[key] for key in _judged(new)):
        raise SettingError(
            "training.early_stopping",
            f"can change its patience and min_delta when a run is resumed, not its {what}: the epochs so far were"
            " judged by another rule; start a new run for that",
        )


def _judged(rule: Any) -> dict[str, Any]:
    falls = rule.mode == "min" or (rule.mode == "auto" and rule.monitor.endswith("loss"))
    kept = ("monitor", "baseline", "start_from_epoch", "restore_best_weights", "ties")
    return {"mode": "min" if falls else rule.mode, **{key: getattr(rule, key) for key in kept}}


def _flat(values: Mapping[str, Any], head: str = "") -> dict[str, Any]:
    """Dotted keys; lists are single values."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{head}{key}.") if isinstance(value, dict) and value else {f"{head}{key}": value}
    return flat


def check_data(config: Config, before: object, now: str, force: bool) -> None:
    """Compare fingerprints of the data; `before` is None where it is not known.

    Raises:
        DataError: they differ, without `force`.
    """
    if before is None or before == now or force:
        return
    raise DataError(
        f"{config.data.source}: its rows have changed since the last epoch; restore the data, start a new run, or"
        " continue with the new rows: --force"
    )


def _with_resumption(
    before: dict[str, Any], now: dict[str, Any], earlier: Checkpoint, changed: list[str]
) -> dict[str, Any]:
    """The environment of the first start, with one more entry for this one."""
    kept = {name: now[name] for name in ("started", "command", "versions")}
    entry = {**kept, "after_epoch": earlier.epoch, "changed": changed}
    return {
        **now,
        **before,
        "data_fingerprint": now["data_fingerprint"],
        "resumed": [*before.get("resumed", []), entry],
    }


def _where_it_is(config: Config, earlier: Checkpoint | None) -> str:
    if earlier is None:
        return "note: no checkpoint was written yet, so training begins with the first epoch"
    loop, epochs = kept_state(earlier)["loop"], config.training.epochs
    if earlier.epoch >= epochs:
        if depends_on_run(config.training.learning_rate_schedule):
            return f"note: all {epochs} epochs are done"
        return f"note: all {epochs} epochs are done; -s training.epochs={2 * epochs} trains longer"
    if loop["stopped"]:
        return f"note: training had stopped after epoch {earlier.epoch}; more patience trains longer"
    return f"note: resuming at epoch {earlier.epoch + 1} of {epochs}"
