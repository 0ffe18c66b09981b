"""Losses and metrics that mean nothing for the values of the targets, which are known once the rows are there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.arrays import Array, row_chunks
from mlpcli.config.losses import Loss
from mlpcli.config.metrics import Metric, R2Score
from mlpcli.errors import SettingError

if TYPE_CHECKING:
    from mlpcli.data.dataset import Part, Splits
    from mlpcli.model.plan import Plan

_NOT_BELOW_0 = ("mean_squared_logarithmic_error", "poisson")
"""Keras reads a negative target as 0 in the first, and follows the second down without end."""
_NOT_0 = "mean_absolute_percentage_error"
_SMALLEST = 1e-7
"""Keras divides by this where a target is nearer to 0, so that one row outweighs all others."""


def depends_on_targets(plan: Plan) -> bool:
    """Whether the values of the targets decide if the loss and the metrics mean something."""
    tags = (plan.loss.tag, *(metric.tag for metric in plan.metrics))
    return plan.task == "regression" and any(tag in (*_NOT_BELOW_0, _NOT_0, R2Score.tag) for tag in tags)


def check_targets(plan: Plan, splits: Splits) -> None:
    """Refuse a loss or a metric that the targets of a part make meaningless.

    Raises:
        SettingError: the key of the first one, the part, what was found there, and what to use instead.
    """
    if not depends_on_targets(plan):
        return
    for part, targets in _targets(splits):
        for key, chosen in _chosen(plan):
            message = _wrong_targets(chosen, part, targets)
            if message:
                raise SettingError(key, message)


def _targets(splits: Splits) -> Iterator[tuple[str, Array]]:
    parts: list[tuple[str, Part | None]] = [
        ("training", splits.train), ("validation", splits.validation), ("test", splits.test)
    ]  # fmt: skip
    for name, part in parts:
        if part is not None:
            targets = part.y[part.indices]  # on disk where the rows are; all of them take four bytes a target
            yield name, np.concatenate([targets[chunk] for chunk in row_chunks(targets)])


def _chosen(plan: Plan) -> Iterator[tuple[str, Loss | Metric]]:
    yield "training.loss", plan.loss
    for index, metric in enumerate(plan.metrics):
        yield f"training.metrics[{index}]", metric


def _wrong_targets(chosen: Loss | Metric, part: str, targets: Array) -> str | None:
    """What is wrong with the targets of a part, (n,) or (n, k)."""
    if chosen.tag in _NOT_BELOW_0:
        below = _rows(targets < 0)
        found = f"{_of(below, part, targets)} below 0 (the lowest is {targets.min():g})" if below else ""
        return found and f"{chosen.tag} needs targets of 0 or more, but {found}; use mean_squared_error"
    if chosen.tag == _NOT_0:
        zeros = _rows(np.abs(targets) < _SMALLEST)
        found = f"{_of(zeros, part, targets)} 0" if zeros else ""
        return found and f"{chosen.tag} divides by the target, but {found}; use mean_absolute_error"
    return _wrong_variance(chosen, part, targets) if isinstance(chosen, R2Score) else None


def _wrong_variance(metric: R2Score, part: str, targets: Array) -> str | None:
    """R2 compares with the variance of the targets, and adjusted R2 needs more rows than regressors."""
    if (targets.max(axis=0) == targets.min(axis=0)).any():
        found = f"only one {part} row" if len(targets) == 1 else f"one value in all {len(targets):,} {part} rows"
        return (
            f"r2_score needs targets that differ, but there is {found}; give the {part} part other rows, or use"
            " mean_absolute_error"
        )
    if metric.num_regressors >= len(targets) - 1 and metric.num_regressors:
        return (
            f"num_regressors {metric.num_regressors} needs {metric.num_regressors + 2:,} rows or more, but the {part}"
            f" part has {len(targets):,}; use a smaller one, or remove it"
        )
    return None


def _rows(wrong: Array) -> int:
    return int(np.count_nonzero(wrong.reshape(len(wrong), -1).any(axis=1)))


def _of(wrong: int, part: str, targets: Array) -> str:
    return f"{wrong:,} of the {len(targets):,} {part} rows {'is' if wrong == 1 else 'are'}"
