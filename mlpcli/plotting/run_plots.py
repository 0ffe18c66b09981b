"""Draws the pictures of one run, of several runs, seeds or folds, from the files of the runs alone."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.errors import RunDirectoryError
from mlpcli.language import say, speaking
from mlpcli.plotting.learning_curves import learning_curves
from mlpcli.plotting.picture_options import NO_OPTIONS, PictureOptions
from mlpcli.plotting.pictures import HISTORY_PLOT, asked_figure, pictures_called, run_files, unasked_pictures
from mlpcli.plotting.style import LIGHT, THEMES, Drawn, themed
from mlpcli.runs import directory as run_directory
from mlpcli.runs.directory import fold_and_seed, holds_folds, member_folders, member_word
from mlpcli.runs.history import read_history
from mlpcli.runs.read_run import RunCurves, language_of, read_config, read_curves, read_folds
from mlpcli.runs.run_labels import differing_labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mlpcli.plotting.folds import FoldRun


def theme_of(run: Path) -> str:
    """`output.theme` of the run, "light" where it has none (raises as `read_config`)."""
    output = read_config(run).get("output")
    name = output.get("theme") if isinstance(output, dict) else None
    return name if isinstance(name, str) and name in THEMES else LIGHT.name


def draw_run(
    run: Path,
    formats: Sequence[str],
    only: Sequence[str] = (),
    theme: str | None = None,
    output: Path | None = None,
    language: str | None = None,
    share: tuple[int, int] = (0, 1),
) -> Drawn:
    """Draw the pictures of a run that there is data for, or `only` some, into its directory (one alone: `output`).

    theme, language: by default what the run's config says. share: (1, 2) draws the second half of the pictures, where
    `only` names none.

    Raises:
        RunDirectoryError: not a run directory, no finished epoch, a damaged file, or no data for one of `only`.
        UserError: there is no such picture, theme or language.
        OutputError: a picture cannot be written.
    """
    asked = pictures_called(only)
    files = run_files(run)
    drawn = Drawn()
    with themed(theme or theme_of(run)), speaking(language or language_of(run)):
        for picture in asked or unasked_pictures(files, share):
            figure = asked_figure(picture, files) if asked else picture.draw(files)
            for path in [output] if output else [run / f"{picture.name}.{kind}" for kind in formats]:
                if figure is not None:
                    drawn.save(figure, path)
    if not only and not files.evaluation and {path.stem for path in drawn.paths} == {HISTORY_PLOT}:
        drawn.add_note(f"{run}: has no scores in {run_directory.EVALUATION} yet, so only the learning curves are drawn")
    return drawn


def draw_evaluation(run: Path, name: str | None = None) -> dict[str, Figure]:
    """All pictures but the learning curves that there is data for, by the stems of their files.

    name: for the titles; by default the run's own.

    Raises:
        RunDirectoryError: a file is damaged.
    """
    files = run_files(run, name)
    others = [picture for picture in unasked_pictures(files) if picture.name != HISTORY_PLOT]
    figures = {picture.name: picture.draw(files) for picture in others}
    return {stem: figure for stem, figure in figures.items() if figure is not None}


FOLDS_PLOT = "folds"


def draw_series(
    folder: Path,
    formats: Sequence[str],
    metric: str | None = None,
    output: Path | None = None,
    options: PictureOptions = NO_OPTIONS,
    theme: str | None = None,
    language: str | None = None,
) -> Drawn:
    """Draw the seeds or folds in a folder in one picture there, or as `output`.

    history.* has the curves of seeds, folds.* the scores and curves of folds, and `metric`.* the curves of one metric.
    theme, language: by default what the config of the first run says.

    Raises:
        RunDirectoryError: no run has finished an epoch yet, or a file is damaged.
        UserError: no run has the metric, an option does not fit the picture, or there is no such theme or language.
        OutputError: the picture cannot be written.
    """
    run, drawn = _begun(folder)[0], Drawn()
    of_folds = holds_folds(folder) and metric is None and not options.any
    name = metric or (FOLDS_PLOT if of_folds else HISTORY_PLOT)
    with themed(theme or theme_of(run)), speaking(language or language_of(run)):
        figure = series_figure(folder) if of_folds else _series_curves(folder, metric, options)
        for path in [output] if output else [folder / f"{name}.{format}" for format in formats]:
            drawn.save(figure, path)
    return drawn


def series_figure(folder: Path) -> Figure:
    """The curves of all seeds, or the scores and curves of all folds (raises as `draw_series`)."""
    if not holds_folds(folder):
        return _series_curves(folder)
    from mlpcli.plotting.folds import folds_figure

    runs = _begun(folder)
    return folds_figure(_fold_runs(folder, runs), _series_title(folder, runs))


def _series_curves(folder: Path, metric: str | None = None, options: PictureOptions = NO_OPTIONS) -> Figure:
    runs = _begun(folder)
    return learning_curves(labelled_curves(runs), metric, _series_title(folder, runs), options)


def _begun(folder: Path) -> list[Path]:
    """The runs of a series that have finished an epoch.

    Raises:
        RunDirectoryError: there is none.
    """
    runs = [run for run in member_folders(folder) if _has_epochs(run)]
    if not runs:
        none = f"none of its {member_word(folder)}s has finished an epoch"
        raise RunDirectoryError(f"{folder}: {none}; plot again after the first")
    return runs


def _fold_runs(folder: Path, runs: Sequence[Path]) -> list[FoldRun]:
    """What the picture shows of each run of a series of folds."""
    from mlpcli.plotting.folds import FoldRun

    known = {entry.get("folder"): entry for entry in read_folds(folder)["runs"]}
    found = []
    for run, curves in zip(runs, labelled_curves(runs), strict=True):
        entry = known.get(run.name, {})
        scores = entry.get("scores") if entry.get("outcome") == "finished" else None
        held_out = scores.get("test") if isinstance(scores, dict) else None
        numbers = held_out.items() if isinstance(held_out, dict) else ()
        kept = {name: float(value) for name, value in numbers if isinstance(value, (int, float))}
        found.append(FoldRun(fold_and_seed(run.name)[0], curves, kept))
    return found


def _series_title(folder: Path, runs: Sequence[Path]) -> str:
    """`digits: 5 folds`, in the current language, of the runs that are drawn."""
    name = read_config(runs[0]).get("name") or folder.resolve().name
    if not holds_folds(folder):
        count = len(runs)
        return say("{name}: {seeds:,} seed" if count == 1 else "{name}: {seeds:,} seeds", name=name, seeds=count)
    folds, seeds = (len({*found}) for found in zip(*(fold_and_seed(run.name) for run in runs), strict=True))
    if seeds == 1:
        return say("{name}: {folds:,} fold" if folds == 1 else "{name}: {folds:,} folds", name=name, folds=folds)
    return say("{name}: {folds:,} folds x {seeds:,} seeds", name=name, folds=folds, seeds=seeds)


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
    title = title or f"{_shared_beginning(distinct_names(runs))}{say('{runs} runs', runs=len(runs))}"
    return learning_curves(labelled_curves(runs), metric, title, options)


def labelled_curves(runs: Sequence[Path]) -> list[RunCurves]:
    """The curves of runs; of several, each is called what sets it apart, in its config or its name.

    Those of one folder of folds are called by their folds. Raises as `read_curves`.
    """
    curves = [read_curves(run) for run in runs]
    if len(runs) == 1:
        return curves
    if len({run.parent for run in runs}) == 1 and holds_folds(runs[0].parent):
        told = [fold_and_seed(run.name) for run in runs]
        return [replace(run, label=_fold_label(*own)) for run, own in zip(curves, told, strict=True)]
    labels = differing_labels([read_config(run) for run in runs], differing_parts(distinct_names(runs)))
    return [replace(run, label=label) for run, label in zip(curves, labels, strict=True)]


def _fold_label(fold: int, seed: int | None) -> str:
    return say("fold {fold}", fold=fold) if seed is None else say("fold {fold}, seed {seed}", fold=fold, seed=seed)


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
