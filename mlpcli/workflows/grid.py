"""`mlpcli train --vary`: a config trained with every combination of some values, into one folder, and compared."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mlpcli import backend
from mlpcli.config.load_config import load_config
from mlpcli.config.yaml_writer import config_text
from mlpcli.errors import ConfigError, MlpcliError, OutputError, RunDirectoryError, UserError
from mlpcli.files import write_json, write_text
from mlpcli.plotting.drawing_process import drawn_later, other_process_draws
from mlpcli.runs import directory as run_directory
from mlpcli.runs.run_file import LARGEST_METRICS, read_run_json
from mlpcli.runs.run_summary import read_summary
from mlpcli.text import shown
from mlpcli.training.progress import Interrupted, noted_interruptions
from mlpcli.workflows import notebook
from mlpcli.workflows.compare import Comparison, compare
from mlpcli.workflows.resume import resume
from mlpcli.workflows.seeds import check_count
from mlpcli.workflows.series import SeriesProgress, SeriesResult
from mlpcli.workflows.train import make_directory, train, train_seeds
from mlpcli.workflows.train_result import TrainResult
from mlpcli.workflows.trained_runs import TrainedRuns

if TYPE_CHECKING:
    from mlpcli.training.progress import Progress

MOST_RUNS = 1000


@dataclass(frozen=True)
class Cell:
    """One combination. folder: the name of its run directory. told: its values, `optimizer=sgd, dropout=0.2`."""

    folder: str
    told: str
    overrides: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class GridResult(TrainedRuns):
    """The folder, the runs side by side (None where fewer than two have begun), and what went wrong, by folder.

    A notebook shows the comparison; `plot()` draws the curves, `history` has the epochs.
    """

    path: Path
    comparison: Comparison | None
    failures: dict[str, str]
    interrupted: Interrupted | None

    def _runs(self) -> Mapping[Any, Path]:
        if self.comparison is not None:
            return self.comparison._runs()
        return {run.name: run for run in run_directory.run_directories(self.path)}

    def __repr__(self) -> str:
        said = [*(self.comparison.notes if self.comparison is not None else ()), f"runs: {self.path}"]
        return f"<{type(self).__name__} {self.path.name}: {'; '.join(said)}>"

    def _repr_html_(self) -> str:
        compared = self.comparison._repr_html_() if self.comparison is not None else ""
        failures = [f"{folder}: {message}" for folder, message in self.failures.items()]
        return notebook.page(self.path.name, compared, notebook.lines([*failures, f"runs: {self.path}"]))


def train_grid(
    config: str | Path,
    vary: Sequence[str],
    overrides: Sequence[str] = (),
    runs_dir: str | Path = "runs",
    run_dir: str | Path | None = None,
    progress: Progress | None = None,
    command: Sequence[str] = (),
    verbose: bool = False,
    resend_signals: bool = True,
    seeds: int | None = None,
) -> GridResult:
    """Train every combination of the values of `vary`, each as `train` (or `train_seeds`) would, and compare them.

    All combinations are checked before the first is trained. Each has a config of its own in the folder, beside its run
    directory; grid.json lists them.

    Args, beside those of `train`:
        vary: "training.optimizer.name=sgd,adam" and the like; several of them make a grid.
        seeds: how many seeds each combination is trained with; None: its own one.

    Raises:
        UserError: something in `vary` cannot be read, or makes too many runs.
        ConfigError: a combination is not allowed; nothing has been written.
        DataError, UserError: of the first run; nothing has been written.
        RunDirectoryError, OutputError: as `train`.
    """
    from mlpcli.workflows.notebook import default_progress

    if seeds is not None:
        check_count(seeds)
    cells = grid_cells(vary)
    texts, name = _checked(Path(config), cells, overrides)
    made = not (run_dir and Path(run_dir).exists())
    path = make_directory(runs_dir, run_dir, name)
    for cell, text in zip(cells, texts, strict=True):
        write_text(_config_of(path / cell.folder), text)
    entries = [{"folder": cell.folder, "settings": cell.told} for cell in cells]
    write_json(path / run_directory.GRID, {"name": name, "vary": [*vary], "seeds": seeds, "runs": entries})
    try:
        return _train_all(path, progress or default_progress(), list(command), verbose, resend_signals)
    except MlpcliError:
        if not any(_has_begun(path / cell.folder) for cell in cells):
            for file in (path / run_directory.GRID, *(_config_of(path / cell.folder) for cell in cells)):
                file.unlink(missing_ok=True)
            if made:
                path.rmdir()
        raise


def resume_grid(
    path: Path,
    progress: Progress | None = None,
    command: Sequence[str] = (),
    verbose: bool = False,
    resend_signals: bool = True,
    force: bool = False,
) -> GridResult:
    """Train what is not finished of the grid in a folder, each run as `resume` would; finished runs stay as they are.

    Raises:
        RunDirectoryError: grid.json or a config is damaged.
    """
    from mlpcli.workflows.notebook import default_progress

    return _train_all(path.resolve(), progress or default_progress(), list(command), verbose, resend_signals, force)


def grid_cells(vary: Sequence[str]) -> list[Cell]:
    """Every combination; the values of the last key change first.

    >>> [cell.told for cell in grid_cells(["training.optimizer.name=sgd,adam", "model.dropout=0,0.2"])][:3]
    ['optimizer=sgd, dropout=0', 'optimizer=sgd, dropout=0.2', 'optimizer=adam, dropout=0']
    """
    axes = [_axis(text) for text in vary]
    keys = [key for key, _ in axes]
    if len(set(keys)) < len(keys):
        raise UserError(f"--vary: {next(key for key in keys if keys.count(key) > 1)} is given twice; join its values")
    combinations = list(itertools.islice(itertools.product(*(values for _, values in axes)), MOST_RUNS + 1))
    if len(combinations) > MOST_RUNS:
        raise UserError(f"--vary: makes more than {MOST_RUNS:,} runs; leave out some values")
    cells: list[Cell] = []
    for values in combinations:
        pairs = [(_short(key), value) for key, value in zip(keys, values, strict=True)]
        folder = _folder("_".join(f"{key}-{value}" for key, value in pairs), {cell.folder for cell in cells})
        told = ", ".join(f"{key}={value}" for key, value in pairs)
        cells.append(Cell(folder, told, tuple(f"{key}={value}" for key, value in zip(keys, values, strict=True))))
    return cells


def _axis(text: str) -> tuple[str, list[str]]:
    """The key and its values, as they are written; commas inside brackets and quotes do not separate."""
    key, sign, listed = text.partition("=")
    example = "such as training.optimizer.name=sgd,adam"
    if not sign or not key.strip():
        raise UserError(f"--vary: {shown(text)} is not KEY=A,B; give a key and its values, {example}")
    try:
        node = yaml.compose(f"[{listed}]", yaml.SafeLoader)
    except yaml.YAMLError:
        node = None
    if not isinstance(node, yaml.SequenceNode):
        raise UserError(f"--vary: {shown(text)}: the values cannot be read; put commas between them, {example}")
    values = [f"[{listed}]"[item.start_mark.index : item.end_mark.index] for item in node.value]
    if len(values) < 2 or len(set(values)) < len(values):
        wrong = {0: "has no value", 1: "has only one value, which -s sets"}.get(len(values), "has a value twice")
        raise UserError(f"--vary: {shown(text)}: {wrong}; give two different values or more, {example}")
    return key.strip(), values


def _short(key: str) -> str:
    """The last part of a key that says something: `optimizer` of training.optimizer.name."""
    parts = key.split(".")
    return parts[-2] if parts[-1] == "name" and len(parts) > 1 else parts[-1]


def _folder(told: str, taken: set[str]) -> str:
    """A name for the run directory; where the values make no good one, or one that is taken, it has a number."""
    name = re.sub(r"[^\w.]+", "-", told).strip("-.")
    try:
        name = run_directory.folder_name(name)
    except ValueError:
        name = "run"
    numbered = (name if number == 1 else f"{name}-{number}" for number in itertools.count(1))
    return next(folder for folder in numbered if folder not in taken)


def _checked(config: Path, cells: Sequence[Cell], overrides: Sequence[str]) -> tuple[list[str], str]:
    """The text of every combination's config, with all defaults; and the name of the grid.

    Raises:
        ConfigError: the problems of all combinations, each once.
    """
    texts, name, problems = [], "", []
    for cell in cells:
        try:
            loaded = load_config(config, [*overrides, *cell.overrides])
        except ConfigError as error:
            problems += [problem for problem in error.problems if problem not in problems]
            continue
        texts.append(f"# {cell.told}\n{config_text(loaded.config)}")
        name = loaded.config.name
    if problems:
        raise ConfigError(problems)
    return texts, name


def _train_all(
    path: Path, listener: Progress, command: list[str], verbose: bool, resend_signals: bool, force: bool = False
) -> GridResult:
    failures: dict[str, str] = {}
    with run_directory.held_again(path), noted_interruptions() as noted, ExitStack() as drawing:
        grid, progress = read_grid(path), SeriesProgress(listener)
        progress.noted = noted
        drawing.enter_context(other_process_draws(_formats(path, grid)))
        drawing.enter_context(drawn_later())
        for number, (folder, told) in enumerate(grid.runs, start=1):
            if noted:
                break
            if _is_finished(path / folder):
                continue
            listener.note(f"{told} ({number} of {len(grid.runs)})")
            try:
                failure, interrupted = _train_one(path / folder, grid.seeds, progress, command, verbose, force)
            except Interrupted:
                break  # while its data was loaded
            except OutputError as error:
                error.run = path
                raise
            except MlpcliError as error:
                if isinstance(error, UserError) and not any(_has_begun(path / other) for other, _ in grid.runs):
                    raise
                failure, interrupted = str(error), None
            if failure is not None:
                failures[folder] = failure
            noted += [interrupted] if interrupted is not None and not noted else []
            backend.forget_models()
    begun = [path / folder for folder, _ in grid.runs if _has_begun(path / folder)]
    if resend_signals and noted:
        noted[0].send_again()
    return GridResult(path, compare(begun) if len(begun) > 1 else None, failures, noted[0] if noted else None)


def _train_one(
    run: Path, seeds: int | None, progress: SeriesProgress, command: list[str], verbose: bool, force: bool
) -> tuple[str | None, Interrupted | None]:
    """What made it fail, and the signal that ended it."""
    result: TrainResult | SeriesResult
    if _has_begun(run):
        result = resume(run, (), progress, command, verbose, False, force=force)
    elif seeds is not None:
        result = train_seeds(_config_of(run), seeds, (), run.parent, run, progress, command, verbose, False)
    else:
        result = train(_config_of(run), (), run.parent, run, progress, command, verbose, False)
    if isinstance(result, SeriesResult):
        failed = result.summary["failures"]
        return (f"{result.told(failed[0])}: {failed[0]['message']}" if failed else None), result.interrupted
    return (None if result.failure is None else str(result.failure)), result.interrupted


def _formats(path: Path, grid: Grid) -> list[str]:
    """Those of the first combination's pictures; another may have others, but then they are drawn all the same."""
    with suppress(MlpcliError):  # it is said when it is to be trained
        return list(load_config(_config_of(path / grid.runs[0][0])).config.output.plots)
    return []


