"""The colours of a plane of two inputs: a colour for each class, the fainter the less sure the network is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlpcli.plotting.style import theme
from mlpcli.runs.plane import Answers, Plane

Numbers = NDArray[np.float64]
LEAST = 1e-30
"""Probabilities below it are taken for it, before their logarithm."""
UNSURE, SURE = 0.14, 0.52
"""The share of its colour that a region has where the network is unsure of the class, and where it is sure."""
VALUE_COLOURS = "viridis"
"""Of matplotlib: as light as the value is high, for any colour vision."""


def class_colours(classes: int) -> list[str]:
    """#RRGGBB of each class; beyond as many as can be told apart they begin again (see `class_marker`)."""
    colours = theme().colours
    return [colours[index % len(colours)] for index in range(classes)]


def class_marker(index: int) -> str:
    """Of the rows of a class: classes of the same colour have different ones."""
    return "osD^v<>P*h"[index // len(theme().colours) % 10]


def class_scores(plane: Plane, outputs: NDArray[np.float32]) -> Numbers:
    """Outputs (..., units) as a number for each class (..., classes), the largest for the predicted one.

    Probabilities become logarithms, which are nearly straight lines where probabilities are steps: a border between
    two cells of the grid is then found in its place.
    """
    values = outputs.astype(np.float64)
    threshold = plane.threshold
    if not plane.probabilities:
        return values if values.shape[-1] > 1 else np.concatenate([2 * threshold - values, values], axis=-1)
    if values.shape[-1] == 1:
        values = np.concatenate([(1 - values) / max(1 - threshold, LEAST), values / max(threshold, LEAST)], axis=-1)
    return np.asarray(np.log(np.maximum(values, LEAST)))


def margins(plane: Plane, outputs: NDArray[np.float32]) -> Numbers:
    """(classes, rows, columns): how far each class is ahead of the best other one; 0 on its border.

    Of two classes one is enough.
    """
    scores = np.moveaxis(class_scores(plane, outputs), -1, 0)
    if len(scores) == 2:
        return np.asarray(scores[1:] - scores[:1])
    ranked = np.sort(scores, axis=0)
    return np.asarray(np.where(scores == ranked[-1], scores - ranked[-2], scores - ranked[-1]))


def certainty(plane: Plane, answers: Answers) -> Numbers:
    """(rows, columns): from 0, all classes are equally probable, to 1, the predicted one is certain.

    1 where the outputs are no probabilities.
    """
    assert answers.classes is not None
    if not plane.probabilities:
        return np.ones(answers.classes.shape)
    outputs = answers.outputs.astype(np.float64)
    if outputs.shape[-1] == 1:
        outputs = np.concatenate([1 - outputs, outputs], axis=-1)
    own = np.take_along_axis(outputs, answers.classes[..., np.newaxis].astype(np.int64), axis=-1)[..., 0]
    chance = 1 / outputs.shape[-1]
    return np.asarray(np.clip((own - chance) / (1 - chance), 0, 1))


def region_colours(plane: Plane, answers: Answers, steps: int | None = None) -> NDArray[np.uint8]:
    """(rows, columns, 3): the colour of the predicted class, mixed with the background.

    steps: of the mixture, where a picture may have few colours only.
    """
    assert answers.classes is not None
    sure = certainty(plane, answers)
    if steps is not None:
        sure = np.minimum(np.floor(sure * steps), steps - 1) / (steps - 1)
    share = (UNSURE + (SURE - UNSURE) * sure)[..., np.newaxis]
    colours = rgb(class_colours(len(plane.class_names or ())))[answers.classes]
    return np.asarray(np.rint((1 - share) * rgb([theme().background])[0] + share * colours), np.uint8)


def value_range(plane: Plane) -> tuple[float, float]:
    """The lowest and the highest value that a row has or is predicted to have: where the colours begin and end."""
    values = np.concatenate([values for some in plane.points for values in (some.true, some.predicted)])
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def rgb(colours: Sequence[str]) -> Numbers:
    """#RRGGBB as numbers (n, 3) from 0 to 255."""
    return np.array([[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in colours], np.float64)


def value_colours(plane: Plane, values: NDArray[np.float32], steps: int) -> NDArray[np.uint8]:
    """(rows, columns, 3): the colour of each value (rows, columns), in so many steps."""
    import matplotlib

    low, high = value_range(plane)
    place = np.clip((values - low) / (high - low), 0, 1)
    table = np.rint(matplotlib.colormaps[VALUE_COLOURS](np.linspace(0, 1, steps))[:, :3] * 255).astype(np.uint8)
    return np.asarray(table[np.rint(place * (steps - 1)).astype(np.int64)])
