"""What a model must beat: always the most frequent class, or always the mean."""

from __future__ import annotations

from functools import reduce

import numpy as np

from mlpcli.data.arrays import row_chunks
from mlpcli.data.class_weights import class_counts
from mlpcli.data.dataset import Array
from mlpcli.data.streaming.moments import Moments, moments_of


def baseline(task: str, y_train: Array, y_eval: Array, class_names: tuple[str, ...] | None) -> dict[str, str | float]:
    """The scores on y_eval of the guess that y_train alone suggests; works in chunks, on rows on disk, too.

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
    """R2: the share of the variance explained, from summed squared errors (targets,), averaged over the targets.

    Of targets that do not vary, 1 if they are met exactly and 0 if not.
    """
    varies = true.low < true.high
    r2 = np.where(varies, 1 - squares / np.where(varies, true.squares, 1), np.where(squares > 0, 0.0, 1.0))
    return float(r2.mean())


def _moments(y: Array) -> Moments:
    return moments_of(y) or reduce(Moments.merged, (Moments.of(_numbers(y[chunk])) for chunk in row_chunks(y)))


def _numbers(y: Array) -> Array:
    """Targets as (n, k) in float64."""
    return y.astype(np.float64).reshape(len(y), -1)
