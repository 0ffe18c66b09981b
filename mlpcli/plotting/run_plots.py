"""Draws the pictures of one run, of several runs or of several seeds, from the files of the runs alone."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import RunDirectoryError
from mlpcli.plotting.confusion_matrix import confusion_matrix_figure
from mlpcli.plotting.fitted_curve import fitted_curve_figure
from mlpcli.plotting.learning_curves import learning_curves
from mlpcli.plotting.picture_options import NO_OPTIONS, PictureOptions
from mlpcli.plotting.predicted_against_true import predicted_against_true_figure
from mlpcli.plotting.style import save_figure
from mlpcli.runs import directory as run_directory
from mlpcli.runs.directory import seed_folders
from mlpcli.runs.history import read_history
from mlpcli.runs.read_run import read_config, read_curves, read_evaluation, run_name
from mlpcli.runs.run_labels import differing_labels
from mlpcli.text import plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure


HISTORY_PLOT = "history"


@dataclass
class Drawn:
    """Paths of the pictures written, and notes for the user, each only once."""

    paths: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def save(self, figure: Figure, path: Path) -> None:
        """Write a figure and keep its path and note (raises as `save_figure`)."""
        note = save_figure(figure, path)
        self.paths.append(path)
        self.add_note(note)

    def add_note(self, note: str | None) -> None:
        """Keep the note unless it is there already."""
        if note and note not in self.notes:
            self.notes.append(note)


def draw_run(run: Path, formats: Sequence[str]) -> Drawn:
    """Draw history.*, and confusion_matrix.* or predicted_against_true.* (with fitted_curve.*), into the run directory.

    Raises:
        RunDirectoryError: not a run directory, no finished epoch, or a damaged file.
        OutputError: a picture cannot be written.
    """
    drawn = Drawn()
    figures = {HISTORY_PLOT: learning_curves([read_curves(run)])} | draw_evaluation(run)
    for stem, figure in figures.items():
        for file_format in formats:
            drawn.save(figure, run / f"{stem}.{file_format}")
    if len(figures) == 1:
        drawn.add_note(f"{run}: has no scores in {run_directory.EVALUATION} yet, so only the learning curves are drawn")
    return drawn


def draw_evaluation(run: Path, name: str | None = None) -> dict[str, Figure]:
    """The pictures for the task, by the stems of their files; {} if the run has no evaluation yet.

    name: for the titles; by default the run's own.

    Raises:
        RunDirectoryError: evaluation.json is damaged.
    """
    evaluation = read_evaluation(run)
    try:
        return _evaluation_figures(evaluation, name or run_name(run))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        path = run / run_directory.EVALUATION
        raise RunDirectoryError(f"{path}: is damaged: {error}; evaluate the run again") from error


def draw_seeds(
    folder: Path,
    formats: Sequence[str],
    metric: str | None = None,
    output: Path | None = None,
    options: PictureOptions = NO_OPTIONS,
) -> Drawn:
    """Draw the seeds in a folder in one picture: history.* in it, `metric`.* for one metric, or `output`.

    Raises:
        RunDirectoryError: no seed has finished an epoch yet, or a file is damaged.
        UserError: no seed has the metric, or an option does not fit the picture.
        OutputError: the picture cannot be written.
    """
    seeds = [seed for seed in seed_folders(folder) if _has_epochs(seed)]
    if not seeds:
        raise RunDirectoryError(f"{folder}: none of its seeds has finished an epoch; plot again after the first")
    drawn = Drawn()
    name = read_config(seeds[0]).get("name") or folder.resolve().name
    figure = overlaid_curves(seeds, metric, f"{name}: {plural(len(seeds), 'seed', 'seeds')}", options)
    for path in [output] if output else [folder / f"{metric or HISTORY_PLOT}.{format}" for format in formats]:
        drawn.save(figure, path)
    return drawn


def overlaid_curves(
    runs: Sequence[Path],
    metric: str | None = None,
    title: str | None = None,
    options: PictureOptions = NO_OPTIONS,
) -> Figure:
    """Several runs in one picture, labelled with the differences between their configs, or else between their names.

    Without a title, it is the beginning that the names share, and the number of runs.

    Raises as `read_curves` and `learning_curves`.
    """
    curves = [read_curves(run) for run in runs]
    names = distinct_names(runs)
    labels = differing_labels([read_config(run) for run in runs], differing_parts(names))
    title = title or f"{_shared_beginning(names)}{len(runs)} runs"
    labelled = [replace(run, label=label) for run, label in zip(curves, labels, strict=True)]
    return learning_curves(labelled, metric, title, options)


def distinct_names(runs: Sequence[Path]) -> list[str]:
    """The names of the folders, or the paths as given if two names are equal."""
    names = [run.resolve().name for run in runs]
    return [name if names.count(name) == 1 else str(run) for name, run in zip(names, runs, strict=True)]


_BETWEEN_WORDS = re.compile(r"((?:[\s_/\\]|(?<!\de)-)+)")
"""What separates the words of a name; 1e-3 is one."""


def differing_parts(names: Sequence[str]) -> list[str]:
    """The names without the words that all of them begin or end with; at least a word is left of each.

    >>> differing_parts(["digits-adam-long", "digits-sgd-long"])
    ['adam', 'sgd']
    """
    words = [_BETWEEN_WORDS.split(name) for name in names]  # at even places; separators are between them
    spare = min(map(len, words)) // 2
    before = min(_shared(words), spare)
    after = min(_shared([parts[::-1] for parts in words]), spare - before)
    short = ["".join(parts[2 * before : len(parts) - 2 * after]) for parts in words]
    return short if len(set(short)) == len(set(names)) and all(short) else list(names)


def _shared(names: Sequence[Sequence[str]]) -> int:
    """How many words, at even places, all begin with."""
    words = zip(*(parts[::2] for parts in names), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda column: len(set(column)) == 1, words))


def _shared_beginning(names: Sequence[str]) -> str:
    """`digits: ` for digits-1 and digits-2; empty where nothing is shared, or where paths tell the runs apart."""
    words = [_BETWEEN_WORDS.split(name) for name in names]
    shared = "".join(words[0][: max(0, 2 * _shared(words) - 1)])
    return f"{shared}: " if shared and not re.search(r"[/\\]", names[0]) else ""


def _has_epochs(run: Path) -> bool:
    path = run / run_directory.HISTORY
    return path.is_file() and bool(read_history(path).get("epoch"))


def _evaluation_figures(evaluation: Mapping[str, Any], name: str) -> dict[str, Figure]:
    if evaluation.get("confusion_matrix"):
        return {"confusion_matrix": confusion_matrix_figure(evaluation, name)}
    if evaluation.get("sample"):
        fitted = {"fitted_curve": fitted_curve_figure(evaluation, name)} if evaluation.get("curve") else {}
        return {"predicted_against_true": predicted_against_true_figure(evaluation, name), **fitted}
    return {}
