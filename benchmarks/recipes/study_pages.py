"""docs/optimizers.md, initializers.md and regularization.md, each from one study."""

from __future__ import annotations

import math

from benchmarks.recipes.activations import histograms_of
from benchmarks.recipes.figures import figure, shown
from benchmarks.recipes.layer_runs import ACTIVATIONS, INITIALIZERS, accuracy_of
from benchmarks.recipes.lessons import lesson
from benchmarks.recipes.pages import NOTE, shown_epochs
from benchmarks.recipes.pictures import draw_gradients, draw_layers, draw_losses, draw_regularization, draw_starts
from benchmarks.recipes.results import entries_of, finished, spread
from benchmarks.recipes.studies import LEARNING_RATES, OPTIMIZERS, REGULARIZATION, STARTS
from benchmarks.report import plain_table

REACHED = 0.12
"""A validation loss that every optimizer reaches at some rate, in more epochs or fewer."""


def optimizers_page() -> str:
    """Every learning rate in a table, the best of each optimizer in one picture."""
    best = {name: best_rate(name) for name in LEARNING_RATES}
    rows = []
    for name, (_, rates) in LEARNING_RATES.items():
        for rate in rates:
            group, mark = OPTIMIZERS.group(f"{name} {rate:g}"), "**" if rate == best[name] else ""
            figures = (lowest_loss(group), *(figure(part, group).mean for part in ("train", "test")))
            row = [name, f"{rate:g}", epochs_to(group, REACHED), *(f"{value:.4f}" for value in figures)]
            rows.append([f"{mark}{cell}{mark}" for cell in row])
    header = (
        "optimizer", "learning rate", f"epochs to a validation loss of {REACHED}", "lowest validation loss",
        "training accuracy, last epoch", "test accuracy, last epoch",
    )  # fmt: skip
    groups = {f"{name}, {rate:g}": OPTIMIZERS.group(f"{name} {rate:g}") for name, rate in best.items()}
    picture = draw_losses("optimizers", "Loss against epoch, each optimizer at its best learning rate", groups)
    image = f"![Training and validation loss of six optimizers]({picture})"
    return _page("Optimizers", lesson("optimizers"), image, plain_table(header, rows))


def best_rate(name: str) -> float:
    """The learning rate with the lowest validation loss of any epoch."""
    return min(LEARNING_RATES[name][1], key=lambda rate: lowest_loss(OPTIMIZERS.group(f"{name} {rate:g}")))


def lowest_loss(group: str) -> float:
    """The lowest validation loss of any epoch; infinity where none is finite."""
    found = [entry["lowest"]["val_loss"] for entry in entries_of(group)]
    return math.inf if None in found else spread(group, lambda entry: entry["lowest"]["val_loss"]).mean


def epochs_to(group: str, loss: float) -> str:
    """The first epoch whose validation loss is below `loss`; a dash where none is."""
    values = next(entry["history"]["val_loss"] for entry in entries_of(group) if "history" in entry)
    return next((str(epoch) for epoch, value in enumerate(values, start=1) if value is not None and value < loss), "-")


def initializers_page() -> str:
    """For each activation a picture of all initializers, and a table."""
    header = ("initializer", "spread after layer 1", "2", "3", "training loss, last epoch", "test accuracy")
    parts = [lesson("initializers")]
    for activation, study in STARTS.items():
        stored = histograms_of(activation)
        rows = [
            [name, *(f"{layer['across_rows']:.3g}" for layer in stored[name]), *_ending(study.group(name))]
            for name in study.variants
        ]
        image = f"![Activations before training, and the loss, for {activation}]({draw_starts(activation)})"
        parts.append(f"## {activation}\n\n{image}\n\n{plain_table(header, rows)}")
    return _page("Initializers", *parts, "## Layers before and after training", *_layers())


def _layers() -> list[str]:
    """What the pictures of a run's layers show of too wide, too narrow and fitted weights."""
    parts = [lesson("initializers-layers")]
    for activation in ACTIVATIONS:
        for initializer in INITIALIZERS:
            accuracy = accuracy_of(activation, initializer)
            ending = "the loss was not finite" if accuracy is None else f"test accuracy {accuracy:.4f}"
            image = f"![Activations of each layer]({draw_layers(activation, initializer)})"
            parts.append(f"**{activation}, {initializer}**: {SEEN[activation, initializer]} ({ending}).\n\n{image}")
    drawn = [draw_gradients(activation, "he_normal") for activation in ACTIVATIONS]
    parts.append(lesson("initializers-gradients"))
    parts += [f"![Norm of the gradient of each layer]({picture})" for picture in drawn]
    return parts


SEEN = {
    ("sigmoid", "stddev 1"): "too wide. About half of the values are at 0 or 1, where the slope is next to nothing",
    ("sigmoid", "stddev 0.01"): "too narrow. Every unit gives nearly the same value for every image",
    ("sigmoid", "he_normal"): "fitted, but sigmoid narrows the values with every layer",
    ("relu", "stddev 1"): "too wide. The values grow about sevenfold with every layer",
    ("relu", "stddev 0.01"): "too narrow. The values shrink with every layer to almost nothing",
    ("relu", "he_normal"): "fitted. The values keep their size from layer to layer",
}
"""What is to be seen in each picture."""


def _ending(group: str) -> list[str]:
    if not finished(group):
        return ["not a number", "no model"]
    scores = finished(group)[0]["scores"]
    return [f"{scores['train']['loss']:.4f}", f"{scores['test']['accuracy']:.4f}"]


def regularization_page() -> str:
    """With and without, training against test; accuracies, since the loss of L2 has its penalty in it."""
    groups = {name: REGULARIZATION.group(name) for name in REGULARIZATION.variants}
    rows = [
        [name, shown_epochs(group), *(shown(figure(word, group)) for word in ("train", "validation", "test", "gap"))]
        for name, group in groups.items()
    ]
    header = ("with", "epochs", "training accuracy", "validation accuracy", "test accuracy", "training less test")
    image = f"![Training and validation accuracy, with and without each]({draw_regularization(groups)})"
    return _page("Regularization", lesson("regularization"), image, plain_table(header, rows))


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", NOTE, *parts]) + "\n"
