"""What comes of a sweep: the table, best.yaml, the best trained again with other seeds, and what its lead is worth."""

from __future__ import annotations

import math
import shlex
import shutil
import statistics
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from mlpcli.config.sweep import SweepConfig, as_text
from mlpcli.config.sweep_parameters import with_values
from mlpcli.config.yaml_writer import in_a_comment, values_text
from mlpcli.errors import MlpcliError
from mlpcli.files import write_text
from mlpcli.runs import directory as run_directory
from mlpcli.runs.directory import TRIALS
from mlpcli.runs.run_file import LARGEST_METRICS, read_run_json
from mlpcli.runs.sweep_file import FINALS, SweepRecord, SweepTrial, SweptKey, TrialState, write_record
from mlpcli.text import number, plural
from mlpcli.training.progress import Interrupted, Silence
from mlpcli.workflows import notebook
from mlpcli.workflows.compare import STUDENT
from mlpcli.workflows.resume import resume
from mlpcli.workflows.run import draw_if_possible
from mlpcli.workflows.seeds import SeedsResult
from mlpcli.workflows.sweep_folder import SweepFolder, standing_alone
from mlpcli.workflows.sweep_queue import WHY, Queue
from mlpcli.workflows.sweep_search import choice_words
from mlpcli.workflows.sweep_worker import EPOCHS, SECONDS, WARNING, drop_models
from mlpcli.workflows.train import train_seeds
from mlpcli.workflows.trained_runs import TrainedRuns

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

    from mlpcli.config.load_config import LoadedConfig
    from mlpcli.training.progress import Progress

BEST = "best.yaml"
FINAL = "best"
"""The folder of the best trial's seeds; a later winner's is best-2 ..."""
SEEDS = 3
MOST_SHOWN = 10
_STATES: dict[str, TrialState] = {
    "COMPLETE": "done", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting",
}  # fmt: skip


@dataclass(frozen=True, repr=False)
class SweepResult(TrainedRuns):
    """A sweep: its folder and all trials; and where it has ended, the best trial, trained again.

    best: the config of the best trial; None before one was trained to the end. final: the best one's seeds, scored on
    the test rows. notes: what is to be said of them. failures: of trials, by number. A notebook shows the table;
    `plot()` draws the curves of the best trials, `history` has their epochs.
    """

    path: Path
    record: SweepRecord
    best: Path | None = None
    final: SeedsResult | None = None
    notes: tuple[str, ...] = ()
    pictures: list[Path] = field(default_factory=list)
    interrupted: Interrupted | None = None

    @property
    def failures(self) -> dict[int, str]:
        """Why trials failed."""
        return {trial.trial: trial.why or "" for trial in self.record.trials if trial.state == "failed"}

    def trial_table(self) -> tuple[list[str], list[list[str]]]:
        """The columns and rows of the table of the best trials."""
        keys = list(self.record.keys)
        short = dict(zip(keys, short_keys(keys), strict=True))
        rows = [
            [
                str(trial.trial),
                number(trial.value),
                *(_cell(trial.values.get(key)) for key in keys),
                "" if trial.epochs is None else str(trial.epochs),
                "" if trial.seconds is None else f"{trial.seconds:.1f}",
            ]
            for trial in self.record.ranked[:MOST_SHOWN]
        ]
        return ["trial", self.record.metric, *short.values(), "epochs", "seconds"], rows

    def counted(self) -> str:
        """`50 trials: 31 done, 17 pruned, 2 failed`."""
        record = self.record
        counts = [(state, record.count(state)) for state in get_args(TrialState)]
        told = ", ".join(f"{count} {state}" for state, count in counts if count)
        return f"{plural(len(record.trials), 'trial', 'trials')}: {told}"

    def as_json(self) -> dict[str, Any]:
        """For other programs."""
        final = None if self.final is None else {"path": str(self.final.path), **self.final.summary}
        best = None if self.best is None else {"config": str(self.best), **asdict(self.record.ranked[0])}
        return {
            "path": str(self.path),
            **asdict(self.record),
            "best": best,
            "final": final,
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.record.name}: {self.counted()}; runs: {self.path}>"

    def _runs(self) -> Mapping[Any, Path]:
        ranked = self.record.ranked[:MOST_SHOWN]
        return {trial.trial: self.path / TRIALS / str(trial.trial) for trial in ranked}

    def _name_of_label(self) -> str:
        return "trial"

    def _repr_html_(self) -> str:
        said = notebook.lines([self.counted(), *self.notes, f"runs: {self.path}"])
        table = notebook.table(*self.trial_table())
        return notebook.page(self.record.name, table, said, notebook.small_pictures(self.pictures))


