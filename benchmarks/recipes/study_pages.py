"""docs/optimizers.md, initializers.md and regularization.md, each from one study."""

from __future__ import annotations

import json

from benchmarks.recipes.activations import group_of
from benchmarks.recipes.pages import NOTE, shown_epochs
from benchmarks.recipes.pictures import draw_curves, draw_regularization, draw_starts
from benchmarks.recipes.results import entries_of, path_of, spread
from benchmarks.recipes.studies import LEARNING_RATES, OPTIMIZERS, REGULARIZATION, STARTS
from benchmarks.recipes.study_lessons import INITIALIZERS_TEXT, OPTIMIZERS_TEXT, REGULARIZATION_TEXT, STUDY_CLAIMS
from benchmarks.recipes.text import check_claims, figure, filled, number, shown
from benchmarks.report import plain_table


def optimizers_page() -> str:
    """Every learning rate in a table, the best of each optimizer in one picture."""
    check_claims("optimizers", STUDY_CLAIMS["optimizers"])
    best = {name: best_rate(name) for name in LEARNING_RATES}
    groups = {f"{name}, {rate:g}": OPTIMIZERS.group(f"{name} {rate:g}") for name, rate in best.items()}
    rows = []
    for name, (_, rates) in LEARNING_RATES.items():
        for rate in rates:
            group = OPTIMIZERS.group(f"{name} {rate:g}")
            mark = "**" if rate == best[name] else ""
            lowest = spread(group, lambda entry: entry["lowest"]["val_loss"])
            values = (shown(lowest), shown(figure("train", group)), shown(figure("test", group)))
            rows.append([f"{mark}{name}{mark}", f"{mark}{rate:g}{mark}", epochs_to(group), *values])
    reached = "epochs to a validation loss of 0.15"
    header = ("optimizer", "learning rate", reached, "lowest validation loss", "training accuracy", "test accuracy")
    picture = draw_curves("optimizers", "Loss against epoch, each optimizer at its best learning rate", groups, "loss")
    image = f"![Training and validation loss of six optimizers]({picture})"
    return _page("Optimizers", filled(OPTIMIZERS_TEXT), image, plain_table(header, rows))


def best_rate(name: str) -> float:
    """The learning rate with the lowest validation loss of any epoch, as the mean over the seeds."""
    rates = LEARNING_RATES[name][1]
    return min(
        rates, key=lambda rate: spread(OPTIMIZERS.group(f"{name} {rate:g}"), lambda e: e["lowest"]["val_loss"]).mean
    )


def epochs_to(group: str, loss: float = 0.15) -> str:
    """The first epoch of the first seed whose validation loss is below `loss`; a dash where none is."""
    values = next(entry["history"]["val_loss"] for entry in entries_of(group) if "history" in entry)
    return next((str(epoch) for epoch, value in enumerate(values, start=1) if value is not None and value < loss), "-")


def initializers_page() -> str:
    """For each activation a picture of all initializers, and a table."""
    check_claims("initializers", STUDY_CLAIMS["initializers"])
    parts = []
    for activation, study in STARTS.items():
        stored = json.loads(path_of(group_of(activation)).read_text(encoding="utf-8"))
        rows = [
            [name, *(f"{layer['deviation']:.3g}" for layer in stored[name]), *_ending(study.group(name))]
            for name in study.variants
        ]
        header = ("initializer", "spread after layer 1", "2", "3", "training loss at the end", "test accuracy")
        image = f"![Activations before training, and the loss, for {activation}]({draw_starts(activation)})"
        parts.append(f"## {activation}\n\n{image}\n\n{plain_table(header, rows)}")
    return _page("Initializers", filled(INITIALIZERS_TEXT), *parts)


def _ending(group: str) -> list[str]:
    entry = entries_of(group)[0]
    if "failure" in entry:
        return ["not a number", "no model"]
    return [number(entry["scores"]["train"]["loss"]), number(entry["scores"]["test"]["accuracy"])]


def regularization_page() -> str:
    """With and without, training against test."""
    check_claims("regularization", STUDY_CLAIMS["regularization"])
    groups = {name: REGULARIZATION.group(name) for name in REGULARIZATION.variants}
    rows = [
        [name, shown_epochs(group), *(shown(figure(word, group)) for word in ("train", "test", "gap", "test loss"))]
        for name, group in groups.items()
    ]
    header = ("with", "epochs", "training accuracy", "test accuracy", "gap", "test loss")
    image = f"![Training and validation loss, with and without each]({draw_regularization(groups)})"
    return _page("Regularization", filled(REGULARIZATION_TEXT), image, plain_table(header, rows))


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", NOTE, *parts]) + "\n"
