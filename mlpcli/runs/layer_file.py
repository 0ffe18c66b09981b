"""layers.json: what the layers of a run were like before its first epoch and at its end, in a few numbers each."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import RunDirectoryError
from mlpcli.files import json_text, write_text
from mlpcli.runs.directory import LAYERS
from mlpcli.runs.run_file import LARGEST_LAYERS, read_run_json

if TYPE_CHECKING:
    from mlpcli.arrays import Array

MOST_BINS = 1000
"""Of a histogram that is read."""
MOST_LAYERS = 50


@dataclass(frozen=True)
class Values:
    """Many numbers in short.

    counts: of the bins of equal width from low to high, of which a few values may lie far outside; a single one where
    all values are equal. mean, deviation: (standard) of all values; None where one of them is not finite. zeros: the
    share of values that are exactly 0, which are in no bin, where a rectifier gives them; else 0.
    """

    low: float
    high: float
    counts: tuple[int, ...]
    mean: float | None
    deviation: float | None
    zeros: float = 0.0


@dataclass(frozen=True)
class LayerNumbers:
    """A layer with a kernel, and the outputs of its units behind their activation for the sampled rows.

    activation: as Keras names it; None for a linear layer. output: whether it is the output layer. dead: units that are
    0 for all rows; None where units cannot die. saturated: units that are at a limit of their activation for nearly all
    rows; at_limit: the share of all values that are; both None where there are no limits.
    """

    name: str
    activation: str | None
    units: int
    output: bool
    weights: Values
    outputs: Values
    dead: int | None = None
    saturated: int | None = None
    at_limit: float | None = None


@dataclass(frozen=True)
class UnitPictures:
    """The weights of the strongest units of the first layer, each as a picture of the size of the inputs.

    units: of the whole layer. shown: which of them, from 0, the strongest first. largest: for each of these, the weight
    that 127 stands for. shape: (height, width, channels). pixels: (shown, *shape) signed bytes in base64.
    """

    layer: str
    units: int
    shown: tuple[int, ...]
    largest: tuple[float, ...]
    shape: tuple[int, ...]
    pixels: str

    @classmethod
    def of(cls, layer: str, units: int, shown: Sequence[int], weights: Array) -> UnitPictures:
        """From weights (shown, height, width, channels)."""
        import numpy as np

        largest = np.abs(weights).max(axis=(1, 2, 3), keepdims=True).astype(np.float64)
        largest[largest == 0] = 1.0
        pixels = np.rint(weights * (127 / largest)).astype(np.int8)
        text = base64.b64encode(pixels.tobytes()).decode("ascii")
        return cls(layer, units, tuple(shown), tuple(largest.ravel().tolist()), pixels.shape[1:], text)

    @property
    def weights(self) -> Array:
        """(shown, height, width, channels), to within a 250th of the unit's largest.

        Raises:
            ValueError: the pixels are not as many as the shape says.
        """
        import numpy as np

        pixels = np.frombuffer(base64.b64decode(self.pixels, validate=True), np.int8)
        scale = np.array(self.largest, np.float64).reshape(-1, 1, 1, 1) / 127
        return pixels.reshape(len(self.shown), *self.shape) * scale


@dataclass(frozen=True)
class LayerFile:
    """The whole file. rows: sampled ones. start: before the first epoch; end: with the weights that were kept.

    left_out: layers of the network beyond MOST_LAYERS. first_layer: for pictures whose pixels go into a dense layer.
    """

    rows: int = 0
    start: tuple[LayerNumbers, ...] = ()
    end: tuple[LayerNumbers, ...] = ()
    left_out: int = 0
    first_layer: UnitPictures | None = None


def write_layers(run: Path, layers: LayerFile) -> None:
    """Replace the file in one piece.

    Raises:
        OutputError: it cannot be written; the earlier file is unchanged.
    """
    write_text(run / LAYERS, json_text(asdict(layers)) + "\n")


def read_layers(run: Path) -> LayerFile:
    """What the file says; an empty one where a run has none.

    Raises:
        RunDirectoryError: the file is damaged.
    """
    path = run / LAYERS
    if not path.exists():
        return LayerFile()
    try:
        return _layer_file(read_run_json(path, LARGEST_LAYERS))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
        raise RunDirectoryError(f"{path}: is damaged: {reason}; restore it or train again") from error


def _layer_file(found: Any) -> LayerFile:
    start, end = (tuple(map(_layer, _list(found[key], MOST_LAYERS))) for key in ("start", "end"))
    pictures = found["first_layer"]
    first = None if pictures is None else _pictures(pictures)
    return LayerFile(_whole(found["rows"]), start, end, _whole(found["left_out"]), first)


def _layer(found: Mapping[str, Any]) -> LayerNumbers:
    activation = found["activation"]
    return LayerNumbers(
        str(found["name"]),
        None if activation is None else str(activation),
        _whole(found["units"]),
        bool(found["output"]),
        _values(found["weights"]),
        _values(found["outputs"]),
        None if found["dead"] is None else _whole(found["dead"]),
        None if found["saturated"] is None else _whole(found["saturated"]),
        None if found["at_limit"] is None else _number(found["at_limit"]),
    )


def _values(found: Mapping[str, Any]) -> Values:
    mean, deviation = (None if found[key] is None else _number(found[key]) for key in ("mean", "deviation"))
    counts = tuple(map(_whole, _list(found["counts"], MOST_BINS)))
    values = Values(_number(found["low"]), _number(found["high"]), counts, mean, deviation, _number(found["zeros"]))
    if values.low > values.high or (values.low == values.high and len(counts) > 1):
        raise ValueError(f"a histogram from {values.low} to {values.high}")
    return values


def _pictures(found: Mapping[str, Any]) -> UnitPictures:
    shown = tuple(map(_whole, _list(found["shown"], MOST_BINS)))
    shape = tuple(map(_whole, _list(found["shape"], 3)))
    largest = tuple(map(_number, _list(found["largest"], MOST_BINS)))
    pictures = UnitPictures(str(found["layer"]), _whole(found["units"]), shown, largest, shape, str(found["pixels"]))
    if len(shape) != 3 or len(shown) != len(largest) or not pictures.weights.size:
        raise ValueError(f"{len(shown)} pictures of the shape {shape}")
    return pictures


def _list(found: Any, most: int) -> list[Any]:
    if not isinstance(found, list) or len(found) > most:
        raise ValueError(f"a list of at most {most} entries was expected")
    return found


def _whole(found: Any) -> int:
    if type(found) is not int or found < 0:
        raise ValueError(f"a whole number was expected, not {str(found)[:40]!r}")
    return found


def _number(found: Any) -> float:
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not math.isfinite(found):
        raise ValueError(f"a number was expected, not {str(found)[:40]!r}")
    return float(found)
