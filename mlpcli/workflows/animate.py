"""`mlpcli plot --animate`: a GIF of the decision boundary of a network with two inputs, from epoch to epoch.

All from files of the run, without TensorFlow: plane.npz has the rows and the axes, snapshots.npz the weights, and the
model file says what network they are of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import NeedsKerasError, RunDirectoryError, UserError
from mlpcli.language import say, speaking, term
from mlpcli.text import number
from mlpcli.workflows.plot import PlotResult

if TYPE_CHECKING:
    from mlpcli.data.plane_inputs import PlaneInputs
    from mlpcli.modelfile.saved_model import SavedModel
    from mlpcli.plotting.plane_animation import Frame
    from mlpcli.runs.plane import Answers, Plane
    from mlpcli.runs.snapshots import SavedWeights

NAME = "decision_boundary.gif"
CELLS = 80
"""Of the grid along each side."""


def animate(
    run_dirs: Sequence[Path], output: Path | None = None, theme: str | None = None, language: str | None = None
) -> PlotResult:
    """Draw how the decision boundary of a run came to be: decision_boundary.gif in its directory, or `output`.

    theme: light or dark, language: en or ko; by default what the config of the run says.

    Raises:
        UserError: not one run, an output that is a folder or no .gif, an unknown theme or language.
        RunDirectoryError: the run has other inputs than two numbers, no snapshots of its weights, or a damaged file.
        OutputError: the file cannot be written.
    """
    from mlpcli.plotting.plane_animation import write_animation
    from mlpcli.plotting.run_plots import theme_of
    from mlpcli.plotting.style import themed
    from mlpcli.runs.read_run import language_of, run_name

    run = _one_run(run_dirs)
    path = run / NAME if output is None else _checked(Path(output))
    plane, snapshots = _files(run)
    with themed(theme or theme_of(run)), speaking(language or language_of(run)):
        frames = animation_frames(run, plane, snapshots)
        note = write_animation(path, plane, frames, run_name(run))
    return PlotResult([path], [note] if note else [])


def animation_frames(run: Path, plane: Plane, snapshots: SavedWeights, cells: int = CELLS) -> list[Frame]:
    """What the network answered after each epoch of the snapshots, on a grid of cells x cells (raises as `animate`)."""
    from mlpcli.data.plane_inputs import plane_inputs
    from mlpcli.modelfile.saved_model import open_model
    from mlpcli.plotting.plane_animation import Frame
    from mlpcli.runs.read_run import read_curves

    saved, curves = open_model(run), read_curves(run)
    inputs, losses = plane_inputs(saved.card.layout), curves.history
    if inputs is None:
        raise RunDirectoryError(f"{run}: its plane.npz is not that of its model; restore the files or train again")
    side = min(cells, len(plane.x))
    x, y = (np.linspace(axis[0], axis[-1], side).astype(np.float32) for axis in (plane.x, plane.y))
    last = int(losses["epoch"][-1])
    return [
        Frame(
            caption(epoch, last, losses, epoch == snapshots.kept),
            answers_of(run, saved, inputs, weights, (x, y)),
            epoch == snapshots.kept,
        )
        for epoch, weights in zip(snapshots.epochs, snapshots.weights, strict=True)
    ]


def answers_of(run: Path, saved: SavedModel, inputs: PlaneInputs, weights: Array, axes: tuple[Array, Array]) -> Answers:
    """What the network of a model answers with other weights, all in one array.

    Raises:
        RunDirectoryError: they are not as many as the network has, or NumPy does not support a layer.
    """
    from mlpcli.numpy_engine.network import Network
    from mlpcli.scoring.plane import ask_plane

    shapes = [shape for layer in saved.layers for shape in layer.weights]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    if not len(ends) or ends[-1] != len(weights):
        raise RunDirectoryError(f"{run}: its snapshots.npz is not of its model; restore the files or train again")
    arrays = [part.reshape(shape) for part, shape in zip(np.split(weights, ends[:-1]), shapes, strict=True)]
    try:
        network = Network.of(saved.input_shape, saved.layers, arrays)
    except NeedsKerasError as error:
        raise RunDirectoryError(
            f"{run}: {error}; --animate shows what NumPy computes, so draw decision_boundary instead"
        ) from error
    threshold = saved.meaning.threshold if saved.meaning.class_names else None
    return ask_plane(network.predict, inputs, *axes, threshold)


def caption(epoch: int, last: int, history: Mapping[str, Sequence[float]], kept: bool) -> str:
    """`epoch 20 of 300: loss 0.1234, val_loss 0.2345 (kept)`."""
    if epoch == 0:
        return say("epoch 0, before training")
    place = list(history["epoch"]).index(epoch) if epoch in history["epoch"] else None
    names = [name for name in ("loss", "val_loss") if name in history and place is not None]
    losses = ", ".join(f"{term(name)} {number(history[name][place or 0])}" for name in names)
    where = say("epoch {epoch} of {last}", epoch=epoch, last=last)
    return f"{where}{': ' if losses else ''}{losses}{' ' + say('(kept)') if kept else ''}"


def _one_run(run_dirs: Sequence[Path]) -> Path:
    from mlpcli.runs.directory import CONFIG, find_file, member_folders, member_word

    if len(run_dirs) != 1:
        raise UserError(f"--animate: is for one run (got {len(run_dirs)}); give one, such as runs/moons")
    run = Path(run_dirs[0])
    if members := member_folders(run):
        several = f"{run} has several {member_word(run)}s"
        raise UserError(f"--animate: is for one run, and {several}; give one, such as {members[0]}")
    find_file(run, CONFIG)
    return run


def _files(run: Path) -> tuple[Plane, SavedWeights]:
    from mlpcli.runs.directory import METRICS, resume_command
    from mlpcli.runs.plane import read_plane
    from mlpcli.runs.snapshots import read_snapshots

    plane, snapshots = read_plane(run), read_snapshots(run)
    if plane is not None and snapshots is not None:
        return plane, snapshots
    if snapshots is not None and not (run / METRICS).exists():
        raise RunDirectoryError(
            f"{run}: training has not ended; animate it afterwards, or where it was killed, resume with:"
            f" {resume_command(run)}"
        )
    raise RunDirectoryError(
        f"{run}: has no snapshots of its weights, which --animate shows; runs with two numbers as inputs and at most"
        " 100,000 parameters have them, if this version trained them; for other inputs, draw history or"
        " confusion_matrix (--only)"
    )


def _checked(output: Path) -> Path:
    """Refuse what cannot be the animation (raises UserError)."""
    if output.is_dir():
        raise UserError(f"{output}: is a folder; give a file in it, such as {output / NAME}")
    if output.suffix.lower() != ".gif":
        raise UserError(f'{output}: --animate writes a GIF, so the name must end with .gif (got "{output.suffix}")')
    if not output.parent.is_dir():
        raise UserError(f"{output}: the folder {output.parent} does not exist; make it first or choose another")
    return output
