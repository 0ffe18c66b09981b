"""plane.npz: what a network with two inputs says to the whole plane that its rows lie in, and some of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.runs.array_file import read_run_arrays, write_arrays
from mlpcli.runs.directory import PLANE
from mlpcli.runs.run_file import MIB

FORMAT = 1
LARGEST = 8 * MIB
MOST_CLASSES = 100


@dataclass(frozen=True, eq=False)
class Answers:
    """What the network says to every cell of a grid.

    outputs: (rows, columns, units) float32. classes: the predicted ones (rows, columns) as indices; None for numbers.
    """

    outputs: Array
    classes: Array | None


@dataclass(frozen=True, eq=False)
class Points:
    """Some rows of a part, evenly spread over it. xy: (n, 2). true, predicted: (n,), class indices or numbers.

    part: train, validation or test. rows: how many the part has.
    """

    part: str
    rows: int
    xy: Array
    true: Array
    predicted: Array


@dataclass(frozen=True, eq=False)
class HiddenLayer:
    """The outputs of some units of a hidden layer on a square grid over the same plane.

    activation: as Keras names it; "" for none. units: of the whole layer. tiles: (shown, side, side) signed bytes;
    127 stands for the unit's largest output in either direction, `largest` (shown,).
    """

    activation: str
    units: int
    tiles: Array
    largest: Array


@dataclass(frozen=True, eq=False)
class Plane:
    """The file.

    names, units: of both inputs. x: (columns,), y: (rows,), the middles of the grid's cells, ascending. class_names:
    None where a number is predicted, which is called target_name and measured in target_unit ("" if not known).
    threshold: of a single output for two classes. probabilities: whether the outputs are those of the classes.
    hidden: the first hidden layers; layers: how many there are.
    """

    names: tuple[str, str]
    units: tuple[str, str]
    class_names: tuple[str, ...] | None
    target_name: str
    target_unit: str
    threshold: float
    probabilities: bool
    x: Array
    y: Array
    answers: Answers
    points: tuple[Points, ...]
    hidden: tuple[HiddenLayer, ...] = ()
    layers: int = 0


def write_plane(run: Path, plane: Plane) -> None:
    """Replace the file in one piece (raises OutputError)."""
    content = {
        **vars(plane),
        "format": FORMAT,
        "answers": vars(plane.answers),
        "points": [vars(points) for points in plane.points],
        "hidden": [vars(layer) for layer in plane.hidden],
    }
    write_arrays(run / PLANE, content)


def read_plane(run: Path) -> Plane | None:
    """What the file says; None where a run has none: it has other inputs, is an older one, or has not ended.

    Raises:
        RunDirectoryError: the file is damaged.
    """
    return read_run_arrays(run / PLANE, LARGEST, _plane)


def _plane(found: Mapping[str, Any]) -> Plane:
    if found["format"] != FORMAT:
        raise ValueError(f"it has format {found['format']}, but this mlpcli reads {FORMAT}")
    names = found["class_names"]
    classes = None if names is None else tuple(map(str, names))
    x, y = (_numbers(found[key], 1) for key in ("x", "y"))
    outputs = _numbers(found["answers"]["outputs"], 3)
    if outputs.shape[:2] != (len(y), len(x)) or not all(side.size > 1 and (np.diff(side) > 0).all() for side in (x, y)):
        raise ValueError("its grid and outputs do not agree")
    first, second = map(str, found["names"])
    unit, other_unit = map(str, found["units"])
    return Plane(
        (first, second), (unit, other_unit), classes, str(found["target_name"]), str(found["target_unit"]),
        float(found["threshold"]), bool(found["probabilities"]), x, y,
        Answers(outputs, _classes(found["answers"]["classes"], outputs, classes)),
        tuple(_points(part, classes) for part in found["points"]),
        tuple(_hidden(layer) for layer in found["hidden"]), int(found["layers"]),
    )  # fmt: skip


def _classes(found: Any, outputs: Array, names: tuple[str, ...] | None) -> Array | None:
    if names is None:
        if outputs.shape[2] != 1:
            raise ValueError("it has several outputs for one number")
        return None
    wanted = (1, 2) if len(names) == 2 else (len(names),)
    if outputs.shape[2] not in wanted or len(names) > MOST_CLASSES:
        raise ValueError("its outputs are not those of its classes")
    classes = _indices(found, len(names))
    if classes.shape != outputs.shape[:2]:
        raise ValueError("its classes are not those of its grid")
    return classes


def _points(found: Mapping[str, Any], names: tuple[str, ...] | None) -> Points:
    xy = _numbers(found["xy"], 2)
    true, predicted = (
        _numbers(found[key], 1) if names is None else _indices(found[key], len(names)) for key in ("true", "predicted")
    )
    if xy.shape != (len(true), 2) or true.shape != predicted.shape:
        raise ValueError("its points and their targets do not agree")
    return Points(str(found["part"]), int(found["rows"]), xy, true, predicted)


def _hidden(found: Mapping[str, Any]) -> HiddenLayer:
    tiles, largest = found["tiles"], _numbers(found["largest"], 1)
    if not isinstance(tiles, np.ndarray) or tiles.dtype != np.int8 or tiles.ndim != 3 or len(tiles) != len(largest):
        raise ValueError("its tiles are not those of units")
    return HiddenLayer(str(found["activation"]), int(found["units"]), tiles, largest)


def _numbers(found: Any, axes: int) -> Array:
    if (
        not isinstance(found, np.ndarray)
        or found.dtype.kind != "f"
        or found.ndim != axes
        or not np.isfinite(found).all()
    ):
        raise ValueError("an array of numbers was expected")
    return found


def _indices(found: Any, classes: int) -> Array:
    if (
        not isinstance(found, np.ndarray)
        or found.dtype.kind != "i"
        or (found.size and not 0 <= found.min() <= found.max() < classes)
    ):
        raise ValueError("an array of classes was expected")
    return found
