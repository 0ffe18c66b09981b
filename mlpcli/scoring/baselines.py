"""scikit-learn's linear model and its MLP on the same rows: what a network should be better than, or as good as."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Part
from mlpcli.data.streaming.disk_rows import on_disk
from mlpcli.errors import UserError
from mlpcli.scoring.scores import SCORES, ClassScores, RegressionScores
from mlpcli.text import number

LARGE = 2_000_000
"""Numbers in the training rows beyond which the linear model of classes is fitted by gradient descent."""
MANY_ROWS = 2_000
"""From which the MLP holds out a tenth of them to stop early."""
NOT_CONVERGED = "stopped before it converged"


@dataclass(frozen=True)
class Baseline:
    """A model of scikit-learn.

    name: of its class; scores: those of evaluation.json, {} if it could not be trained; note: what to know of it.
    """

    name: str
    scores: dict[str, float]
    seconds: float
    note: str


def scikit_learn_baselines(
    task: str, class_names: tuple[str, ...] | None, train: Part, part: Part, seed: int
) -> list[Baseline]:
    """Train both on the rows of `train`, and score them on those of `part`, with standardized inputs and targets.

    Args:
        task: regression, or anything else for classes.
        class_names: of the class indices in y; None for numbers.
        train, part: of the same source or not; each example is one row of numbers, pictures as well.
        seed: of scikit-learn's draws.

    Raises:
        UserError: the rows are on disk.
    """
    check_in_memory(train)
    x, y = _rows(train)
    held, true = _rows(part)
    return [_fitted(model, x, y, held, true, class_names) for model in _models(task, x.shape, seed)]


def baseline_table(evaluation: dict[str, Any]) -> tuple[list[str], list[list[str]], list[str]]:
    """Columns and rows with the network's scores and theirs, and what to know of them; no rows without any."""
    found = evaluation.get("scikit_learn") or []
    names = [name for name in SCORES if found and name in evaluation]
    if not names:
        return [], [], []
    rows = [["this network", *(number(evaluation[name]) for name in names)]]
    for model in found:
        scores = [number(model["scores"][name]) if name in model["scores"] else "-" for name in names]
        rows.append([f"scikit-learn's {model['name']}", *scores])
    return ["", *names], rows, [f"{model['name']} {model['note']}" for model in found if model["note"]]


def check_in_memory(train: Part) -> None:
    """Refuse training rows that scikit-learn cannot take.

    Raises:
        UserError: they are on disk.
    """
    if on_disk(train.x):
        advice = "train with data.streaming: never"
        raise UserError(f"--baseline: the rows are on disk, and scikit-learn needs them in memory; {advice}")


def _rows(part: Part) -> tuple[Array, Array]:
    """x (n, inputs) in float32, and y (n,) or (n, targets)."""
    x = part.x[part.indices]
    return x.reshape(len(x), -1).astype(np.float32), part.y[part.indices]


def _models(task: str, shape: tuple[int, ...], seed: int) -> Iterator[Any]:
    from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    early = shape[0] >= MANY_ROWS
    if task == "regression":
        yield Ridge()
        yield MLPRegressor(early_stopping=early, random_state=seed)
        return
    if shape[0] * shape[1] > LARGE:
        yield SGDClassifier(loss="log_loss", random_state=seed)
    else:
        yield LogisticRegression(max_iter=1000)
    yield MLPClassifier(early_stopping=early, random_state=seed)


def _fitted(model: Any, x: Array, y: Array, held: Array, true: Array, class_names: tuple[str, ...] | None) -> Baseline:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    name, started, note = type(model).__name__, time.perf_counter(), ""
    scaled = make_pipeline(StandardScaler(), model)
    whole = scaled if class_names is not None else TransformedTargetRegressor(scaled, transformer=StandardScaler())
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            whole.fit(x, y)
        except ValueError as error:  # a single class, for example
            return Baseline(name, {}, time.perf_counter() - started, f"cannot be trained: {str(error).splitlines()[0]}")
    if any(issubclass(warning.category, ConvergenceWarning) for warning in said):
        note = NOT_CONVERGED
    return Baseline(name, _scores(whole.predict(held), true, class_names), time.perf_counter() - started, note)


def _scores(predicted: Array, true: Array, class_names: tuple[str, ...] | None) -> dict[str, float]:
    sums: ClassScores | RegressionScores
    if class_names is not None:
        sums = ClassScores(class_names)
        sums.add(true, predicted)
    else:
        sums = RegressionScores(len(true))
        sums.add(true.reshape(len(true), -1), predicted.reshape(len(true), -1))
    return {name: value for name, value in sums.result().items() if name in SCORES}
