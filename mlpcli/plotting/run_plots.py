"""Draws the pictures of one run, of several runs or of several seeds, from the files of the runs alone."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import RunDirectoryError, UserError
from mlpcli.language import say, speaking
from mlpcli.plotting.confusion_matrix import confusion_matrix_figure
from mlpcli.plotting.decision_boundary import decision_boundary_figure
from mlpcli.plotting.first_layer import first_layer_figure
from mlpcli.plotting.fitted_curve import fitted_curve_figure
from mlpcli.plotting.gradients import gradients_figure
from mlpcli.plotting.hidden_units import hidden_units_figure
from mlpcli.plotting.importance import importance_figure
from mlpcli.plotting.layer_histograms import activations_figure, weights_figure
from mlpcli.plotting.learning_curves import learning_curves
from mlpcli.plotting.mistakes import mistakes_figure
from mlpcli.plotting.picture_options import NO_OPTIONS, PictureOptions
from mlpcli.plotting.predicted_against_true import predicted_against_true_figure
from mlpcli.plotting.reliability import reliability_figure
from mlpcli.plotting.residuals import residuals_figure
from mlpcli.plotting.style import LIGHT, THEMES, save_figure, themed
from mlpcli.plotting.threshold_curves import of_two_classes, precision_recall_figure, roc_figure
from mlpcli.runs import directory as run_directory
from mlpcli.runs.directory import seed_folders
from mlpcli.runs.history import read_history
from mlpcli.runs.layer_file import read_layers
from mlpcli.runs.plane import Plane, read_plane
from mlpcli.runs.read_run import (
    RunCurves,
    language_of,
    read_config,
    read_curves,
    read_evaluation,
    read_importance,
    read_mistakes,
    run_name,
)
from mlpcli.runs.run_labels import differing_labels
from mlpcli.text import did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure


HISTORY_PLOT = "history"


@dataclass(frozen=True)
class RunFiles:
    """What is read once and handed to all pictures. `evaluation` is {} if there is none yet."""

    run: Path
    name: str
    evaluation: Mapping[str, Any]


@dataclass(frozen=True)
class Picture:
    """A picture that a run may have.

    `name`: the stem of its file, and what --only takes. `shows`: half a sentence for help and errors.
    `draw`: returns None where the run has no data for it. `always`: False draws it by --only alone; a function says so
    of an evaluation.
    `needs`: what a run must be to have the data, for the error; half a sentence.
    """

    name: str
    shows: str
    draw: Callable[[RunFiles], Figure | None]
    always: bool | Callable[[Mapping[str, Any]], bool] = True
    needs: str = ""

    def unasked(self, files: RunFiles) -> bool:
        """Whether it is drawn without --only."""
        return self.always if isinstance(self.always, bool) else self.always(files.evaluation)


def _curves(files: RunFiles) -> Figure:
    return learning_curves([read_curves(files.run)])


def _of_evaluation(key: str, figure: Callable[[Mapping[str, Any], str], Figure]) -> Callable[[RunFiles], Figure | None]:
    """Draws what evaluation.json has under `key`, where it has something; a damaged one is named."""

    def draw(files: RunFiles) -> Figure | None:
        if not files.evaluation.get(key):
            return None
        try:
            return figure(files.evaluation, files.name)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            path = files.run / run_directory.EVALUATION
            raise RunDirectoryError(f"{path}: is damaged: {error}; evaluate the run again") from error

    return draw


def _mistakes(files: RunFiles) -> Figure | None:
    found = read_mistakes(files.run)
    try:
        return mistakes_figure(found, files.name) if found else None
    except (KeyError, TypeError, ValueError, OverflowError, IndexError, OSError, SyntaxError) as error:
        path = files.run / run_directory.MISTAKES  # SyntaxError: Pillow's, of a broken PNG
        raise RunDirectoryError(f"{path}: is damaged: {error}; evaluate the run again") from error


def _importance(files: RunFiles) -> Figure | None:
    found = read_importance(files.run)
    try:
        return importance_figure(found, files.name) if found else None
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        path = files.run / run_directory.IMPORTANCE
        raise RunDirectoryError(f"{path}: is damaged: {error}; mlpcli importance {files.run} writes it anew") from error


def _gradients(files: RunFiles) -> Figure | None:
    path = files.run / run_directory.GRADIENTS
    return gradients_figure(read_history(path), files.name) if path.exists() else None


def _of_plane(figure: Callable[[Plane, str], Figure | None]) -> Callable[[RunFiles], Figure | None]:
    """Draws what plane.npz has, where there is one."""

    def draw(files: RunFiles) -> Figure | None:
        plane = read_plane(files.run)
        return None if plane is None else figure(plane, files.name)

    return draw


_TWO_INPUTS = "a finished run with two numbers as inputs, trained by this version or a later one"
_WRITES_ANEW = "mlpcli evaluate RUN_DIR --output RUN_DIR writes it"
_SCORED_CLASSES = f"a classification whose evaluation.json has curves; {_WRITES_ANEW}"
PICTURES = (
    Picture(HISTORY_PLOT, "loss and metrics after each epoch", _curves),
    Picture(
        "confusion_matrix",
        "true against predicted classes",
        _of_evaluation("confusion_matrix", confusion_matrix_figure),
        needs="a classification that has been scored",
    ),
    Picture(
        "roc",
        "true against false positive rates at all thresholds",
        _of_evaluation("threshold_curves", roc_figure),
        always=of_two_classes,
        needs=_SCORED_CLASSES,
    ),
    Picture(
        "precision_recall",
        "precision against recall at all thresholds",
        _of_evaluation("threshold_curves", precision_recall_figure),
        always=False,
        needs=_SCORED_CLASSES,
    ),
    Picture(
        "reliability",
        "how often the model is right where it gives some probability",
        _of_evaluation("reliability", reliability_figure),
        always=of_two_classes,
        needs=f"a classification with probabilities whose evaluation.json has their bins; {_WRITES_ANEW}",
    ),
    Picture(
        "predicted_against_true",
        "predicted against true numbers",
        _of_evaluation("sample", predicted_against_true_figure),
        needs="a regression that has been scored",
    ),
    Picture(
        "residuals",
        "true less predicted numbers against predicted ones",
        _of_evaluation("sample", residuals_figure),
        needs="a regression that has been scored",
    ),
    Picture(
        "fitted_curve",
        "the curve through the points of a single input",
        _of_evaluation("curve", fitted_curve_figure),
        needs="a regression with one input that has been scored",
    ),
    Picture(
        "mistakes",
        "the rows that it gets wrong with the highest probability, or by the most",
        _mistakes,
        needs="rows that have been scored, and some of them wrong",
    ),
    Picture(
        "decision_boundary",
        "class regions, or a surface of numbers, over two inputs",
        _of_plane(decision_boundary_figure),
        needs=f"{_TWO_INPUTS}; for other inputs, draw confusion_matrix or predicted_against_true",
    ),
    Picture(
        "hidden_units",
        "the output of each hidden unit over two inputs",
        _of_plane(hidden_units_figure),
        always=False,
        needs=f"{_TWO_INPUTS}, and hidden layers that NumPy supports",
    ),
    Picture(
        "importance",
        "what each column is worth to the model",
        _importance,
        needs="importance.json, which mlpcli importance RUN_DIR writes",
    ),
    Picture(
        "weights",
        "the weights of each layer at the start and at the end",
        lambda files: weights_figure(read_layers(files.run), files.name),
        always=False,
        needs=f"{run_directory.LAYERS}, which train writes where NumPy supports the layers",
    ),
    Picture(
        "activations",
        "the activations of each layer at the start and at the end, with dead and saturated units",
        lambda files: activations_figure(read_layers(files.run), files.name),
        always=False,
        needs=f"{run_directory.LAYERS}, which train writes where NumPy supports the layers",
    ),
    Picture(
        "first_layer",
        "the weights of the first layer as pictures",
        lambda files: first_layer_figure(read_layers(files.run), files.name),
        always=False,
        needs="images whose pixels go into a dense layer",
    ),
    Picture(
        "gradients",
        "the norm of each layer's gradient after each epoch",
        _gradients,
        always=False,
        needs="output.gradient_norms: true in its config",
    ),
)
"""In the order in which the report shows them."""


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
) -> Drawn:
    """Draw the pictures of a run that there is data for, or `only` some, into its directory (one alone: `output`).

    theme, language: by default what the run's config says.

    Raises:
        RunDirectoryError: not a run directory, no finished epoch, a damaged file, or no data for one of `only`.
        UserError: there is no such picture, theme or language.
        OutputError: a picture cannot be written.
    """
    asked = pictures_called(only)
    files = run_files(run)
    chosen = asked or [picture for picture in PICTURES if picture.unasked(files)]
    drawn = Drawn()
    with themed(theme or theme_of(run)), speaking(language or language_of(run)):
        for picture in chosen:
            figure = picture.draw(files)
            if figure is not None:
                for path in [output] if output else [run / f"{picture.name}.{kind}" for kind in formats]:
                    drawn.save(figure, path)
            elif only:
                run_directory.find_file(run, run_directory.CONFIG)
                raise RunDirectoryError(_no_data(picture, run))
    if not only and {path.stem for path in drawn.paths} == {HISTORY_PLOT}:
        drawn.add_note(f"{run}: has no scores in {run_directory.EVALUATION} yet, so only the learning curves are drawn")
    return drawn


def run_files(run: Path, name: str | None = None) -> RunFiles:
    """What the pictures of a run are drawn from; `name`, for the titles, is by default the run's own.

    Raises:
        RunDirectoryError: evaluation.json or config.yaml is damaged.
    """
    return RunFiles(run, name or run_name(run), read_evaluation(run))


def pictures_called(names: Sequence[str]) -> list[Picture]:
    """The pictures with these names, each once, in the order of the names.

    Raises:
        UserError: there is none of a name; the message lists all.
    """
    known = {picture.name: picture for picture in PICTURES}
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            raise UserError(f'--only: there is no picture "{name}"; choose from {", ".join(known)}{near}')
    return [known[name] for name in dict.fromkeys(names)]


def _no_data(picture: Picture, run: Path) -> str:
    needs = f"; it needs {picture.needs}" if picture.needs else ""
    return f"{run}: has no data for the picture {picture.name} ({picture.shows}){needs}"


def draw_evaluation(run: Path, name: str | None = None) -> dict[str, Figure]:
    """All pictures but the learning curves that there is data for, by the stems of their files.

    name: for the titles; by default the run's own.

    Raises:
        RunDirectoryError: a file is damaged.
    """
    files = run_files(run, name)
    others = [picture for picture in PICTURES if picture.unasked(files) and picture.name != HISTORY_PLOT]
    figures = {picture.name: picture.draw(files) for picture in others}
    return {stem: figure for stem, figure in figures.items() if figure is not None}


def draw_seeds(
    folder: Path,
    formats: Sequence[str],
    metric: str | None = None,
    output: Path | None = None,
    options: PictureOptions = NO_OPTIONS,
    theme: str | None = None,
    language: str | None = None,
) -> Drawn:
    """Draw the seeds in a folder in one picture: history.* in it, `metric`.* for one metric, or `output`.

    theme, language: by default what the config of the first seed says.

    Raises:
        RunDirectoryError: no seed has finished an epoch yet, or a file is damaged.
        UserError: no seed has the metric, an option does not fit the picture, or there is no such theme or language.
        OutputError: the picture cannot be written.
    """
    seeds = [seed for seed in seed_folders(folder) if _has_epochs(seed)]
    if not seeds:
        raise RunDirectoryError(f"{folder}: none of its seeds has finished an epoch; plot again after the first")
    drawn = Drawn()
    name = read_config(seeds[0]).get("name") or folder.resolve().name
    with themed(theme or theme_of(seeds[0])), speaking(language or language_of(seeds[0])):
        count = len(seeds)
        title = say("{name}: {seeds:,} seed" if count == 1 else "{name}: {seeds:,} seeds", name=name, seeds=count)
        figure = overlaid_curves(seeds, metric, title, options)
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
    title = title or f"{_shared_beginning(distinct_names(runs))}{say('{runs} runs', runs=len(runs))}"
    return learning_curves(labelled_curves(runs), metric, title, options)


def labelled_curves(runs: Sequence[Path]) -> list[RunCurves]:
    """The curves of runs; of several, each is called what sets it apart, in its config or its name.

    Raises as `read_curves`.
    """
    curves = [read_curves(run) for run in runs]
    if len(runs) == 1:
        return curves
    labels = differing_labels([read_config(run) for run in runs], differing_parts(distinct_names(runs)))
    return [replace(run, label=label) for run, label in zip(curves, labels, strict=True)]


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