def _config_of(run: Path) -> Path:
    """The config of a combination, beside its run directory."""
    return run.with_name(f"{run.name}.yaml")


def _has_begun(run: Path) -> bool:
    return (run / run_directory.CONFIG).is_file() or run_directory.holds_series(run)


def _is_finished(run: Path) -> bool:
    return _has_begun(run) and read_summary(run).state == "done"


@dataclass(frozen=True)
class Grid:
    """What grid.json says: the runs, as pairs of folder and values."""

    seeds: int | None
    runs: tuple[tuple[str, str], ...]


def read_grid(path: Path) -> Grid:
    """grid.json of a folder.

    Raises:
        RunDirectoryError: it is damaged, or names something outside the folder.
    """
    file = path / run_directory.GRID
    try:
        known = read_run_json(file, LARGEST_METRICS)
        runs = tuple((str(entry["folder"]), str(entry["settings"])) for entry in known["runs"])
        seeds = known["seeds"]
        whole = all(run_directory.folder_name(folder) == folder for folder, _ in runs)
        if not whole or not (seeds is None or type(seeds) is int):
            raise ValueError("it does not list the runs")
    except (ValueError, TypeError, KeyError, json.JSONDecodeError) as error:
        raise RunDirectoryError(f"{file}: is damaged: {error}; restore it or train again") from error
    return Grid(seeds, runs)
