"""From a model's outputs to what people read: labels with their probabilities, or numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.errors import ModelFileError, UserError
from mlpcli.workflows.prediction.batch import InputBatch

PROBABILITIES = ("softmax", "sparsemax", "sigmoid", "hard_sigmoid")
"""Output activations between 0 and 1; what others give to classes is called a score."""


@dataclass(frozen=True)
class Meaning:
    """What the outputs of a model stand for.

    class_names: None where it predicts numbers. threshold: binary, above it is the second class. outputs: how many
    there are for each row. score: "probability", or "score" where the outputs are none. target: the column it learnt.
    """

    task: str
    class_names: tuple[str, ...] | None
    threshold: float
    outputs: int
    score: str
    target: str | None

    def check_top(self, top: int) -> int:
        """How many classes are named for each row: `top`, or all where there are fewer.

        Raises:
            UserError: fewer than one, or several where there are no classes.
        """
        if top < 1:
            raise UserError(f"--top {top}: must be at least 1")
        if self.class_names is None and top > 1:
            raise UserError("--top: is for classes, and this model predicts a number; leave it out")
        return min(top, len(self.class_names or (None,)))


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers for one batch of rows.

    classes, scores: (n, top), the best class first, as indices; both None where the model predicts numbers.
    """

    batch: InputBatch
    outputs: Array
    classes: Array | None
    scores: Array | None

    def __len__(self) -> int:
        return len(self.outputs)


def meaning_of(file: Path, metadata: dict[str, Any]) -> Meaning:
    """What the outputs mean, from the file's metadata and the activation of its last layer.

    Raises:
        ModelFileError: the file is damaged.
    """
    from mlpcli.artifacts.model_file import read_architecture

    plan = metadata["plan"]
    try:
        layers = read_architecture(file)["config"]["layers"]
        activation = layers[-1]["config"].get("activation")
        names = None if plan["class_names"] is None else tuple(str(name) for name in plan["class_names"])
        outputs = 1 if plan["task"] == "binary" else int(plan.get("targets", 1)) if names is None else len(names)
        if (names is None) != (plan["task"] == "regression") or (plan["task"] == "binary" and len(names or ()) != 2):
            raise ValueError("task and classes do not agree")
        target = metadata["config"].get("data", {}).get("target")
        score = "probability" if activation in PROBABILITIES else "score"
        return Meaning(str(plan["task"]), names, float(plan["threshold"]), outputs, score, target)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(
            f"{file}: its mlpcli metadata is damaged ({error}); restore the file or train again"
        ) from error


def answers(batch: InputBatch, outputs: Array, meaning: Meaning, top: int) -> Answers:
    """Rank the classes of each row of outputs (n, units).

    Raises:
        UserError: an output is not a number, and so is no answer.
    """
    good = np.isfinite(outputs).all(axis=1)
    if not good.all():
        raise UserError(
            f"{batch.place(int(np.argmin(good)))}: the model's answer is not a number; its values are probably far"
            " outside of those it was trained on: correct or remove the row"
        )
    if meaning.class_names is None:
        return Answers(batch, outputs, None, None)
    # A binary model has one output, for the second class; the first has what is as far on the threshold's other side.
    scores = outputs if outputs.shape[1] > 1 else np.hstack([2 * meaning.threshold - outputs, outputs])
    classes = np.argsort(-scores, axis=1, kind="stable")[:, :top]
    return Answers(batch, outputs, classes, np.take_along_axis(scores, classes, axis=1))


def entries(found: Answers, meaning: Meaning) -> Iterator[dict[str, Any]]:
    """One dictionary per row: input, row (not for pictures), then label and probability, or value.

    With more than one class asked for, `top` lists them, the best first; with several targets, `values` are all.
    """
    names, batch = meaning.class_names or (), found.batch
    for index in range(len(found)):
        entry: dict[str, Any] = {"input": batch.name(index)}
        if batch.first is not None:
            entry["row"] = batch.first + index
        if found.classes is None or found.scores is None:
            values = [_shortest(value) for value in found.outputs[index]]
            yield entry | ({"value": values[0]} if len(values) == 1 else {"values": values})
            continue
        ranked = [
            {"label": names[which], meaning.score: _shortest(score)}
            for which, score in zip(found.classes[index], found.scores[index], strict=True)
        ]
        yield entry | ranked[0] | ({"top": ranked} if len(ranked) > 1 else {})


def _shortest(value: np.generic) -> float:
    """The number with the fewest digits that is the same 32-bit number: 0.8, and not 0.800000011920929."""
    return float(str(value))
