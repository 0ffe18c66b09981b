"""An export that is loaded back by its own runtime and compared before anything stands at its place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import OutputError
from mlpcli.exporters.formats import Exporter, Rows
from mlpcli.files import TEMPORARY_PREFIX, cannot_write, sync
from mlpcli.modelfile.saved_model import SavedModel

TOLERANCE = 1e-5
"""The most that two outputs may differ; where outputs are larger than 1, it is multiplied by the largest."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows, and what the run itself makes of them (n, units)."""

    rows: Rows
    expected: Array


@dataclass(frozen=True)
class Exported:
    """files: all that was written. difference: the largest between the outputs of the file and of the run."""

    files: list[Path]
    difference: float


def export_checked(saved: SavedModel, exporter: Exporter, path: Path, samples: Sequence[Sample]) -> Exported:
    """Write a model into a folder beside `path`, run it there on the samples, and only then move it to its place.

    What stands there is replaced.

    Raises:
        OutputError: the outputs differ, or the disk refuses; what stood there is unchanged.
        UserError, MlpcliError: as `exporter.write`.
    """
    try:
        with TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=path.parent) as folder:
            made = exporter.write(saved, Path(folder) / path.name)
            found = [exporter.outputs(saved, made[0], sample.rows) for sample in samples]
            difference = max(
                compared(path, outputs, sample.expected, exporter.runtime())
                for outputs, sample in zip(found, samples, strict=True)
            )
            return Exported([moved_into(part, path.parent) for part in made], difference)
    except OSError as error:
        raise cannot_write(path, error) from error


def compared(path: Path, found: Array, expected: Array, runtime: str) -> float:
    """The largest difference.

    Raises:
        OutputError: it is too large.
    """
    if found.shape != expected.shape:
        raise OutputError(
            f"{path}: {runtime} makes outputs of shape {found.shape[1:]}, but the run {expected.shape[1:]}; nothing was"
            " saved"
        )
    apart = np.abs(found.astype(np.float64) - expected)
    apart[(found == expected) | (np.isnan(found) & np.isnan(expected))] = 0
    allowed = TOLERANCE * max(1.0, float(np.abs(expected).max(initial=0)))
    wrong = ~(apart <= allowed)  # NaN, too
    if wrong.any():
        row = int(np.argwhere(wrong)[0][0])
        raise OutputError(
            f"{path}: {runtime} gives other outputs than the run: for row {row} (from 0) of the check,"
            f" {found[row].ravel()[:4].tolist()} instead of {expected[row].ravel()[:4].tolist()} (allowed: a difference"
            f" of {allowed:.1g}). Nothing was saved; choose another format"
        )
    return float(apart.max(initial=0))


def moved_into(part: Path, folder: Path) -> Path:
    """Move a file or folder to its place; an older folder there makes way only once the new one is whole."""
    place = folder / part.name
    if part.is_dir() and place.is_dir():
        old = part.with_name(f"{part.name}.old")
        os.replace(place, old)
        shutil.move(part, place)
    else:
        if part.is_file():
            sync(part)
        os.replace(part, place)
    return place
