"""How far the members of a model differ in their answers, as uncertainty beside each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array
from mlpcli.modelfile.card import Meaning


@dataclass(frozen=True, eq=False)
class Spread:
    """How far the members of a model differ.

    deviations: (n, targets), the standard deviations (divided by members - 1) of what they predict, in the target's
    units; or (n, 1) of the probability that they give the predicted class. agree: (n,), the share of members that would
    predict it, too; None for numbers.
    """

    deviations: Array
    agree: Array | None

    @classmethod
    def of(cls, members: Array, classes: Array | None, meaning: Meaning) -> Spread:
        """From the outputs (members, n, units) of each, and the predicted classes (n, top)."""
        if classes is None:
            return cls(members.std(axis=0, ddof=1), None)
        scores, best = class_scores(members, meaning.threshold), classes[:, :1]
        ranks = scores if meaning.chosen is None else class_scores(members, meaning.chosen)
        own = np.take_along_axis(scores, np.broadcast_to(best, (len(scores), *best.shape)), axis=2)
        return cls(own.std(axis=0, ddof=1), (ranks.argmax(axis=2) == best[:, 0]).mean(axis=0))


def class_scores(outputs: Array, threshold: float) -> Array:
    """Outputs (..., units) as a score for each class: a binary model has one, for the second class.

    The first has what is as far on the threshold's other side.
    """
    if outputs.shape[-1] > 1:
        return outputs
    return np.concatenate([2 * threshold - outputs, outputs], axis=-1)
