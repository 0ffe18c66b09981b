"""The figures that tutorials give, beside what the recipes gave."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.recipes.lessons import lesson
from benchmarks.recipes.results import Entry, finished, metric_of
from benchmarks.report import plain_table


@dataclass(frozen=True)
class Told:
    """What a tutorial tells: a figure of a part's score or loss, and where it stands in our results."""

    exercise: str
    what: str
    theirs: float
    recipe: str
    part: str
    measure: str
    """score, loss, or a place in the curve of the training loss: first, last."""


TOLD = (
    Told("64-32-64 sigmoid, 200 epochs", "test accuracy", 0.9706, "mnist/sigmoid_sgd", "test", "score"),
    Told("64-32-64 sigmoid, 200 epochs", "test loss", 0.1008, "mnist/sigmoid_sgd", "test", "loss"),
    Told("Dense-BatchNorm-Dense, 100 epochs", "training accuracy", 1.0, "mnist/tutorial_batchnorm", "train", "score"),
    Told("Dense-BatchNorm-Dense, 100 epochs", "validation", 0.9665, "mnist/tutorial_batchnorm", "validation", "score"),
    Told("100-50 with Dropout", "training accuracy", 0.9924, "mnist/tutorial_dropout", "train", "score"),
    Told("100-50 with Dropout", "validation accuracy", 0.9780, "mnist/tutorial_dropout", "validation", "score"),
    Told("L2, early stopping, loaded from .h5", "accuracy", 0.9765, "mnist/tutorial_l2_dropout_h5", "test", "score"),
    Told("convolutions, Adam", "mean cost of epoch 1", 0.472, "mnist/convolutional_adam", "", "first"),
    Told("convolutions, Adam", "of the last epoch", 0.022, "mnist/convolutional_adam", "", "last"),
    Told("convolutions, RMSprop", "mean cost of epoch 1", 1.177, "mnist/convolutional_rmsprop", "", "first"),
    Told("convolutions, RMSprop", "of the last epoch", 0.028, "mnist/convolutional_rmsprop", "", "last"),
)  # fmt: skip


def tutorials_section() -> str:
    """Theirs, ours, the difference, and why it is what it is."""
    rows = [_row(told) for told in TOLD]
    header = ("exercise", "figure", "tutorial", "ours", "difference", "recipe")
    return "\n\n".join(["## Beside the tutorials", plain_table(header, rows), lesson("tutorials")])


def _row(told: Told) -> list[str]:
    values = [_value(told, entry) for entry in finished(told.recipe) if told.part or "history" in entry]
    mean = sum(values) / len(values)
    spread = f" ({min(values):.4f} to {max(values):.4f})" if len(values) > 1 else ""
    link = f"[{told.recipe}](../configs/{told.recipe}.yaml)"
    return [told.exercise, told.what, f"{told.theirs:.4f}", f"{mean:.4f}{spread}", f"{mean - told.theirs:+.4f}", link]


def _value(told: Told, entry: Entry) -> float:
    if told.part:
        return float(entry["scores"][told.part]["loss" if told.measure == "loss" else metric_of(entry)])
    return float(entry["history"]["loss"][0 if told.measure == "first" else -1])