def _cell(value: Any) -> str:
    return number(value) if isinstance(value, float) else as_text(value)


def short_keys(keys: Sequence[str]) -> list[str]:
    """The last parts of dotted keys, as many as tell them apart.

    >>> short_keys(["model.dropout", "training.optimizer", "training.optimizer.learning_rate"])
    ['dropout', 'optimizer', 'learning_rate']
    """
    parts = [key.split(".") for key in keys]
    for length in range(1, max(map(len, parts)) + 1):
        short = [".".join(part[-length:]) for part in parts]
        if len(set(short)) == len(short):
            return short
    return list(keys)


def record_of(standing: Mapping[int, FrozenTrial], settings: SweepConfig, folder: SweepFolder) -> SweepRecord:
    """The trials as they are now."""
    keys = {
        key: SweptKey(
            parameter.log_uniform is not None or parameter.log,
            None if parameter.choices is None else tuple(choice_words(parameter.choices)),
        )
        for key, parameter in settings.parameters.items()
    }
    trials = tuple(_trial(slot, trial, keys) for slot, trial in standing.items())
    return SweepRecord(folder.name, settings.metric, folder.rising, keys, trials)


def _trial(slot: int, trial: FrozenTrial, keys: Mapping[str, SweptKey]) -> SweepTrial:
    values = {key: trial.params[key] for key in keys if key in trial.params}
    state, attributes = _STATES[trial.state.name], trial.user_attrs
    seconds = attributes.get(SECONDS) if state in ("done", "pruned", "failed") else None
    why = attributes.get(WHY) if state == "failed" else None
    return SweepTrial(slot, state, trial.value, values, attributes.get(EPOCHS), seconds, why, attributes.get(WARNING))


def told_trial(trial: SweepTrial, record: SweepRecord, ended: int) -> str:
    """What is said of a trial when it has ended."""
    of_all = f"({ended} of {len(record.trials)})"
    if trial.state == "failed":
        return f"trial {trial.trial}: failed: {trial.why} {of_all}"
    value = "" if trial.value is None else f" {record.metric} {number(trial.value)}"
    if trial.state == "pruned":
        return f"trial {trial.trial}: pruned after epoch {trial.epochs},{value} {of_all}"
    best = ", the best so far" if record.ranked[0] == trial else ""
    return f"trial {trial.trial}:{value}{best} {of_all}"


def conclude(
    loaded: LoadedConfig,
    folder: SweepFolder,
    record: SweepRecord,
    queue: Queue,
    listener: Progress,
    command: list[str],
    noted: list[Interrupted],
) -> SweepResult:
    """Write what there is; where no signal came, train the best anew and score it on the test rows."""
    record = replace(record, importance=_importance(queue.study, record))
    known = {FINALS: {}, **read_run_json(folder.path / run_directory.SWEEP, LARGEST_METRICS)}
    write_record(folder.path, record, known)
    drop_models(folder.path, [trial.trial for trial in record.ranked], loaded.config)
    if not record.ranked:
        return SweepResult(folder.path, record, interrupted=noted[0] if noted else None)
    best = _write_best(loaded, folder, record, command)
    if noted:
        return SweepResult(folder.path, record, best, interrupted=noted[0])
    final, notes = None, []
    home = queue.home()
    if home.get("key") == folder.key:
        final = _train_best(folder, record, best, known, listener, command)
        notes = [*_lead(record, final), *_scored_before(known[FINALS])]
        noted += [final.interrupted] if final.interrupted is not None else []
    else:
        notes = [
            f"the best is trained again where the sweep began, on {home.get('host')} in {home.get('folder')}, when the"
            f" command ends there; if it does not, mlpcli train {shlex.quote(str(best))} --seeds {SEEDS} does the same"
        ]
    pictures = _draw(loaded, folder, listener)
    interrupted = noted[0] if noted else None
    return SweepResult(folder.path, record, best, final, tuple(notes), pictures, interrupted)


def _draw(loaded: LoadedConfig, folder: SweepFolder, listener: Progress) -> list[Path]:
    from mlpcli.plotting.sweep_pictures import draw_sweep

    formats = loaded.config.output.plots
    return draw_if_possible(lambda: draw_sweep(folder.path, formats), folder.path, listener) if formats else []


