"""Scores of predictions: what evaluation.json holds and the pictures are drawn from. NumPy only.

The confusion matrix and what follows from it are a few sums; scikit-learn's functions, which the tests compare with,
take longer to import than everything else that `evaluate` does on a small set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Moments, class_counts, moments_of, row_chunks
from mlpcli.data.batches import encode_targets, take_rows
from mlpcli.data.dataset import Layout, Part, Source
from mlpcli.scoring.calibration import scores_without
from mlpcli.scoring.mistakes import WorstMistakes
from mlpcli.scoring.predictor import Predictor
from mlpcli.scoring.probabilities import ProbabilityScores, predicted_classes
from mlpcli.scoring.threshold_curves import ThresholdCurves

SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "mae", "rmse", "r2")
"""Of evaluation.json, those of classes and those of numbers, in the order in which they are shown."""
SAMPLE_POINTS = 2000
"""Points of a regression that are kept for the picture; more would hide each other."""
LARGEST_ERRORS = 5
"""Of each target, that are kept besides: most samples do not have them."""
CURVE_POINTS = 201
"""At which a model with one input is asked for the picture."""


class ClassScores:
    """The confusion matrix (rows true, columns predicted), summed up over any number of batches."""

    def __init__(self, class_names: tuple[str, ...]) -> None:
        self.class_names = class_names
        self.matrix = np.zeros((len(class_names), len(class_names)), np.int64)

    def add(self, true: Array, predicted: Array) -> None:
        """Class indices (n,), true and predicted."""
        classes = len(self.class_names)
        pairs = np.bincount(true * classes + predicted, minlength=classes * classes)
        self.matrix += pairs.reshape(classes, classes)

    def result(self) -> dict[str, Any]:
        """The matrix, per-class scores, accuracy and balanced accuracy.

        A score whose denominator is zero is 0, as in scikit-learn; balanced accuracy is over the classes that occur,
        macro F1 over those that occur or are predicted.
        """
        hits, support, guesses = np.diag(self.matrix), self.matrix.sum(axis=1), self.matrix.sum(axis=0)
        precision, recall = _ratio(hits, guesses), _ratio(hits, support)
        f1 = _ratio(2 * hits, guesses + support)
        per_class = [
            {"name": name, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
            for name, p, r, f, s in zip(self.class_names, precision, recall, f1, support, strict=True)
        ]
        return {
            "class_names": list(self.class_names),
            "accuracy": float(hits.sum() / support.sum()),
            "balanced_accuracy": float(recall[support > 0].mean()),
            "macro_f1": float(f1[guesses + support > 0].mean()),
            "per_class": per_class,
            "confusion_matrix": self.matrix.tolist(),
        }


class RegressionScores:
    """Sums of errors over any number of batches, and for the pictures a sample of points and the largest errors."""

    def __init__(self, rows: int) -> None:
        """`rows` is how many there will be: the sample is spread over all of them."""
        self.rows, self._seen = rows, 0
        self._chosen = np.linspace(0, rows - 1, min(rows, SAMPLE_POINTS)).astype(int)
        self._sample: dict[str, list[Any]] = {"true": [], "predicted": []}
        self._true: Moments | None = None
        self._errors: Array = np.zeros(0)
        self._squares: Array = np.zeros(0)
        self._largest: list[Array] = []
        """For each target (k, 2): true and predicted, the largest error first."""

    def add(self, true: Array, predicted: Array, inputs: Array | None = None) -> None:
        """Numbers (n, targets), true and predicted; n is at least 1. inputs: (n, 1), where there is one."""
        true, predicted = true.astype(np.float64), predicted.astype(np.float64)
        here = self._chosen[np.searchsorted(self._chosen, self._seen) :] - self._seen
        here = here[: np.searchsorted(here, len(true))]
        for name, values in (("true", true), ("predicted", predicted)):
            self._sample[name] += values[here, 0].tolist() if values.shape[1] == 1 else values[here].tolist()
        if inputs is not None:
            self._sample.setdefault("input", []).extend(inputs[here, 0].astype(np.float64).tolist())
        self._seen += len(true)
        errors, moments = predicted - true, Moments.of(true)
        first = self._true is None
        self._true = moments if self._true is None else self._true.merged(moments)
        self._errors = np.abs(errors).sum(axis=0) + (0 if first else self._errors)
        self._squares = (errors**2).sum(axis=0) + (0 if first else self._squares)
        self._largest = self._largest or [np.zeros((0, 2))] * true.shape[1]
        pairs = np.stack([true, predicted], axis=2)
        self._largest = [_largest(kept, pairs[:, target]) for target, kept in enumerate(self._largest)]

    def result(self, names: tuple[str, ...] = (), units: tuple[str, ...] = ()) -> dict[str, Any]:
        """MAE, RMSE and R2, and the sample: a number per row and target, or lists (n, targets) of several.

        `largest_errors` are as the sample, but of several targets a list has the values of several rows.
        Of several targets the scores are averages, and `targets` has those of each, under its name where it is known.
        A unit is there where it is known, too.
        """
        assert self._true is not None
        scores = {
            "mae": float(self._errors.mean() / self._seen),
            "rmse": float(np.sqrt(self._squares.mean() / self._seen)),
            "r2": explained(self._squares, self._true),
        }
        if len(self._errors) == 1:
            known = {"target_unit": units[0]} if any(units) else {}
            drawn = {"sample": self._sample, "largest_errors": self._largest_errors()}
            return {**scores, **drawn, "target_name": next(iter(names), None), **known}
        targets = self._each(names)
        for target, unit in zip(targets, units, strict=False):
            target |= {"unit": unit} if unit else {}
        return {**scores, "targets": targets, "sample": self._sample, "largest_errors": self._largest_errors()}

    def _largest_errors(self) -> dict[str, list[Any]]:
        pairs = np.stack(self._largest, axis=1)
        values = pairs[:, 0] if len(self._largest) == 1 else pairs
        return {"true": values[..., 0].tolist(), "predicted": values[..., 1].tolist()}

    def _each(self, names: tuple[str, ...]) -> list[dict[str, Any]]:
        assert self._true is not None
        r2 = explained_each(self._squares, self._true)
        return [
            {
                "name": names[index] if names else None,
                "mae": float(self._errors[index] / self._seen),
                "rmse": float(np.sqrt(self._squares[index] / self._seen)),
                "r2": float(r2[index]),
            }
            for index in range(len(r2))
        ]


def _largest(kept: Array, pairs: Array) -> Array:
    """The pairs (k, 2) of true and predicted that are furthest apart, of those kept and of new ones (n, 2)."""
    errors = np.abs(pairs[:, 0] - pairs[:, 1])
    least = np.abs(kept[-1, 0] - kept[-1, 1]) if len(kept) == LARGEST_ERRORS else -1.0
    found = np.concatenate([kept, pairs[~(errors <= least)]])  # what is not a number is the last to be kept
    return found[np.argsort(-np.abs(found[:, 0] - found[:, 1]), kind="stable")[:LARGEST_ERRORS]]


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def baseline(task: str, y_train: Array, y_eval: Array, class_names: tuple[str, ...] | None) -> dict[str, str | float]:
    """The scores on y_eval of always guessing what y_train suggests; works in chunks, so also on rows on disk.

    Classes (n,): {"name", "accuracy"}; the first class where several are most frequent.
    Numbers (n,) or (n, k): {"name", "mae", "rmse", "r2"}; r2 is the average over the targets.
    """
    if task != "regression" and class_names is not None:
        guess = int(np.argmax(class_counts(y_train, len(class_names))))
        hits = int(class_counts(y_eval, len(class_names))[guess])
        return {"name": f'always "{class_names[guess]}"', "accuracy": hits / len(y_eval)}
    return _mean_baseline(y_train, y_eval)


def _mean_baseline(y_train: Array, y_eval: Array) -> dict[str, str | float]:
    mean = _moments(y_train).mean
    absolute, squares = np.zeros(len(mean)), np.zeros(len(mean))
    for chunk in row_chunks(y_eval):
        errors = _numbers(y_eval[chunk]) - mean
        absolute += np.abs(errors).sum(axis=0)
        squares += (errors**2).sum(axis=0)
    return {
        "name": f"always the mean ({float(mean[0]):.4g})" if y_train.ndim == 1 else "always the mean of each target",
        "mae": float(absolute.mean() / len(y_eval)),
        "rmse": float(np.sqrt(squares.mean() / len(y_eval))),
        "r2": explained(squares, _moments(y_eval)),
    }


def explained(squares: Array, true: Moments) -> float:
    """R2 as `explained_each` gives it, averaged over the targets."""
    return float(explained_each(squares, true).mean())


def explained_each(squares: Array, true: Moments) -> Array:
    """R2 (targets,): the share of the variance explained, from summed squared errors (targets,).

    Of targets that do not vary, 1 if they are met exactly and 0 if not.
    """
    varies = true.low < true.high
    return np.where(varies, 1 - squares / np.where(varies, true.squares, 1), np.where(squares > 0, 0.0, 1.0))


def _moments(y: Array) -> Moments:
    return moments_of(y) or reduce(Moments.merged, (Moments.of(_numbers(y[chunk])) for chunk in row_chunks(y)))


def _numbers(y: Array) -> Array:
    """Targets as (n, k) in float64."""
    return y.astype(np.float64).reshape(len(y), -1)


def with_names(chosen: Mapping[str, Any], targets: Sequence[str], known: Layout | Source) -> dict[str, Any]:
    """What was chosen (see `evaluate_part`), with what the targets and the first input are called and measured in."""
    return {
        **chosen,
        "target_names": targets,
        "target_units": known.preprocessing.target_units if known.preprocessing is not None else (),
        "input_name": (known.feature_names or (None,))[0],
    }


def evaluate_part(
    predictor: Predictor,
    chosen: dict[str, Any],
    part: Part,
    split: str,
    train_targets: Array | None,
    worst: WorstMistakes | None = None,
) -> dict[str, Any]:
    """Loss, metrics and scores of one part.

    Args:
        predictor: the model.
        chosen: task, labels, threshold, class_names, as the plan decided and the model's metadata keeps; target_names,
            target_units and input_name (of a model with one input) where they are known; probabilities: whether the
            outputs are those of the classes (see `gives_probabilities`); calibration: what the metadata says of one.
        part: the rows.
        split: what the rows are called: test, validation, train, or the name of another source.
        train_targets: raw targets of the training rows, for the baseline; None if unknown.
        worst: is shown all rows.
    """
    names = tuple(chosen["class_names"] or ())
    scores = _Scores(chosen, part, names, worst)
    losses = predictor.losses(part, encode_targets(part.y, chosen["labels"], len(names)), scores.add)
    result: dict[str, Any] = {"split": split, "task": chosen["task"], "rows": len(part), "loss": losses.pop("loss")}
    result["metrics"] = losses
    result |= scores.result()
    if calibration := chosen.get("calibration"):
        without = scores_without(predictor, part, calibration["temperature"])
        result["calibration"] = {**calibration, "without": without.result()}
        result.setdefault("reliability", {})["without"] = without.bins()
    if "input" in result.get("sample", {}):
        result["curve"] = fitted_curve(predictor, result["sample"]["input"])
        result["input_name"] = chosen.get("input_name")
    if train_targets is not None:
        result["baseline"] = baseline(chosen["task"], train_targets, part.y[part.indices], names or None)
    return result


def fitted_curve(predictor: Predictor, inputs: Sequence[float]) -> dict[str, list[float]]:
    """What a model with one input predicts from the lowest to the highest input, for the picture."""
    x = np.linspace(min(inputs), max(inputs), CURVE_POINTS).astype(np.float32)
    predicted = predictor.predict(Part(x[:, np.newaxis], np.zeros(len(x)), np.arange(len(x))))
    return {"input": x.tolist(), "predicted": predicted[:, 0].astype(np.float64).tolist()}


class _Scores:
    """The scores of a part, summed up batch by batch: nothing is kept of the rows."""

    def __init__(self, chosen: dict[str, Any], part: Part, names: tuple[str, ...], worst: WorstMistakes | None) -> None:
        self.chosen, self.y, self.worst = chosen, part.y, worst
        regression = chosen["task"] == "regression"
        drawn = regression and part.x.shape[1:] == (1,) and part.y.shape[1:] in ((), (1,))
        self.x = part.x if drawn else None
        self.sums = RegressionScores(len(part)) if regression else ClassScores(names)
        probable = bool(chosen.get("probabilities")) and not regression
        self.probabilities = ProbabilityScores() if probable else None
        self.curves = None if regression else ThresholdCurves(len(part), names, probable)
        self.one_output = chosen["task"] == "binary"

    def add(self, rows: Array, outputs: Array) -> None:
        """Rows (n,) of the source, and outputs (n, units) for them."""
        if self.worst is not None:
            self.worst.add(rows, self.y[rows], outputs)
        if isinstance(self.sums, RegressionScores):
            inputs = None if self.x is None else take_rows(self.x, rows)
            self.sums.add(self.y[rows].reshape(len(rows), -1), outputs, inputs)
            return
        true = self.y[rows]
        self.sums.add(true, predicted_classes(outputs, self.chosen["threshold"]))
        for scores in (self.probabilities, self.curves):
            if scores is not None:
                scores.add(true, outputs)

    def result(self) -> dict[str, Any]:
        if isinstance(self.sums, RegressionScores):
            return self.sums.result(*(tuple(self.chosen.get(key) or ()) for key in ("target_names", "target_units")))
        assert self.curves is not None
        found = self.sums.result()
        curves, areas = self.curves.result()
        if curves and len(areas) == 2:
            even = 0.5 if self.probabilities is not None else 0.0
            curves["threshold_curves"]["threshold"] = self.chosen["threshold"] if self.one_output else even
        for row, own in zip(found["per_class"], areas, strict=True):
            row |= own
        if self.probabilities is not None:
            found |= {**self.probabilities.result(), "reliability": self.probabilities.bins()}
        return {**found, **curves}
