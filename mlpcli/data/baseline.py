"""What a model must beat: always the most frequent class, or always the mean."""

from __future__ import annotations

import numpy as np

from mlpcli.data.dataset import Array


def baseline(task: str, y_train: Array, y_eval: Array, class_names: tuple[str, ...] | None) -> dict[str, str | float]:
    """The scores on y_eval of the guess that y_train alone suggests.

    Classes (n,): {"name", "accuracy"}; the first class where several are most frequent.
    Numbers (n,) or (n, k): {"name", "mae", "rmse", "r2"}; r2 is the average over the targets.
    """
    if task != "regression" and class_names is not None:
        guess = int(np.argmax(np.bincount(y_train)))
        return {"name": f'always "{class_names[guess]}"', "accuracy": float(np.mean(y_eval == guess))}
    return _mean_baseline(y_train.astype(np.float64), y_eval.astype(np.float64))


def _mean_baseline(y_train: Array, y_eval: Array) -> dict[str, str | float]:
    mean = y_train.mean(axis=0)
    errors = y_eval - mean
    name = f"always the mean ({float(mean):.4g})" if mean.ndim == 0 else "always the mean of each target"
    return {
        "name": name,
        "mae": float(np.abs(errors).mean()),
        "rmse": float(np.sqrt((errors**2).mean())),
        "r2": _r2(errors, y_eval),
    }


def _r2(errors: Array, y_eval: Array) -> float:
    """Share of the variance explained; of targets that do not vary, 1 if they are met exactly and 0 if not."""
    unexplained = (errors**2).sum(axis=0)
    total = ((y_eval - y_eval.mean(axis=0)) ** 2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(total > 0, 1 - unexplained / total, np.where(unexplained > 0, 0.0, 1.0))
    return float(r2.mean())