def _importance(study: Study, record: SweepRecord) -> dict[str, float]:
    """What share of the differences between trials each parameter has; nothing where they are too few to tell."""
    import optuna

    if record.count("done") < 2:
        return {}
    with suppress(ValueError, RuntimeError, ZeroDivisionError):
        found = optuna.importance.get_param_importances(study)
        if all(math.isfinite(share) for share in found.values()):
            return {key: float(found[key]) for key in found if key in record.keys}
    return {}


def _write_best(loaded: LoadedConfig, folder: SweepFolder, record: SweepRecord, command: list[str]) -> Path:
    """best.yaml: the config as it was written, but for the values of the best trial, and where its data is."""
    best, path = record.ranked[0], folder.path / BEST
    assert loaded.config.sweep is not None
    values: dict[str, Any] = dict(best.values)
    for key, parameter in loaded.config.sweep.parameters.items():
        if parameter.choices is not None and key in values:
            values[key] = parameter.choices[choice_words(parameter.choices).index(values[key])]
    found = standing_alone(with_values(loaded.document, values), loaded)
    run = f"{TRIALS}/{best.trial}"
    where = f"its run is {run} beside this file" if (folder.path / run).is_dir() else "its run is on another machine"
    card = [
        f"{record.name}: the best of {plural(record.finished, 'trial', 'trials')} by {record.metric}",
        f"Written by mlpcli sweep from trial {best.trial}; {where}.",
        "",
        *(f"{short:<14}  {as_text(values[key])}" for key, short in zip(values, short_keys(list(values)), strict=True)),
        f"{record.metric:<14}  {number(best.value)}, with the seed of the search",
        f"{'command':<14}  {in_a_comment(' '.join(command)) or 'mlpcli.sweep'}",
    ]
    head = "".join(f"# {in_a_comment(line)}".rstrip() + "\n" for line in card)
    write_text(path, f"{head}{values_text(found)}")
    return path


def _train_best(
    folder: SweepFolder,
    record: SweepRecord,
    best: Path,
    known: dict[str, Any],
    listener: Progress,
    command: list[str],
) -> SeedsResult:
    """The best trial's config with several seeds, once; what was begun is gone on with."""
    trial, finals = record.ranked[0].trial, known[FINALS]
    name = next((name for name, of_trial in finals.items() if of_trial == trial), None)
    path = folder.path / (name or "")
    if name is not None and run_directory.run_directories(path):
        done = _is_done(path)
        found = resume(path, (), Silence() if done else listener, command, resend_signals=False)
        assert isinstance(found, SeedsResult)
        return found
    name = name or (FINAL if not finals else f"{FINAL}-{len(finals) + 1}")
    shutil.rmtree(folder.path / name, ignore_errors=True)  # a process was killed before its first run had begun
    finals[name] = trial
    write_record(folder.path, record, known)
    listener.note(f"trial {trial} was the best; it is trained with {SEEDS} seeds")
    return train_seeds(best, SEEDS, (), folder.path, folder.path / name, listener, command, False, False)


def _is_done(path: Path) -> bool:
    with suppress(MlpcliError, ValueError, KeyError):
        found = read_run_json(path / run_directory.SEEDS, LARGEST_METRICS)
        return bool(found["seeds_done"] == found["seeds_asked_for"])
    return False


def _lead(record: SweepRecord, final: SeedsResult) -> list[str]:
    """How far the best trial leads the next, and whether that is more than another seed would change (95 %).

    Both trials have one seed, so their difference spreads sqrt(2) times as much as the seeds of one.
    """
    ranked = record.ranked
    part, metric = ("validation" if record.metric.startswith("val_") else "train"), record.metric.removeprefix("val_")
    values = final.summary["scores"].get(part, {}).get(metric, {}).get("values", [])
    if len(ranked) < 2 or len(values) < 2 or ranked[0].value is None or ranked[1].value is None:
        return []
    lead = abs(ranked[0].value - ranked[1].value)
    noise = STUDENT[len(values) - 2] * statistics.stdev(values) * math.sqrt(2)
    first, second = ranked[0].trial, ranked[1].trial
    if lead == 0:
        return [f"trial {first} is level with trial {second}"]
    than = "more than" if lead > noise else "within"
    advice = "" if lead > noise else "; another seed may reverse their order"
    return [
        f"trial {first} leads trial {second} by {number(lead)}, {than} the noise"
        f" (± {number(noise)}, 95 %, from {len(values)} seeds){advice}"
    ]


def _scored_before(finals: Mapping[str, Any]) -> list[str]:
    if len(finals) < 2:
        return []
    return [f"{len(finals)} winners of this sweep were scored on the test rows; the later score is a little optimistic"]
