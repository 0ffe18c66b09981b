"""Which kind of thing an input is that a user gives to be predicted."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Literal

import numpy as np

from mlpcli.config.data_folder import located
from mlpcli.data.dataset import Array
from mlpcli.data.images.entries import holds_pictures, is_picture_name
from mlpcli.data.other_rows import Layout
from mlpcli.data.tables.files import is_table_path
from mlpcli.errors import DataError, did_you_mean

Kind = Literal["picture", "table", "array"]
Input = str | Path | Array

STDIN = "-"
STANDARD_INPUT = "standard input"
ARRAY_ENDS = (".npy", ".npz")


def expanded(given: Input) -> list[Input]:
    """A pattern's matches, for shells that leave patterns to the program; tables expand their own.

    A relative path that is not there is looked for in MLPCLI_DATA.

    Raises:
        DataError: MLPCLI_DATA had to be asked, and is no folder, or holds it in several.
    """
    if isinstance(given, np.ndarray) or str(given) == STDIN:
        return [given]
    path = located(given)
    if path.exists() or is_table_path(path):
        return [path]
    return [Path(found) for found in sorted(glob.glob(str(path)))] or [path]


def kind_of(item: Input, layout: Layout) -> Kind:
    """What an input is; the model decides where the name does not.

    Raises:
        DataError: it is not there, or of no kind that is read.
    """
    if isinstance(item, np.ndarray):
        return "array"
    path = Path(item)
    if str(item) == STDIN:
        return "table"
    if not path.exists() and not (glob.has_magic(str(path)) and is_table_path(path)):
        found = "no file matches" if glob.has_magic(str(path)) else f"does not exist{_neighbour(path)}"
        raise DataError(f"{path}: {found}")
    if path.suffix.lower() in ARRAY_ENDS:
        return "array"
    if path.is_dir() and layout.image is not None and holds_pictures(path):
        return "picture"  # though a table of their labels may lie beside them
    if is_table_path(path):
        return "table"
    if path.is_dir() or is_picture_name(path.name) or layout.image is not None:
        return "picture"  # a picture of any other name is told by its content, which is looked at later
    raise DataError(
        f"{path}: is of no kind that is read; give a table (.csv, .tsv, .parquet), an .npy or .npz file, or a picture"
    )


def _neighbour(path: Path) -> str:
    """A file that may be meant: its name is near without its ending, too, which alone says little."""
    try:
        names = [other.name for other in path.parent.iterdir()]
    except OSError:
        names = []
    near = [name for name in names if did_you_mean(path.stem, [Path(name).stem])]
    return did_you_mean(path.name, near) or "; check the path"


def name_of(item: Input) -> str:
    """What messages call an input."""
    if isinstance(item, np.ndarray):
        return "the array"
    return STANDARD_INPUT if str(item) == STDIN else str(item)


def a_kind(kind: Kind) -> str:
    """A kind of input in the middle of a sentence."""
    return {"picture": "a picture", "table": "a table", "array": "an array"}[kind]
