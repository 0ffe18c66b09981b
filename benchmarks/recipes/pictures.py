"""The pictures of the pages, drawn from the stored results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.images import save_small
from benchmarks.recipes.activations import histograms_of
from benchmarks.recipes.jobs import ROOT
from benchmarks.recipes.layer_runs import folder_of
from benchmarks.recipes.results import entries_of
from benchmarks.recipes.studies import STARTS
from mlpcli.plotting.gradients import gradients_figure
from mlpcli.plotting.layer_histograms import activations_figure
from mlpcli.plotting.learning_curves import learning_curves
from mlpcli.plotting.style import BLUE, COLOURS, drawing_style, fonts_for, new_figure, set_title, theme
from mlpcli.runs.directory import GRADIENTS
from mlpcli.runs.history import read_history
from mlpcli.runs.layer_file import read_layers
from mlpcli.runs.read_run import RunCurves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

IMAGES = ROOT / "docs" / "images" / "recipes"


def curves_of(group: str, label: str, first_epochs: int | None = None) -> RunCurves | None:
    """The curves of the first seed, or None where nothing was measured."""
    history = next((entry["history"] for entry in entries_of(group) if "history" in entry), None)
    if history is None:
        return None
    columns = {name: [float("nan") if v is None else v for v in values] for name, values in history.items()}
    columns["epoch"] = list(range(1, len(columns["loss"]) + 1))
    return RunCurves(
        label, {name: values[:first_epochs] for name, values in columns.items() if name != "learning_rate"}
    )


def draw_curves(
    name: str, title: str, groups: Mapping[str, str], metric: str | None = None, first_epochs: int | None = None
) -> str:
    """Lay the curves of several groups (by their labels) over each other; returns the picture's path from docs/."""
    found = [curves_of(group, label, first_epochs) for label, group in groups.items()]
    title = f"{title}: the first {first_epochs} epochs" if first_epochs else title
    return _saved(name, learning_curves([run for run in found if run is not None], metric, title))


def draw_losses(name: str, title: str, groups: Mapping[str, str]) -> str:
    """Training and validation loss of several groups (by their labels), each in a panel of its own."""
    found = [(label, curves_of(group, label)) for label, group in groups.items()]
    runs = [
        RunCurves(label, {"training_loss": run.history["loss"], "validation_loss": run.history["val_loss"]})
        for label, run in found
        if run is not None
    ]
    return _saved(name, learning_curves(runs, title=title))


def draw_starts(activation: str) -> str:
    """A row for each initializer: the outputs of each hidden layer before training, and the loss during it."""
    stored = histograms_of(activation)
    title = f"{activation}: what each hidden layer says before training, and how the training goes"
    with drawing_style(fonts_for([title]).families):
        figure = new_figure(11.0, 1.45 * len(stored) + 0.8)
        axes = figure.subplots(len(stored), 4, squeeze=False, width_ratios=[1, 1, 1, 1.3])
        for row, (name, layers) in zip(axes, stored.items(), strict=True):
            _draw_start(row, name, layers, curves_of(STARTS[activation].group(name), name))
        for place, heading in enumerate(("first layer", "second", "third", "training loss")):
            axes[0, place].set_title(heading, loc="left", fontsize=10.5, fontweight="bold")
        axes[-1, 3].set_xlabel("epoch")
        set_title(figure, title)
    return _saved(f"initializers-{activation}", figure)


def _draw_start(row: Sequence[Axes], name: str, layers: list[dict[str, Any]], curves: RunCurves | None) -> None:
    for axes, layer in zip(row, layers, strict=False):
        width = (layer["high"] - layer["low"]) / len(layer["shares"])
        places = [layer["low"] + width * (place + 0.5) for place in range(len(layer["shares"]))]
        axes.bar(places, layer["shares"], width=width, color=BLUE)
        axes.set_yticks([])
        axes.grid(visible=False)
        rest = max(layer["shares"][1:])
        if layer["low"] == 0 and layer["shares"][0] > 3 * rest > 0:
            axes.set_ylim(0, 1.25 * rest)  # half of what relu says is 0, and would hide the rest
            axes.text(0.08, 0.78, f"{layer['shares'][0]:.0%} near 0", transform=axes.transAxes, fontsize=9.5)
        axes.locator_params(axis="x", nbins=3)
        axes.set_title(f"spread {layer['across_rows']:.2g}", loc="right", fontsize=9.5)
    row[0].set_ylabel(name, rotation=0, ha="right", va="center", fontweight="bold")
    _draw_loss(row[3], curves)


def _draw_loss(axes: Axes, curves: RunCurves | None) -> None:
    values = curves.history["loss"] if curves is not None else []
    if not any(value == value for value in values):
        look = {"ha": "center", "va": "center", "color": theme().faint}
        axes.text(0.5, 0.5, "not a number after one epoch", transform=axes.transAxes, **look)
        axes.set_xticks([])
        axes.set_yticks([])
        return
    axes.plot(range(1, len(values) + 1), values, color=COLOURS[1])
    axes.set_ylim(0, max(2.4, *values) if max(values) < 5 else None)


def draw_layers(activation: str, initializer: str) -> str:
    """The picture `activations` of a run of layer_runs.py."""
    folder = folder_of(activation, initializer)
    figure = activations_figure(read_layers(folder), f"{activation}, {initializer}")
    assert figure is not None
    return _saved(f"initializers-layers-{folder.name}", figure)


def draw_gradients(activation: str, initializer: str) -> str:
    """The picture `gradients` of a run of layer_runs.py."""
    folder = folder_of(activation, initializer)
    figure = gradients_figure(read_history(folder / GRADIENTS), f"{activation}, {initializer}")
    assert figure is not None
    return _saved(f"initializers-gradients-{folder.name}", figure)


def draw_regularization(groups: Mapping[str, str]) -> str:
    """One panel for each variant: training and validation accuracy, in the same limits."""
    title = "The same network and 4,800 rows: accuracy in training and in validation"
    with drawing_style(fonts_for([title]).families):
        figure = new_figure(11.0, 6.4)
        axes = figure.subplots(2, 3, sharex=True, sharey=True)
        for place, (label, group) in zip(axes.flat, groups.items(), strict=True):
            curves = curves_of(group, label)
            assert curves is not None
            epochs = curves.history["epoch"]
            place.plot(epochs, curves.history["accuracy"], color=COLOURS[0], label="training")
            place.plot(epochs, curves.history["val_accuracy"], color=COLOURS[1], label="validation")
            place.set_title(label, fontsize=11)
            place.set_ylim(0.6, 1.0)
        for place in axes[-1]:
            place.set_xlabel("epoch")
        for place in axes[:, 0]:
            place.set_ylabel("accuracy")
        figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower left", ncols=2)
        set_title(figure, title)
    return _saved("regularization", figure)


def _saved(name: str, figure: Figure) -> str:
    save_small(figure, IMAGES / f"{name}.png")
    return f"images/recipes/{name}.png"
