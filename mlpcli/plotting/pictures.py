"""The pictures that a run may have, one after the other: what each shows, what it is drawn from, and when.

A picture that is added here is drawn by train, evaluate, plot and report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import RunDirectoryError, UserError
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
from mlpcli.plotting.predicted_against_true import predicted_against_true_figure
from mlpcli.plotting.reliability import reliability_figure
from mlpcli.plotting.residuals import residuals_figure
from mlpcli.plotting.threshold_curves import of_two_classes, precision_recall_figure, roc_figure
from mlpcli.runs import directory as run_directory
from mlpcli.runs.history import read_history
from mlpcli.runs.layer_file import read_layers
from mlpcli.runs.plane import Plane, read_plane
from mlpcli.runs.read_run import read_curves, read_evaluation, read_importance, read_mistakes, run_name
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

    def drawn_unasked(self, files: RunFiles) -> bool:
        """Whether it is drawn without --only."""
        return self.always if isinstance(self.always, bool) else self.always(files.evaluation)


def _curves(files: RunFiles) -> Figure:
    return learning_curves([read_curves(files.run)])


@contextmanager
def _damage_named(path: Path, advice: str) -> Iterator[None]:
    """A context in which what a damaged file leads to becomes an error that names it."""
    try:
        yield
    except _DAMAGE as error:
        raise RunDirectoryError(f"{path}: is damaged: {error}; {advice}") from error


_DAMAGE = (KeyError, TypeError, ValueError, OverflowError, IndexError, OSError, SyntaxError)
"""The last two are Pillow's, of a broken PNG."""


def _of_evaluation(key: str, figure: Callable[[Mapping[str, Any], str], Figure]) -> Callable[[RunFiles], Figure | None]:
    """Draws what evaluation.json has under `key`, where it has something."""

    def draw(files: RunFiles) -> Figure | None:
        if not files.evaluation.get(key):
            return None
        with _damage_named(files.run / run_directory.EVALUATION, "evaluate the run again"):
            return figure(files.evaluation, files.name)

    return draw


def _mistakes(files: RunFiles) -> Figure | None:
    found = read_mistakes(files.run)
    with _damage_named(files.run / run_directory.MISTAKES, "evaluate the run again"):
        return mistakes_figure(found, files.name) if found else None


def _importance(files: RunFiles) -> Figure | None:
    found = read_importance(files.run)
    with _damage_named(files.run / run_directory.IMPORTANCE, f"mlpcli importance {files.run} rewrites it"):
        return importance_figure(found, files.name) if found else None


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
_LAYERS = f"{run_directory.LAYERS}, which train writes where NumPy supports the layers"
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
        "the most confident mistakes, or the largest errors",
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
        needs=_LAYERS,
    ),
    Picture(
        "activations",
        "the activations of each layer at the start and at the end, with dead and saturated units",
        lambda files: activations_figure(read_layers(files.run), files.name),
        always=False,
        needs=_LAYERS,
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


def run_files(run: Path, name: str | None = None) -> RunFiles:
    """What the pictures of a run are drawn from; `name`, for the titles, is by default the run's own.

    Raises:
        RunDirectoryError: evaluation.json or config.yaml is damaged.
    """
    return RunFiles(run, name or run_name(run), read_evaluation(run))


def unasked_pictures(files: RunFiles, share: tuple[int, int] = (0, 1)) -> list[Picture]:
    """Those that are drawn where nobody names any; share: (0, 2) and (1, 2) are the two halves of them.

    Every second one is in a half, since those of a classification stand together, and those of a regression.
    """
    first, shares = share
    return [picture for picture in PICTURES[first::shares] if picture.drawn_unasked(files)]


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


def asked_figure(picture: Picture, files: RunFiles) -> Figure:
    """A picture that was asked for by its name.

    Raises:
        RunDirectoryError: not a run directory, no data for the picture, or a damaged file.
    """
    figure = picture.draw(files)
    if figure is None:
        run_directory.find_file(files.run, run_directory.CONFIG)
        needs = f"; it needs {picture.needs}" if picture.needs else ""
        raise RunDirectoryError(f"{files.run}: has no data for the picture {picture.name} ({picture.shows}){needs}")
    return figure
